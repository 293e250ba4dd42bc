// What Spark is told, and what it answers.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "app/engine/spark_maintenance.h"

namespace firn::engine {
namespace {

constexpr std::string_view kMark = "firn-step";

// In Spark a quote inside of quotes and a backslash are escaped.
std::string Quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string Backticked(const std::string& name) {
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += '`';
    out += c;
  }
  return out + "`";
}

// `firn`.`ns`.`t`, each level by itself.
std::string NameInSpark(const lake::TableIdent& ident) {
  std::string out = "`firn`.";
  for (size_t at = 0; at <= ident.ns.size();) {
    const size_t end = std::min(ident.ns.find('.', at), ident.ns.size());
    out += Backticked(ident.ns.substr(at, end - at)) + ".";
    at = end + 1;
  }
  return out + Backticked(ident.name);
}

std::string Marker(std::string_view step, size_t table) {
  return fmt::format("SELECT '{}', '{}', '{}';\n", kMark, step, table);
}

std::vector<std::string_view> Split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(by, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

int64_t NumberAt(const std::vector<std::string_view>& cells, size_t index) {
  int64_t value = 0;
  if (index < cells.size())
    (void)std::from_chars(cells[index].data(), cells[index].data() + cells[index].size(), value);
  return value;
}

// The columns as the procedures return them (Iceberg docs, "Output" of each).
void Take(std::string_view step, const std::vector<std::string_view>& cells, SparkRow& row) {
  if (step == "compact") {
    row.files_rewritten = NumberAt(cells, 0);
    row.files_added = NumberAt(cells, 1);
    row.bytes_rewritten = NumberAt(cells, 2);
    row.files_failed = NumberAt(cells, 3);
  } else if (step == "manifests") {
    row.manifests_rewritten = NumberAt(cells, 0);
  } else if (step == "expire") {
    row.data_files_deleted = NumberAt(cells, 0);
  }
}

std::vector<std::string> StepsOf(const SparkSteps& steps) {
  std::vector<std::string> out;
  if (steps.compact) out.emplace_back("compact");
  if (steps.manifests) out.emplace_back("manifests");
  if (steps.expire) out.emplace_back("expire");
  return out;
}

}  // namespace

std::string SparkScript(const std::vector<SparkTable>& tables, const SparkSteps& steps,
                        int64_t now_ms) {
  std::string out;
  for (size_t i = 0; i < tables.size(); ++i) {
    const std::string name = Quoted(NameInSpark(tables[i].ident));
    if (steps.compact) {
      out += Marker("compact", i) + "CALL firn.system.rewrite_data_files(table => " + name;
      if (!steps.sort_by.empty()) {
        std::string order;
        for (const std::string& column : steps.sort_by)
          order += (order.empty() ? "" : ", ") + Backticked(column) + " ASC NULLS LAST";
        out += ", strategy => 'sort', sort_order => " + Quoted(order);
      }
      // Groups commit by themselves, so that a merge in between costs one of them, not all.
      out += fmt::format(
          ", options => map('target-file-size-bytes', '{}', 'partial-progress.enabled', "
          "'true'{}));\n",
          steps.target_bytes, steps.rewrite_all ? ", 'rewrite-all', 'true'" : "");
    }
    if (steps.manifests)
      out +=
          Marker("manifests", i) + "CALL firn.system.rewrite_manifests(table => " + name + ");\n";
    if (steps.expire) {
      int64_t before_ms = now_ms - steps.older_than_ms;
      if (tables[i].marks_since_ms) before_ms = std::min(before_ms, *tables[i].marks_since_ms);
      out +=
          Marker("expire", i) + fmt::format(
                                    "CALL firn.system.expire_snapshots(table => {}, older_than => "
                                    "timestamp_millis({}), retain_last => {});\n",
                                    name, before_ms, std::max<int64_t>(1, steps.snapshots_min));
    }
  }
  return out;
}

std::vector<SparkRow> ReadSparkOutput(const std::vector<SparkTable>& tables,
                                      const SparkSteps& steps, const std::string& printed) {
  std::vector<SparkRow> rows(tables.size());
  std::vector<std::vector<std::string>> left(tables.size(), StepsOf(steps));
  for (size_t i = 0; i < tables.size(); ++i) rows[i].table = tables[i].ident;
  std::string step;
  size_t table = tables.size();
  for (const std::string_view line : Split(printed, '\n')) {
    const auto cells = Split(line, '\t');
    if (cells.size() == 3 && cells[0] == kMark) {
      step = cells[1];
      table = static_cast<size_t>(NumberAt(cells, 2));
      continue;
    }
    const bool answer = table < tables.size() && !cells[0].empty() &&
                        std::isdigit(static_cast<unsigned char>(cells[0][0])) != 0;
    if (!answer) continue;
    Take(step, cells, rows[table]);
    std::erase(left[table], step);
    table = tables.size();
  }
  for (size_t i = 0; i < tables.size(); ++i) {
    if (!left[i].empty()) rows[i].failed = left[i].front();
  }
  return rows;
}

}  // namespace firn::engine
