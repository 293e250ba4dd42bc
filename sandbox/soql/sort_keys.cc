#include "sandbox/soql/sort_keys.h"

#include <algorithm>

#include "sandbox/decimal.h"

namespace firn::sandbox::soql {
namespace {

void AppendInteger(int64_t number, std::string& out) {
  const uint64_t biased = static_cast<uint64_t>(number) ^ (1ULL << 63);
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(biased >> shift);
}

// The integer of the field's scale, then what lies between two of them.
void AppendDecimal(const Value& value, const Expression& expression, std::string& out) {
  constexpr int kBetweenBits = 80;  // of a number below 10^24
  const FieldInfo& field = expression.field.info();
  const DecimalKey key = KeyOf(value, IsDecimal(field.type) ? field.scale : 0);
  AppendInteger(key.number, out);
  out += key.between == 0 ? '\x00' : '\x01';
  if (key.between == 0) return;
  for (int shift = kBetweenBits - 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(key.between >> shift);
  }
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
    } else if (value.kind == Value::Kind::kDecimal) {
      AppendDecimal(value, item.expression, out);
    } else {
      AppendInteger(value.number, out);
    }
    if (!item.descending) continue;
    for (size_t i = from; i < out.size(); ++i) out[i] = static_cast<char>(~out[i]);
  }
}

}  // namespace firn::sandbox::soql
