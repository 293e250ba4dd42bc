#include "patterns/exports/facts.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"

namespace firn::exports {
namespace {

using Json = nlohmann::json;

constexpr auto kReplace = Json::error_handler_t::replace;

Json IncrementalSpecToJson(const IncrementalSpec& spec) {
  return {{"soft_deletes", spec.soft_deletes},
          {"changelog", spec.changelog},
          {"lag_ms", spec.lag.count()},
          {"overlap_ms", spec.overlap.count()},
          {"sweep_ms", spec.sweep_every.count()},
          {"refresh_ms", spec.refresh_every.count()},
          {"refresh_fields", spec.refresh_fields},
          {"sweep_now", spec.sweep_now},
          {"refresh_now", spec.refresh_now}};
}

IncrementalSpec IncrementalSpecFromJson(const Json& json) {
  const auto duration = [&json](const char* key) {
    return std::chrono::milliseconds(json.at(key).get<int64_t>());
  };
  IncrementalSpec spec;
  json.at("soft_deletes").get_to(spec.soft_deletes);
  // Runs of before had none.
  spec.changelog = json.value("changelog", false);
  spec.lag = duration("lag_ms");
  spec.overlap = duration("overlap_ms");
  spec.sweep_every = duration("sweep_ms");
  spec.refresh_every = duration("refresh_ms");
  json.at("refresh_fields").get_to(spec.refresh_fields);
  json.at("sweep_now").get_to(spec.sweep_now);
  json.at("refresh_now").get_to(spec.refresh_now);
  return spec;
}

Json SpecToJson(const ObjectSpec& spec) {
  Json json = {{"object", spec.object},
               {"table", spec.table},
               {"include", spec.include},
               {"exclude", spec.exclude},
               {"where", spec.where},
               {"all_rows", spec.all_rows},
               {"strict", spec.strict},
               {"fetch_blobs", spec.fetch_blobs},
               {"fields_named", spec.fields_named},
               {"by_pattern", spec.by_pattern}};
  if (spec.mode == ExportMode::kIncremental) {
    json["incremental"] = IncrementalSpecToJson(spec.incremental);
  }
  return json;
}

ObjectSpec SpecFromJson(const Json& json) {
  ObjectSpec spec;
  json.at("object").get_to(spec.object);
  json.at("table").get_to(spec.table);
  json.at("include").get_to(spec.include);
  json.at("exclude").get_to(spec.exclude);
  json.at("where").get_to(spec.where);
  json.at("all_rows").get_to(spec.all_rows);
  json.at("strict").get_to(spec.strict);
  json.at("fetch_blobs").get_to(spec.fetch_blobs);
  spec.fields_named = json.value("fields_named", false);
  spec.by_pattern = json.value("by_pattern", false);
  if (const auto incremental = json.find("incremental"); incremental != json.end()) {
    spec.mode = ExportMode::kIncremental;
    spec.incremental = IncrementalSpecFromJson(*incremental);
  }
  return spec;
}

Json Optional(const std::optional<int64_t>& value) { return value ? Json(*value) : Json(nullptr); }

std::optional<int64_t> OptionalFrom(const Json& json, const char* key) {
  const auto at = json.find(key);
  if (at == json.end() || at->is_null()) return std::nullopt;
  return at->get<int64_t>();
}

// One list of members for both directions, so that none is forgotten in one of them.
template <typename Facts, typename Visit>
void VisitPlainMembers(Facts& f, Visit&& visit) {
  visit("soql", f.soql);
  visit("watermark", f.watermark);
  visit("create_sent", f.create_sent);
  visit("layout_mark", f.layout_mark);
  visit("started", f.started);
  visit("finished", f.finished);
  visit("rejects_path", f.rejects_path);
  visit("attempt", f.attempt);
  visit("replans", f.replans);
  visit("parallel", f.parallel);
  visit("pages_listed", f.pages_listed);
  visit("list_next", f.list_next);
  visit("list_done", f.list_done);
  visit("epoch", f.epoch);
  visit("rows_reported", f.rows_reported);
  visit("rows_received", f.rows_received);
  visit("rows_written", f.rows_written);
  visit("rows_rejected", f.rows_rejected);
  visit("rows_in_files", f.rows_in_files);
  visit("values_rounded", f.values_rounded);
  visit("nuls_seen", f.nuls_seen);
  visit("csv_bytes", f.csv_bytes);
  visit("file_bytes", f.file_bytes);
  visit("files", f.files);
  visit("pages", f.pages);
  visit("verified", f.verified);
  visit("findings", f.findings);
  visit("warnings", f.warnings);
  visit("vanished_fields", f.vanished_fields);
  visit("new_fields", f.new_fields);
  visit("error_code", f.error_code);
  visit("error", f.error);
}

template <typename Value>
Json MapToJson(const std::map<int, Value>& map) {
  Json list = Json::array();
  for (const auto& [id, value] : map) list.push_back({id, value});
  return list;
}

// Bounds are bytes, so they travel as hex.
Json BytesMapToJson(const std::map<int, std::string>& map) {
  Json list = Json::array();
  for (const auto& [id, bytes] : map) list.push_back({id, Hex(bytes)});
  return list;
}

void MapFromJson(const Json& json, std::map<int, int64_t>& map) {
  for (const Json& entry : json) map[entry.at(0).get<int>()] = entry.at(1).get<int64_t>();
}

Result<void> BytesMapFromJson(const Json& json, std::map<int, std::string>& map) {
  for (const Json& entry : json) {
    FIRN_TRY(map[entry.at(0).get<int>()], FromHex(entry.at(1).get<std::string>()));
  }
  return {};
}

Json OutcomeToJson(const lake::PageOutcome& outcome) {
  return {{"ordinal", outcome.page.ordinal},        {"name", outcome.page.name},
          {"expected", outcome.page.rows_expected}, {"received", outcome.rows_received},
          {"written", outcome.rows_written},        {"rejected", outcome.rows_rejected},
          {"rounded", outcome.values_rounded},      {"nuls", outcome.nuls_seen},
          {"csv_bytes", outcome.csv_bytes},         {"hashes", outcome.hashes}};
}

lake::PageOutcome OutcomeFromJson(const Json& json) {
  lake::PageOutcome outcome;
  json.at("ordinal").get_to(outcome.page.ordinal);
  json.at("name").get_to(outcome.page.name);
  json.at("expected").get_to(outcome.page.rows_expected);
  json.at("received").get_to(outcome.rows_received);
  json.at("written").get_to(outcome.rows_written);
  json.at("rejected").get_to(outcome.rows_rejected);
  json.at("rounded").get_to(outcome.values_rounded);
  json.at("nuls").get_to(outcome.nuls_seen);
  json.at("csv_bytes").get_to(outcome.csv_bytes);
  json.at("hashes").get_to(outcome.hashes);
  return outcome;
}

Json FileToJson(const lake::DataFile& file) {
  Json json = {{"path", file.path},
               {"format", file.format},
               {"record_count", file.record_count},
               {"file_size_bytes", file.file_size_bytes},
               {"column_sizes", MapToJson(file.column_sizes)},
               {"value_counts", MapToJson(file.value_counts)},
               {"null_value_counts", MapToJson(file.null_value_counts)},
               {"nan_value_counts", MapToJson(file.nan_value_counts)},
               {"lower_bounds", BytesMapToJson(file.lower_bounds)},
               {"upper_bounds", BytesMapToJson(file.upper_bounds)},
               {"split_offsets", file.split_offsets},
               {"sort_order_id", file.sort_order_id}};
  if (file.partition.empty()) return json;
  json["spec_id"] = file.spec_id;
  json["partition"] = Json::array();
  for (const auto& value : file.partition)
    json["partition"].push_back(value ? Json(Hex(*value)) : Json());
  return json;
}

Result<lake::DataFile> FileFrom(const Json& json) {
  lake::DataFile file;
  json.at("path").get_to(file.path);
  json.at("format").get_to(file.format);
  json.at("record_count").get_to(file.record_count);
  json.at("file_size_bytes").get_to(file.file_size_bytes);
  MapFromJson(json.at("column_sizes"), file.column_sizes);
  MapFromJson(json.at("value_counts"), file.value_counts);
  MapFromJson(json.at("null_value_counts"), file.null_value_counts);
  MapFromJson(json.at("nan_value_counts"), file.nan_value_counts);
  FIRN_CHECK(BytesMapFromJson(json.at("lower_bounds"), file.lower_bounds));
  FIRN_CHECK(BytesMapFromJson(json.at("upper_bounds"), file.upper_bounds));
  json.at("split_offsets").get_to(file.split_offsets);
  json.at("sort_order_id").get_to(file.sort_order_id);
  const auto partition = json.find("partition");
  if (partition == json.end()) return file;
  json.at("spec_id").get_to(file.spec_id);
  for (const Json& value : *partition) {
    auto& one = file.partition.emplace_back();
    if (value.is_null()) continue;
    FIRN_TRY(one, FromHex(value.get<std::string>()));
  }
  return file;
}

Result<RecordedFiles> RecordedFilesFrom(const Json& json) {
  RecordedFiles recorded;
  if (!json.at("path").get<std::string>().empty()) {
    FIRN_TRY(recorded.files.emplace_back(), FileFrom(json));
  }
  if (const auto more = json.find("more"); more != json.end()) {
    for (const Json& file : *more) {
      FIRN_TRY(recorded.files.emplace_back(), FileFrom(file));
    }
  }
  for (const Json& page : json.at("pages")) recorded.pages.push_back(OutcomeFromJson(page));
  return recorded;
}

Error Damaged(const char* what, const std::string& why) {
  return Error(Kind::kCorrupt, "EXPORT-STATE-001",
               std::string("the ledger's ") + what + " cannot be read")
      .Because(why)
      .Hint("run `firn export run` again");
}

}  // namespace

std::string_view MethodName(Method method) { return method == Method::kBulk ? "bulk" : "rest"; }

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kNone:
      return "";
    case Verdict::kExact:
      return "exact";
    case Verdict::kExplained:
      return "explained";
    case Verdict::kUnexplained:
      return "unexplained";
    case Verdict::kLeftOut:
      return "left out";
    case Verdict::kMissing:
      return "missing";
  }
  return "";
}

