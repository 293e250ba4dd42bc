#include "sandbox/soql/sort_keys.h"

#include <algorithm>

namespace firn::sandbox::soql {
namespace {

void AppendNumber(int64_t number, std::string& out) {
  const uint64_t biased = static_cast<uint64_t>(number) ^ (1ULL << 63);
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(biased >> shift);
}

}  // namespace

void AppendSortKey(const std::vector<BoundOrder>& order, RowTree& tree, std::string& out) {
  for (const auto& item : order) {
    const Value value = Evaluate(item.expression, tree);
    if (value.null()) {
      out += item.nulls_last ? '\x02' : '\x00';
      continue;
    }
    out += '\x01';
    const size_t from = out.size();
    if (value.kind == Value::Kind::kText) {
      AppendFolded(value.text, out);
      // A NUL inside a text would end it early; it sorts as U+0001 then.
      std::replace(out.begin() + static_cast<ptrdiff_t>(from), out.end(), '\x00', '\x01');
      out += '\x00';
    } else {
      AppendNumber(value.number, out);
    }
    if (!item.descending) continue;
    for (size_t i = from; i < out.size(); ++i) out[i] = static_cast<char>(~out[i]);
  }
}

bool KeySorter::Less(const Entry& a, const Entry& b) const {
  const int order = std::string_view(arena_)
                        .substr(a.at, a.size)
                        .compare(std::string_view(arena_).substr(b.at, b.size));
  return order != 0 ? order < 0 : a.record_number < b.record_number;
}

void KeySorter::Add(std::string_view key, int64_t record_number) {
  entries_.push_back({arena_.size(), static_cast<uint32_t>(key.size()), record_number});
  arena_ += key;
  if (entries_.size() >= 1024 && entries_.size() / 2 >= keep_max_) Shrink();
}

void KeySorter::Shrink() {
  std::nth_element(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(keep_max_),
                   entries_.end(), [&](const Entry& a, const Entry& b) { return Less(a, b); });
  entries_.resize(keep_max_);
  std::string kept;
  for (auto& entry : entries_) {
    const size_t at = kept.size();
    kept.append(arena_, entry.at, entry.size);
    entry.at = at;
  }
  arena_ = std::move(kept);
}

std::vector<int64_t> KeySorter::Finish() {
  std::sort(entries_.begin(), entries_.end(),
            [&](const Entry& a, const Entry& b) { return Less(a, b); });
  if (entries_.size() > keep_max_) entries_.resize(keep_max_);
  std::vector<int64_t> numbers;
  numbers.reserve(entries_.size());
  for (const auto& entry : entries_) numbers.push_back(entry.record_number);
  return numbers;
}

}  // namespace firn::sandbox::soql
