#include "patterns/events/change/json.h"

#include <charconv>
#include <cmath>

#include "core/base/encoding.h"
#include "core/base/time_text.h"
#include "patterns/events/json_text.h"

namespace firn::events {
namespace {

void AppendWhole(int64_t number, std::string& json) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  json.append(text, end);
}

void AppendWhen(const PlanField& field, int64_t millis, std::string& json) {
  // Far enough for every calendar date; more would overflow the microseconds.
  constexpr int64_t kMillisMax = 253'402'300'799'999;
  const bool is_date = field.doc.ends_with(":DateOnly");
  const bool is_time = field.doc.ends_with(":DateTime");
  if ((!is_date && !is_time) || millis > kMillisMax || millis < -kMillisMax) {
    AppendWhole(millis, json);
    return;
  }
  const UtcMicros when{std::chrono::microseconds(millis * 1000)};
  json.push_back('"');
  json += is_date ? FormatDate(std::chrono::floor<std::chrono::days>(when)) : FormatUtc(when);
  json.push_back('"');
}

void AppendCell(const PlanField& field, const Cell& cell, std::string& json) {
  switch (cell.kind) {
    case Cell::Kind::kText:
      AppendJsonText(cell.text, json);
      return;
    case Cell::Kind::kWhole:
      AppendWhen(field, cell.whole, json);
      return;
    case Cell::Kind::kReal: {
      if (!std::isfinite(cell.real)) break;
      char text[32];
      const auto end = std::to_chars(text, text + sizeof text, cell.real).ptr;
      json.append(text, end);
      return;
    }
    case Cell::Kind::kBoolean:
      json += cell.whole != 0 ? "true" : "false";
      return;
    case Cell::Kind::kBytes:
      AppendJsonText(Base64(cell.text), json);
      return;
    case Cell::Kind::kNull:
    case Cell::Kind::kOther:
      break;
  }
  json += "null";
}

void AppendNames(const ChangePlan& plan, const ChangeRecord& record, const char* key,
                 bool (*wanted)(Touch), std::string& json) {
  json += ",\"";
  json += key;
  json += "\":[";
  bool first = true;
  for (size_t i = 0; i < record.touched.size() && record.type == ChangeType::kUpdate; ++i) {
    if (!wanted(record.touched[i])) continue;
    const PlanField& field = plan.fields()[i];
    if (!first) json.push_back(',');
    first = false;
    AppendJsonText(field.parent.empty() ? field.name : field.parent + "." + field.name, json);
  }
  json.push_back(']');
}

void AppendHeader(const ChangePlan& plan, const ChangeRecord& record, std::string_view record_id,
                  std::string& json) {
  json += R"("ChangeEventHeader":{"entityName":)";
  AppendJsonText(record.entity, json);
  json += ",\"recordIds\":[";
  if (!record_id.empty()) AppendJsonText(record_id, json);
  json += "],\"changeType\":";
  AppendJsonText(record.type_name, json);
  json += ",\"changeOrigin\":";
  AppendJsonText(record.origin, json);
  json += ",\"transactionKey\":";
  AppendJsonText(record.transaction_key, json);
  json += ",\"sequenceNumber\":";
  AppendWhole(record.sequence_number, json);
  json += ",\"commitTimestamp\":";
  AppendWhole(record.commit_timestamp_ms, json);
  json += ",\"commitNumber\":";
  AppendWhole(record.commit_number, json);
  json += ",\"commitUser\":";
  AppendJsonText(record.commit_user, json);
  AppendNames(plan, record, "nulledFields", [](Touch t) { return t == Touch::kNulled; }, json);
  AppendNames(plan, record, "diffFields", [](Touch t) { return t == Touch::kDiff; }, json);
  AppendNames(plan, record, "changedFields", [](Touch t) { return t != Touch::kUntouched; }, json);
  json.push_back('}');
}

// The touched parts of a compound field; false when none was.
bool AppendParts(const ChangePlan& plan, const ChangeRecord& record, const PlanField& field,
                 std::string& json) {
  const size_t before = json.size();
  bool any = false;
  json.push_back('{');
  for (int i = 0; i < field.parts; ++i) {
    const auto part = static_cast<size_t>(field.first_part + i);
    if (record.touched[part] == Touch::kUntouched) continue;
    if (any) json.push_back(',');
    any = true;
    AppendJsonText(plan.fields()[part].name, json);
    json.push_back(':');
    AppendCell(plan.fields()[part], record.cells[part], json);
  }
  json.push_back('}');
  if (!any) json.resize(before);
  return any;
}

}  // namespace

void AppendDetail(const ChangePlan& plan, const ChangeRecord& record, const DetailIds& ids,
                  std::string& json) {
  json += "{\"payload\":{";
  bool first = true;
  if (plan.is_change_event()) {
    AppendHeader(plan, record, ids.record_id, json);
    first = false;
  }
  for (size_t i = 0; i < plan.fields().size() && !IsGap(record.type); ++i) {
    const PlanField& field = plan.fields()[i];
    if (!field.parent.empty()) continue;
    const size_t before = json.size();
    if (!first) json.push_back(',');
    AppendJsonText(field.name, json);
    json.push_back(':');
    bool told = record.touched[i] != Touch::kUntouched;
    if (told) {
      AppendCell(field, record.cells[i], json);
    } else if (field.compound) {
      told = AppendParts(plan, record, field, json);
    }
    if (!told) json.resize(before);
    first = first && !told;
  }
  json += "},\"schemaId\":";
  AppendJsonText(ids.schema_id, json);
  json += ",\"id\":";
  AppendJsonText(ids.event_id, json);
  json.push_back('}');
}

}  // namespace firn::events