Verdict Worse(Verdict one, Verdict other) {
  static constexpr std::array kFromGoodToBad = {Verdict::kNone,    Verdict::kLeftOut,
                                                Verdict::kExact,   Verdict::kExplained,
                                                Verdict::kMissing, Verdict::kUnexplained};
  const auto rank = [](Verdict verdict) { return std::ranges::find(kFromGoodToBad, verdict); };
  return rank(one) >= rank(other) ? one : other;
}

std::string SchemaMark(const record::Schema& schema) {
  std::string mark;
  for (const record::Field& field : schema.fields) {
    mark += std::to_string(field.id) + ":" + field.name + ":" + record::TypeText(field.type) + ";";
  }
  return mark;
}

std::string FactsToJson(const ObjectFacts& facts) {
  Json json = {{"spec", SpecToJson(facts.spec)},
               {"method", static_cast<int>(facts.method)},
               {"verdict", static_cast<int>(facts.verdict)},
               {"count_before", Optional(facts.count_before)},
               {"count_after", Optional(facts.count_after)},
               {"changed_in_run", Optional(facts.changed_in_run)},
               {"deleted_in_run", Optional(facts.deleted_in_run)}};
  VisitPlainMembers(facts, [&json](const char* key, const auto& value) { json[key] = value; });
  if (facts.spec.mode == ExportMode::kIncremental) {
    json["incremental"] = IncrementalFactsToJson(facts.incremental);
  }
  return json.dump(-1, ' ', false, kReplace);
}

