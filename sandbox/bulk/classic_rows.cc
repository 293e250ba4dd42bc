#include "sandbox/bulk/classic_rows.h"

#include <nlohmann/json.hpp>

#include "sandbox/api_error.h"
#include "sandbox/bulk/classic_xml.h"
#include "sandbox/bulk/csv_rows.h"
#include "sandbox/bulk/ingest_run.h"
#include "sandbox/bulk/xml_reader.h"

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

// `<sObjects>` with one `<sObject>` a record: fields by their names, `xsi:nil` for null, a parent
// as an element of the relationship's name around one more `<sObject>` that holds its external id
// and, where it may be of several objects, its `<type>`.
class XmlRecords {
 public:
  XmlRecords(std::string_view data, const ClassicJob& job, ClassicRows& rows)
      : xml_(data), adder_(job, rows), rows_(rows) {}

  Result<void> Read() {
    if (Next() != Step::kOpen || xml_.name() != "sObjects") return Bad();
    for (;;) {
      const Step step = Next();
      if (step == Step::kClose) break;
      if (step != Step::kOpen || xml_.name() != "sObject") return Bad();
      if (rows_.mutations.size() == kRowsPerBatchMax) {
        return BadBatch("Records not processed: more than 10000");
      }
      adder_.Begin();
      FIRN_CHECK(Record());
      adder_.End();
    }
    if (Next() != Step::kEnd) return Bad();
    adder_.Finish();
    return {};
  }

 private:
  using Step = XmlReader::Step;

  static tl::unexpected<Error> Bad() {
    return BadBatch("Unable to parse XML: sObjects with sObject elements are needed");
  }
  // Past the white space between elements.
  Step Next() {
    Step step = xml_.Next();
    while (step == Step::kText && xml_.text().find_first_not_of(" \t\r\n") == std::string::npos) {
      step = xml_.Next();
    }
    return step;
  }

  Result<void> Record() {
    for (;;) {
      const Step step = Next();
      if (step == Step::kClose) return {};
      if (step != Step::kOpen) return Bad();
      const std::string& name = rows_.texts.emplace_back(xml_.name());
      const bool nil = xml_.nil();
      std::string text;
      const Step inside = Leaf(text);
      if (inside == Step::kClose) {
        if (name == "type") continue;  // the job says it
        adder_.Add(name, nil ? std::nullopt
                             : std::optional<std::string_view>(rows_.texts.emplace_back(text)));
      } else if (inside == Step::kOpen && xml_.name() == "sObject") {
        FIRN_CHECK(Parent(name));
      } else {
        return Bad();
      }
    }
  }

  // The text of the element that was opened; kClose at its end, kOpen at an element within.
  Step Leaf(std::string& text) {
    Step step = xml_.Next();
    for (; step == Step::kText; step = xml_.Next()) text += xml_.text();
    return step;
  }

  Result<void> Parent(const std::string& relationship) {
    std::string object;
    std::string field;
    std::string text;
    for (;;) {
      const Step step = Next();
      if (step == Step::kClose) break;
      if (step != Step::kOpen) return Bad();
      const bool is_type = xml_.name() == "type";
      if (!is_type) field = xml_.name();
      std::string& into = is_type ? object : text;
      into.clear();
      if (Leaf(into) != Step::kClose) return Bad();
    }
    if (Next() != Step::kClose) return Bad();
    if (field.empty()) return {};
    const std::string prefix = object.empty() ? "" : object + ":";
    const std::string& path = rows_.texts.emplace_back(prefix + relationship + "." + field);
    adder_.Add(path, rows_.texts.emplace_back(text));
    return {};
  }

  XmlReader xml_;
  RowAdder adder_;
  ClassicRows& rows_;
};

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

// In the order of the vendor's XML schema, by which some clients read.
ordered_json XmlResult(const RowOutcome* outcome, const std::string& refused) {
  const ordered_json result = JsonResult(outcome, refused);
  ordered_json errors = ordered_json::array();
  for (const auto& each : result["errors"]) {
    errors.push_back({{"fields", each["fields"]},
                      {"message", each["message"]},
                      {"statusCode", each["statusCode"]}});
  }
  return {{"errors", errors},
          {"id", result["id"]},
          {"success", result["success"]},
          {"created", result["created"]}};
}

void AppendCsvResult(const RowOutcome* outcome, const std::string& refused, std::string& out) {
  const bool good = outcome != nullptr && !outcome->error;
  out += '"';
  if (good) AppendId(outcome->id, out);
  out += good ? "\",\"true\"," : "\",\"false\",";
  out += good && outcome->created ? "\"true\"," : "\"false\",";
  AppendCsvCell(good ? "" : outcome == nullptr ? refused : RowErrorText(*outcome->error), out);
  out += '\n';
}

}  // namespace

Result<void> ReadClassicRows(const ClassicJob& job, std::string_view data, ClassicRows& rows) {
  if (job.content_type == "JSON") return ReadJson(job, data, rows);
  if (job.content_type == "XML") return XmlRecords(data, job, rows).Read();
  return ReadCsv(job, data, rows);
}

std::string ClassicResults(const ClassicJob& job, const ClassicRows& rows,
                           std::span<const RowOutcome> outcomes, uint64_t& failed) {
  const bool as_json = job.content_type == "JSON";
  const bool as_xml = job.content_type == "XML";
  ordered_json results = ordered_json::array();
  std::string csv = "\"Id\",\"Success\",\"Created\",\"Error\"\n";
  size_t sent = 0;
  for (size_t row = 0; row < rows.mutations.size(); ++row) {
    const std::string& refused = rows.refused[row];
    const RowOutcome* outcome = refused.empty() ? &outcomes[sent++] : nullptr;
    if (outcome == nullptr || outcome->error) ++failed;
    if (as_json || as_xml) {
      results.push_back(as_xml ? XmlResult(outcome, refused) : JsonResult(outcome, refused));
    } else {
      AppendCsvResult(outcome, refused, csv);
    }
  }
  if (as_xml) return ClassicXml("results", {{"result", results}});
  return as_json ? results.dump(-1, ' ', false, json::error_handler_t::replace) : csv;
}

}  // namespace firn::sandbox
