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

}  // namespace firn::sandbox::soql
