#include "core/record/json_rows.h"

#include <simdjson.h>

#include <unordered_map>
#include <vector>

namespace firn::record {
namespace {

namespace json = simdjson::ondemand;

tl::unexpected<Error> NotRecords(std::string why) {
  return Fail(Error(Kind::kCorrupt, "REC-JSON-001", "the answer is no list of query records")
                  .Because(std::move(why)));
}

void AppendQuoted(std::string_view text, std::string& csv) {
  csv += '"';
  for (const char c : text) {
    if (c == '"') csv += '"';
    csv += c;
  }
  csv += '"';
}

std::string_view Trimmed(std::string_view token) {
  const size_t end = token.find_last_not_of(" \t\r\n");
  return token.substr(0, end + 1);
}

// One row's cells as the JSON has them; numbers keep their text, since a double would change a
// decimal.
class RowWriter {
 public:
  explicit RowWriter(const Layout& layout) : cells_(layout.columns.size()) {
    for (size_t i = 0; i < layout.columns.size(); ++i) index_[layout.columns[i].name] = i;
  }

  // Throws simdjson_error.
  void Append(json::object record, std::string& csv) {
    for (std::string& cell : cells_) cell.clear();
    for (json::field field : record) {
      const std::string_view name = field.unescaped_key();
      const auto found = index_.find(name);
      if (found == index_.end()) continue;
      json::value value = field.value();
      std::string& cell = cells_[found->second];
      switch (value.type()) {
        case json::json_type::null:
          break;
        case json::json_type::string:
          cell = std::string_view(value.get_string());
          break;
        case json::json_type::number:
        case json::json_type::boolean:
          cell = Trimmed(value.raw_json_token());
          break;
        default:
          cell = std::string_view(simdjson::to_json_string(value));
      }
    }
    const char* between = "";
    for (const std::string& cell : cells_) {
      csv += between;
      AppendQuoted(cell, csv);
      between = ",";
    }
    csv += '\n';
  }

 private:
  std::unordered_map<std::string_view, size_t> index_;  // names live in the layout
  std::vector<std::string> cells_;
};

int64_t AppendRecords(json::array records, RowWriter& writer, std::string& csv) {
  int64_t rows = 0;
  for (json::value record : records) {
    writer.Append(record.get_object(), csv);
    ++rows;
  }
  return rows;
}

}  // namespace

Result<JsonPage> CsvFromRecords(std::string_view records_json, const Layout& layout) {
  JsonPage page;
  const char* between = "";
  for (const SourceColumn& column : layout.columns) {
    page.csv += between;
    AppendQuoted(column.name, page.csv);
    between = ",";
  }
  page.csv += '\n';
  RowWriter writer(layout);
  try {
    const simdjson::padded_string padded(records_json);
    json::parser parser;
    json::document document = parser.iterate(padded);
    bool found = false;
    if (document.type() == json::json_type::array) {
      found = true;
      page.rows = AppendRecords(document.get_array(), writer, page.csv);
    } else {
      // To the last field: an answer cut short must not pass for a whole one.
      for (json::field field : document.get_object()) {
        if (std::string_view(field.unescaped_key()) != "records") continue;
        found = true;
        page.rows = AppendRecords(field.value().get_array(), writer, page.csv);
      }
    }
    const char* rest = nullptr;
    if (document.current_location().get(rest) == simdjson::SUCCESS) {
      return NotRecords("something follows its end");
    }
    if (!found) return NotRecords("`records` is missing");
  } catch (const simdjson::simdjson_error& error) {
    return NotRecords(simdjson::error_message(error.error()));
  }
  return page;
}

}  // namespace firn::record
