#include <fmt/format.h>

#include <algorithm>

#include "app/cli/output/ink.h"
#include "app/cli/output/output.h"

namespace firn::cli {
namespace {

constexpr int kGap = 2;
constexpr int kNarrowest = 6;       // a column is not cut below this
constexpr int kNarrowestTitle = 4;  // nor, for its title alone, below this or its data

// One line and nothing that a terminal would obey: data may hold anything.
std::string Plain(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return text;
}

std::string TextOf(const Cell& cell) {
  struct Writer {
    std::string operator()(std::monostate) const { return "-"; }
    std::string operator()(const std::string& text) const { return Plain(text); }
    std::string operator()(int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(bool truth) const { return truth ? "yes" : "no"; }
  };
  return std::visit(Writer{}, cell);
}

using Lines = std::vector<std::vector<std::string>>;

Lines Texts(const Table& table) {
  Lines lines;
  std::vector<std::string>& titles = lines.emplace_back();
  for (const Column& column : table.columns) titles.push_back(column.title);
  for (const auto& row : table.rows) {
    std::vector<std::string>& line = lines.emplace_back();
    for (const Cell& cell : row) line.push_back(TextOf(cell));
  }
  return lines;
}

int Sum(const std::vector<int>& widths) {
  int sum = 0;
  for (const int width : widths) sum += width;
  return sum + kGap * static_cast<int>(widths.size() - 1);
}

// Takes from the widest column that may give: first from those marked `shrink`, then from titles
// wider than what stands below them, then from any.
void Fit(const std::vector<Column>& columns, const std::vector<int>& data_widths, int width,
         std::vector<int>* widths) {
  enum class From { kMarked, kTitles, kAny };
  for (const From from : {From::kMarked, From::kTitles, From::kAny}) {
    while (Sum(*widths) > width) {
      int widest = -1;
      for (size_t i = 0; i < widths->size(); ++i) {
        if (from == From::kMarked && !columns[i].shrink) continue;
        const int least =
            from == From::kTitles ? std::max(kNarrowestTitle, data_widths[i]) : kNarrowest;
        if ((*widths)[i] <= least) continue;
        if (widest < 0 || (*widths)[i] > (*widths)[static_cast<size_t>(widest)]) {
          widest = static_cast<int>(i);
        }
      }
      if (widest < 0) break;
      --(*widths)[static_cast<size_t>(widest)];
    }
  }
}

std::string Pad(const std::string& text, int width, bool right) {
  const int missing = width - DisplayWidth(text);
  const std::string spaces(static_cast<size_t>(std::max(0, missing)), ' ');
  return right ? spaces + text : text + spaces;
}

std::string Tabbed(const Lines& lines) {
  std::string out;
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      if (i > 0) out += '\t';
      out += line[i];
    }
    out += '\n';
  }
  return out;
}

}  // namespace

std::string FormatTable(const Table& table, int width, bool inked) {
  const Lines lines = Texts(table);
  if (width <= 0) return Tabbed(lines);
  std::vector<int> widths;
  for (const std::string& title : lines.front()) widths.push_back(DisplayWidth(title));
  std::vector<int> data_widths(widths.size(), 0);
  for (size_t row = 1; row < lines.size(); ++row) {
    for (size_t i = 0; i < lines[row].size(); ++i) {
      data_widths[i] = std::max(data_widths[i], DisplayWidth(lines[row][i]));
      widths[i] = std::max(widths[i], data_widths[i]);
    }
  }
  Fit(table.columns, data_widths, width, &widths);
  std::string out;
  for (size_t row = 0; row < lines.size(); ++row) {
    std::string text;
    int blank = 0;  // spaces owed before the next cell: none at a line's end
    for (size_t i = 0; i < lines[row].size(); ++i) {
      const Column& column = table.columns[i];
      const std::string cut = CutToWidth(lines[row][i], widths[i]);
      const std::string padded = Pad(cut, widths[i], column.right);
      const std::string body = column.right ? padded : cut;
      text += std::string(static_cast<size_t>(blank), ' ');
      text += inked && row > 0 ? Inked(column.ink, body) : body;
      blank = kGap + (column.right ? 0 : widths[i] - DisplayWidth(cut));
    }
    out += CutToWidth(text, inked ? 1 << 20 : width) + "\n";
  }
  return out;
}

std::string FormatFacts(const std::vector<Fact>& facts, int width) {
  int widest = 0;
  for (const Fact& fact : facts) widest = std::max(widest, DisplayWidth(fact.title));
  std::string out;
  for (const Fact& fact : facts) {
    if (width <= 0) {
      out += fact.title + "\t" + TextOf(fact.value) + "\n";
    } else {
      out += CutToWidth(Pad(fact.title, widest + kGap, false) + TextOf(fact.value), width) + "\n";
    }
  }
  return out;
}

std::string HumanCount(int64_t count) {
  std::string digits = fmt::format("{}", count < 0 ? -count : count);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), " ");
  }
  return (count < 0 ? "-" : "") + digits;
}

std::string HumanBytes(int64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  const char* unit = "kB";
  for (const char* next : {"kB", "MB", "GB", "TB", "PB"}) {
    value /= 1000;
    unit = next;
    if (value < 999.95) break;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

std::string HumanSeconds(double seconds) {
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace firn::cli
