// Deep verify's outcome as JSON, and what it is run with.
#include <nlohmann/json.hpp>
#include <set>

#include "patterns/exports/facts.h"
#include "patterns/exports/verify/deep_verify.h"

namespace firn::exports {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kRunsLookedAt = 200;

Json Text(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json RowJson(const DifferentRow& row) {
  Json json;
  json["id"] = row.id;
  json["difference"] = DifferenceName(row.kind);
  json["stale"] = row.stale;
  json["stamp"] = Text(row.stamp);
  json["explanation"] = Text(row.explanation);
  json["fields"] = Json::array();
  for (const DifferentField& field : row.fields) {
    Json one = {{"field", field.field}};
    if (field.org || field.lake) {
      one["org"] = field.org ? Json(*field.org) : Json(nullptr);
      one["lake"] = field.lake ? Json(*field.lake) : Json(nullptr);
    }
    json["fields"].push_back(std::move(one));
  }
  return json;
}

Json FieldJson(const FieldDifference& field) {
  Json json;
  json["field"] = field.field;
  json["rows"] = field.rows;
  json["silent"] = field.silent;
  json["read_at"] = Text(field.read_at);
  json["ids"] = field.ids;
  return json;
}

}  // namespace

std::string_view DifferenceName(DifferentRow::Kind kind) {
  switch (kind) {
    case DifferentRow::Kind::kMissing:
      return "missing";
    case DifferentRow::Kind::kExtra:
      return "extra";
    case DifferentRow::Kind::kDiffers:
      break;
  }
  return "differs";
}

std::string DeepJson(const DeepOutcome& outcome) {
  Json json;
  json["object"] = outcome.object;
  json["table"] = outcome.table;
  // Text: JavaScript cannot hold it as a number.
  json["snapshot_id"] = std::to_string(outcome.snapshot_id);
  json["watermark"] = Text(outcome.watermark);
  json["stream_mark"] = Text(outcome.stream_mark);
  json["rows_org"] = outcome.rows_org;
  json["rows_lake"] = outcome.rows_lake;
  json["same"] = outcome.rows_same;
  json["missing"] = outcome.missing;
  json["extra"] = outcome.extra;
  json["differs"] = outcome.differs;
  json["stale"] = outcome.stale;
  json["explained"] = outcome.explained;
  json["unexplained"] = outcome.unexplained();
  json["fields"] = Json::array();
  for (const FieldDifference& field : outcome.fields) json["fields"].push_back(FieldJson(field));
  json["notes"] = outcome.notes;
  json["rows"] = Json::array();
  for (const DifferentRow& row : outcome.rows) json["rows"].push_back(RowJson(row));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::vector<ObjectSpec>> SpecsOfRuns(state::Ledger& ledger, const std::string& org) {
  std::vector<ObjectSpec> specs;
  std::set<std::string> tables;
  FIRN_TRY(const auto runs, ledger.Runs(org, kRunsLookedAt));
  for (const state::RunRow& run : runs) {
    FIRN_TRY(const auto objects, ledger.Objects(org, run.run_id));
    for (const state::ObjectRow& object : objects) {
      // A window without news makes no snapshot.
      if (object.snapshot_id == 0 && object.state != state::ObjectState::kDone) continue;
      FIRN_TRY(const auto facts, FactsFromJson(object.facts));
      if (tables.insert(facts.spec.table).second) specs.push_back(facts.spec);
    }
  }
  return specs;
}

}  // namespace firn::exports
