#include "sandbox/bulk/classic_rows.h"

#include <nlohmann/json.hpp>

#include "sandbox/api_error.h"
#include "sandbox/bulk/csv_rows.h"
#include "sandbox/bulk/ingest_run.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// Source: Bulk API and Bulk API 2.0 Limits and Allocations, read 2026-11.
constexpr size_t kRowsPerBatchMax = 10'000;

tl::unexpected<Error> BadBatch(const std::string& message) {
  return Fail(ApiError(400, "InvalidBatch", message));
}

Mutation MutationOf(const ClassicJob& job) {
  Mutation mutation;
  mutation.object = job.object;
  mutation.key_field = job.external_id_field;
  if (job.operation == "update") mutation.kind = Mutation::Kind::kUpdate;
  if (job.operation == "upsert") mutation.kind = Mutation::Kind::kUpsert;
  if (job.operation == "delete") mutation.kind = Mutation::Kind::kDelete;
  if (job.operation == "hardDelete") mutation.kind = Mutation::Kind::kPurge;
  return mutation;
}

bool TakesId(const ClassicJob& job) {
  return job.operation != "insert" && job.operation != "upsert";
}

// Cells may move while rows are read: spans are set at the end.
class RowAdder {
 public:
  RowAdder(const ClassicJob& job, ClassicRows& rows) : job_(job), rows_(rows) {}
  void Begin() {
    mutation_ = MutationOf(job_);
    starts_.push_back(rows_.cells.size());
  }
  void Add(std::string_view name, std::optional<std::string_view> text) {
    if (TakesId(job_) && Folded(name) == "id") {
      mutation_.id_text = text.value_or("");
      return;
    }
    if (text && text->empty()) return;  // leaves the field as it is
    if (text == "#N/A") text.reset();
    rows_.cells.push_back({name, text});
  }
  void End(std::string refused = "") {
    rows_.mutations.push_back(mutation_);
    rows_.refused.push_back(std::move(refused));
  }
  void Finish() {
    for (size_t i = 0; i < rows_.mutations.size(); ++i) {
      const size_t end = i + 1 < starts_.size() ? starts_[i + 1] : rows_.cells.size();
      rows_.mutations[i].cells = {rows_.cells.data() + starts_[i], end - starts_[i]};
    }
  }

 private:
  const ClassicJob& job_;
  ClassicRows& rows_;
  Mutation mutation_;
  std::vector<size_t> starts_;
};

std::string TextOf(const json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<void> ReadJson(const ClassicJob& job, std::string_view data, ClassicRows& rows) {
  const json list = json::parse(data, nullptr, false);
  if (!list.is_array()) return BadBatch("Unable to parse JSON: an array of records is needed");
  if (list.size() > kRowsPerBatchMax) return BadBatch("Records not processed: more than 10000");
  RowAdder adder(job, rows);
  for (const json& record : list) {
    adder.Begin();
    if (!record.is_object()) {
      adder.End("CLIENT_INPUT_ERROR:The record is not a JSON object:--");
      continue;
    }
    for (const auto& [key, value] : record.items()) {
      if (key == "attributes") continue;
      const std::string& name = rows.texts.emplace_back(key);
      if (value.is_null()) {
        adder.Add(name, std::nullopt);
      } else if (!value.is_object()) {
        adder.Add(name, rows.texts.emplace_back(TextOf(value)));
      } else {
        for (const auto& [field, text] : value.items()) {  // a parent by its external id
          if (field == "attributes" || text.is_null()) continue;
          const std::string& path = rows.texts.emplace_back(key + "." + field);
          adder.Add(path, rows.texts.emplace_back(TextOf(text)));
        }
      }
    }
    adder.End();
  }
  adder.Finish();
  return {};
}

Result<void> ReadCsv(const ClassicJob& job, std::string_view data, ClassicRows& rows) {
  const size_t end = data.find('\n');
  const bool crlf = end != std::string_view::npos && end > 0 && data[end - 1] == '\r';
  CsvRows csv(data, {',', crlf});
  std::vector<std::string_view> cells;
  if (csv.Next(cells) != CsvRows::Row::kRow) return BadBatch("The data has no header row");
  const std::vector<std::string> header(cells.begin(), cells.end());
  std::vector<std::string_view> names;
  for (const std::string& name : header) names.push_back(rows.texts.emplace_back(name));
  RowAdder adder(job, rows);
  for (;;) {
    const CsvRows::Row kind = csv.Next(cells);
    if (kind == CsvRows::Row::kEnd) break;
    if (rows.mutations.size() == kRowsPerBatchMax) {
      return BadBatch("Records not processed: more than 10000");
    }
    adder.Begin();
    if (kind == CsvRows::Row::kBroken || cells.size() != names.size()) {
      adder.End("CLIENT_INPUT_ERROR:The row does not fit the header or is not well-formed CSV:--");
      continue;
    }
    for (size_t i = 0; i < cells.size(); ++i) {
      // The reader's unescaped texts go with it.
      adder.Add(names[i], rows.texts.emplace_back(cells[i]));
    }
    adder.End();
  }
  adder.Finish();
  return {};
}

ordered_json JsonResult(const RowOutcome* outcome, const std::string& refused) {
  ordered_json errors = ordered_json::array();
  if (outcome == nullptr) {
    errors.push_back({{"message", refused},
                      {"fields", json::array()},
                      {"statusCode", "CLIENT_INPUT_ERROR"},
                      {"extendedErrorDetails", nullptr}});
  } else if (outcome->error) {
    const ApiErrorParts parts = PartsOf(*outcome->error);
    errors.push_back({{"message", parts.message},
                      {"fields", parts.fields},
                      {"statusCode", parts.code},
                      {"extendedErrorDetails", nullptr}});
  }
  const bool good = errors.empty();
  ordered_json id = nullptr;
  if (outcome != nullptr && outcome->id != 0) id = IdText(outcome->id);
  return {{"success", good}, {"created", good && outcome->created}, {"id", id}, {"errors", errors}};
}

}  // namespace

Result<void> ReadClassicRows(const ClassicJob& job, std::string_view data, ClassicRows& rows) {
  return job.content_type == "JSON" ? ReadJson(job, data, rows) : ReadCsv(job, data, rows);
}

std::string ClassicResults(const ClassicJob& job, const ClassicRows& rows,
                           std::span<const RowOutcome> outcomes, uint64_t& failed) {
  const bool as_json = job.content_type == "JSON";
  std::string out = as_json ? "[" : "\"Id\",\"Success\",\"Created\",\"Error\"\n";
  size_t sent = 0;
  for (size_t row = 0; row < rows.mutations.size(); ++row) {
    const std::string& refused = rows.refused[row];
    const RowOutcome* outcome = refused.empty() ? &outcomes[sent++] : nullptr;
    const bool good = outcome != nullptr && !outcome->error;
    if (!good) ++failed;
    if (as_json) {
      if (row > 0) out += ',';
      out += JsonResult(outcome, refused).dump(-1, ' ', false, json::error_handler_t::replace);
      continue;
    }
    out += '"';
    if (good) AppendId(outcome->id, out);
    out += good ? "\",\"true\"," : "\",\"false\",";
    out += good && outcome->created ? "\"true\"," : "\"false\",";
    AppendCsvCell(good ? "" : outcome == nullptr ? refused : RowErrorText(*outcome->error), out);
    out += '\n';
  }
  if (as_json) out += ']';
  return out;
}

}  // namespace firn::sandbox
