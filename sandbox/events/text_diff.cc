#include "sandbox/events/text_diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/encoding.h"
#include "sandbox/crypto.h"

namespace firn::sandbox {
namespace {

// Of changed lines on either side between equal beginnings and ends: the table below is its square.
constexpr size_t kMiddleLinesMax = 400;

using Lines = std::vector<std::string_view>;

Lines SplitLines(std::string_view text) {
  Lines lines;
  while (true) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(end + 1);
  }
  if (!text.empty()) lines.push_back(text);
  return lines;
}

size_t Characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

// A run of lines that one side has and the other has not.
struct Hunk {
  size_t before, before_count, after, after_count;
};

// Longest common subsequence of the lines between equal beginnings and ends.
class LineMatcher {
 public:
  LineMatcher(const Lines& before, const Lines& after, size_t head, size_t tail)
      : before_(before),
        after_(after),
        head_(head),
        rows_(before.size() - head - tail),
        columns_(after.size() - head - tail),
        lengths_((rows_ + 1) * (columns_ + 1), 0) {
    for (size_t r = rows_; r-- > 0;) {
      for (size_t c = columns_; c-- > 0;) {
        At(r, c) = Same(r, c) ? static_cast<uint16_t>(At(r + 1, c + 1) + 1)
                              : std::max(At(r + 1, c), At(r, c + 1));
      }
    }
  }
  [[nodiscard]] std::vector<Hunk> Hunks() {
    std::vector<Hunk> hunks;
    size_t r = 0;
    size_t c = 0;
    while (r < rows_ || c < columns_) {
      if (r < rows_ && c < columns_ && Same(r, c)) {
        ++r;
        ++c;
        continue;
      }
      Hunk hunk{head_ + r, 0, head_ + c, 0};
      while ((r < rows_ || c < columns_) && !(r < rows_ && c < columns_ && Same(r, c))) {
        const bool take_before = c >= columns_ || (r < rows_ && At(r + 1, c) >= At(r, c + 1));
        ++(take_before ? r : c);
        ++(take_before ? hunk.before_count : hunk.after_count);
      }
      hunks.push_back(hunk);
    }
    return hunks;
  }

 private:
  [[nodiscard]] bool Same(size_t r, size_t c) const {
    return before_[head_ + r] == after_[head_ + c];
  }
  uint16_t& At(size_t r, size_t c) { return lengths_[r * (columns_ + 1) + c]; }
  const Lines& before_;
  const Lines& after_;
  const size_t head_;
  const size_t rows_;
  const size_t columns_;
  std::vector<uint16_t> lengths_;
};

// A side of a hunk header: an empty side is named by the line before it, as diff does.
std::string Range(size_t start, size_t count) {
  return std::to_string(count == 0 ? start : start + 1) + "," + std::to_string(count);
}

}  // namespace

std::optional<std::string> UnifiedDiff(std::string_view before, std::string_view after) {
  const size_t old_size = Characters(before);
  const size_t new_size = Characters(after);
  if (old_size < kDiffCharactersMin || new_size < kDiffCharactersMin) return std::nullopt;
  const size_t difference = old_size > new_size ? old_size - new_size : new_size - old_size;
  if (difference * 2 > old_size) return std::nullopt;
  const Lines old_lines = SplitLines(before);
  const Lines new_lines = SplitLines(after);
  const size_t shorter = std::min(old_lines.size(), new_lines.size());
  size_t head = 0;
  while (head < shorter && old_lines[head] == new_lines[head]) ++head;
  size_t tail = 0;
  while (tail < shorter - head &&
         old_lines[old_lines.size() - 1 - tail] == new_lines[new_lines.size() - 1 - tail]) {
    ++tail;
  }
  if (std::max(old_lines.size(), new_lines.size()) - head - tail > kMiddleLinesMax) {
    return std::nullopt;
  }
  const std::vector<Hunk> hunks = LineMatcher(old_lines, new_lines, head, tail).Hunks();
  size_t changed = 0;
  std::string text = "--- \n+++ " + Hex(Sha256(after)) + "\n";
  for (const Hunk& hunk : hunks) {
    changed += hunk.before_count + hunk.after_count;
    text += "@@ -" + Range(hunk.before, hunk.before_count) + " +" +
            Range(hunk.after, hunk.after_count) + " @@\n";
    for (size_t i = 0; i < hunk.before_count; ++i) {
      text.append("-").append(old_lines[hunk.before + i]).append("\n");
    }
    for (size_t i = 0; i < hunk.after_count; ++i) {
      text.append("+").append(new_lines[hunk.after + i]).append("\n");
    }
  }
  if (changed * 4 > old_lines.size() + new_lines.size()) return std::nullopt;
  if (hunks.empty() || Characters(text) >= new_size) return std::nullopt;
  text.pop_back();
  return text;
}

}  // namespace firn::sandbox