Result<ObjectFacts> FactsFromJson(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    ObjectFacts facts;
    facts.spec = SpecFromJson(json.at("spec"));
    facts.method = static_cast<Method>(json.at("method").get<int>());
    facts.verdict = static_cast<Verdict>(json.at("verdict").get<int>());
    facts.count_before = OptionalFrom(json, "count_before");
    facts.count_after = OptionalFrom(json, "count_after");
    facts.changed_in_run = OptionalFrom(json, "changed_in_run");
    facts.deleted_in_run = OptionalFrom(json, "deleted_in_run");
    VisitPlainMembers(facts, [&json](const char* key, auto& value) { json.at(key).get_to(value); });
    if (const auto incremental = json.find("incremental"); incremental != json.end()) {
      facts.incremental = IncrementalFactsFromJson(*incremental);
    }
    return facts;
  } catch (const Json::exception& exception) {
    return Fail(Damaged("row of an object", exception.what()));
  }
}

// The first file stands with the pages, as the only one does; further ones are beside it.
std::string RecordedFilesToJson(const RecordedFiles& recorded) {
  Json json = FileToJson(recorded.files.empty() ? lake::DataFile{} : recorded.files.front());
  for (size_t i = 1; i < recorded.files.size(); ++i)
    json["more"].push_back(FileToJson(recorded.files[i]));
  json["pages"] = Json::array();
  for (const lake::PageOutcome& page : recorded.pages) json["pages"].push_back(OutcomeToJson(page));
  return json.dump(-1, ' ', false, kReplace);
}

Result<RecordedFiles> RecordedFilesFromJson(std::string_view text) {
  try {
    return RecordedFilesFrom(Json::parse(text));
  } catch (const Json::exception& exception) {
    return Fail(Damaged("row of a data file", exception.what()));
  }
}

}  // namespace firn::exports
