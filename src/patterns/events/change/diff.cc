#include "patterns/events/change/diff.h"

#include <charconv>
#include <vector>

#include "core/base/encoding.h"
#include "core/net/digest.h"

namespace firn::events {
namespace {

using Lines = std::vector<std::string_view>;

Lines SplitLines(std::string_view text) {
  Lines lines;
  while (true) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

bool Number(std::string_view& text, size_t& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
  return true;
}

// `@@ -2,1 +2,1 @@`: the lines of the old text that the hunk is about. A missing count is 1.
bool HunkStart(std::string_view line, size_t& start, size_t& count) {
  if (!line.starts_with("@@ -")) return false;
  line.remove_prefix(4);
  count = 1;
  if (!Number(line, start)) return false;
  if (line.starts_with(",")) {
    line.remove_prefix(1);
    if (!Number(line, count)) return false;
  }
  return line.starts_with(" +");
}

class Patch {
 public:
  Patch(std::string_view before, std::string_view diff)
      : before_(SplitLines(before)), diff_(SplitLines(diff)) {}

  bool Apply() {
    if (diff_.size() < 3 || !diff_[0].starts_with("---") || !diff_[1].starts_with("+++")) {
      return false;
    }
    // A line end behind the last hunk is not a line of it.
    if (diff_.back().empty()) diff_.pop_back();
    if (diff_.size() < 3) return false;
    for (size_t at = 2; at < diff_.size();) {
      if (!Hunk(at)) return false;
    }
    after_.insert(after_.end(), before_.begin() + static_cast<ptrdiff_t>(taken_), before_.end());
    return true;
  }

  [[nodiscard]] std::string Text() const {
    std::string text;
    for (size_t i = 0; i < after_.size(); ++i) {
      if (i > 0) text.push_back('\n');
      text += after_[i];
    }
    return text;
  }

  [[nodiscard]] std::string_view hash() const {
    std::string_view hash = diff_[1].substr(3);
    while (hash.starts_with(' ')) hash.remove_prefix(1);
    return hash.substr(0, hash.find_first_of(" \t\r"));
  }

 private:
  bool Hunk(size_t& at) {
    size_t start = 0;
    size_t count = 0;
    if (!HunkStart(diff_[at++], start, count)) return false;
    // A hunk without old lines stands behind line `start`.
    const size_t first = count == 0 ? start : start - 1;
    if ((count > 0 && start == 0) || first < taken_ || first > before_.size()) return false;
    after_.insert(after_.end(), before_.begin() + static_cast<ptrdiff_t>(taken_),
                  before_.begin() + static_cast<ptrdiff_t>(first));
    taken_ = first;
    for (; at < diff_.size() && !diff_[at].starts_with("@@ -"); ++at) {
      const std::string_view line = diff_[at];
      const char mark = line.empty() ? ' ' : line[0];
      const std::string_view text = line.empty() ? line : line.substr(1);
      if (mark == '\\') continue;  // `\ No newline at end of file`
      if (mark == '+') {
        after_.push_back(text);
        continue;
      }
      if ((mark != '-' && mark != ' ') || taken_ >= before_.size() || before_[taken_] != text) {
        return false;
      }
      if (mark == ' ') after_.push_back(text);
      ++taken_;
    }
    return true;
  }

  Lines before_;
  Lines diff_;
  Lines after_;
  size_t taken_ = 0;  // lines of the old text that are done
};

}  // namespace

std::optional<std::string> ApplyDiff(std::string_view before, std::string_view diff) {
  Patch patch(before, diff);
  if (!patch.Apply()) return std::nullopt;
  std::string after = patch.Text();
  const std::string_view hash = patch.hash();
  if (!hash.empty() && Hex(net::Sha256(after)) != hash) return std::nullopt;
  return after;
}

}  // namespace firn::events
