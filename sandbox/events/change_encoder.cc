#include "sandbox/events/change_encoder.h"

#include <algorithm>

#include "sandbox/decimal.h"
#include "sandbox/events/avro_writer.h"
#include "sandbox/events/bitmap.h"
#include "sandbox/events/text_diff.h"

namespace firn::sandbox {
namespace {

using Kind = EventField::Kind;
constexpr int64_t kDayMillis = 86'400'000;

void AppendText(const Value& value, std::string& out) {
  if (value.kind == Value::Kind::kText || value.kind == Value::Kind::kJson) {
    AvroText(value.text, out);
    return;
  }
  std::string text;
  AppendPlain(value, text);
  AvroText(text, out);
}

// A compound whose parts are null as far as `has` lets them be seen is null itself.
template <typename ValueOf>
void AppendRecord(const EventField& field, const ValueOf& value_of, std::string& out) {
  const bool any = std::any_of(field.parts.begin(), field.parts.end(), [&](const EventField& part) {
    return part.slot >= 0 && !value_of(part.slot).null();
  });
  AvroBranch(any ? 1 : 0, out);
  if (!any) return;
  for (const EventField& part : field.parts) {
    AppendEventValue(part, part.slot < 0 ? Value{} : value_of(part.slot), out);
  }
}

template <typename ValueOf>
void AppendFields(const EventSchema& schema, const ValueOf& value_of, std::string& out) {
  for (const EventField& field : schema.fields) {
    if (field.kind == Kind::kRecord) {
      AppendRecord(field, value_of, out);
    } else {
      AppendEventValue(field, field.slot < 0 ? Value{} : value_of(field.slot), out);
    }
  }
}

void AppendTexts(const std::vector<std::string>& texts, std::string& out) {
  if (!texts.empty()) {
    AvroLong(static_cast<int64_t>(texts.size()), out);
    for (const std::string& text : texts) AvroText(text, out);
  }
  AvroLong(0, out);
}

const EventField* FieldAt(const EventSchema& schema, EventPlace place) {
  return place.position < 1 || place.part >= 0 ? nullptr : &schema.fields[place.position - 1];
}

}  // namespace

void AppendEventValue(const EventField& field, const Value& value, std::string& out) {
  if (!field.required) AvroBranch(value.null() ? 0 : 1, out);
  if (value.null() && !field.required) return;
  switch (field.kind) {
    case Kind::kBoolean:
      return AvroBool(value.number != 0, out);
    case Kind::kInt:
      return AvroLong(value.number, out);
    case Kind::kDouble:
      return AvroDouble(ToDouble(value), out);
    case Kind::kMillis:
      return AvroLong(value.kind == Value::Kind::kDate ? value.number * kDayMillis : value.number,
                      out);
    case Kind::kText:
    case Kind::kTextOrName:
    case Kind::kRecord:
      return AppendText(value, out);
  }
}

ChangeBody WholeBody(const EventSchema& schema, std::span<const Value> values) {
  ChangeBody body;
  AppendFields(
      schema,
      [&](int slot) { return static_cast<size_t>(slot) < values.size() ? values[slot] : Value{}; },
      body.fields);
  return body;
}

ChangeBody UpdateBody(const EventSchema& schema, std::span<const Value> before,
                      std::span<const Value> after, std::span<const int> changed_slots) {
  FieldBitmap nulled;
  FieldBitmap differing;
  FieldBitmap changed;
  std::vector<Value> shown(after.size());
  std::vector<std::string> diffs;
  diffs.reserve(changed_slots.size());  // the values point into it
  for (const int slot : changed_slots) {
    if (static_cast<size_t>(slot) >= schema.places.size()) continue;
    const EventPlace place = schema.places[slot];
    if (place.position < 0) continue;
    changed.Set(place);
    shown[slot] = after[slot];
    if (after[slot].null()) nulled.Set(place);
    const EventField* field = FieldAt(schema, place);
    if (field == nullptr || field->length < static_cast<int>(kDiffCharactersMin) ||
        after[slot].null() || static_cast<size_t>(slot) >= before.size() || before[slot].null()) {
      continue;
    }
    if (auto diff = UnifiedDiff(before[slot].text, after[slot].text)) {
      diffs.push_back(*std::move(diff));
      shown[slot] = Value::Text(diffs.back());
      differing.Set(place);
    }
  }
  ChangeBody body{nulled.Texts(), differing.Texts(), changed.Texts(), {}};
  AppendFields(
      schema,
      [&](int slot) { return static_cast<size_t>(slot) < shown.size() ? shown[slot] : Value{}; },
      body.fields);
  return body;
}

ChangeBody EmptyBody(const EventSchema& schema) {
  ChangeBody body;
  body.fields.assign(schema.fields.size(), '\0');
  return body;
}

void AppendChange(const ChangeHeader& header, const ChangeBody& body, std::string& out) {
  AvroText(header.entity, out);
  if (!header.records.empty()) {
    AvroLong(static_cast<int64_t>(header.records.size()), out);
    for (const int64_t id : header.records) {
      AvroLong(18, out);
      AppendId(id, out);
    }
  }
  AvroLong(0, out);
  AvroLong(static_cast<int64_t>(header.type), out);
  AvroText(header.origin, out);
  AvroText(header.transaction_key, out);
  AvroLong(header.sequence, out);
  AvroLong(header.commit_millis, out);
  AvroLong(header.commit_number, out);
  AvroLong(18, out);
  AppendId(header.user, out);
  AppendTexts(body.nulled, out);
  AppendTexts(body.differing, out);
  AppendTexts(body.changed, out);
  out += body.fields;
}

}  // namespace firn::sandbox
