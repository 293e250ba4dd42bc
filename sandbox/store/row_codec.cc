#include "sandbox/store/row_codec.h"

#include "sandbox/decimal.h"

namespace firn::sandbox {
namespace {

constexpr std::string_view kExcessMark{"\x80\x00", 2};

void AppendVarint(uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

bool ReadVarint(const uint8_t*& at, const uint8_t* end, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at == end) return false;
    const uint8_t byte = *at++;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

}  // namespace

Value ValueOfNumber(SlotInfo slot, int64_t number) {
  switch (slot.type) {
    case FieldType::kId:
    case FieldType::kReference:
      return Value::Id(number);
    case FieldType::kBoolean:
      return Value::Bool(number != 0);
    case FieldType::kDouble:
    case FieldType::kCurrency:
    case FieldType::kPercent:
      return Value::Decimal(number, slot.scale);
    case FieldType::kDate:
      return Value::Date(number);
    case FieldType::kDateTime:
      return Value::DateTime(number);
    case FieldType::kTime:
      return Value::Time(number);
    default:
      return Value::Int(number);
  }
}

void EncodeRow(std::span<const SlotInfo> slots, std::span<const Value> by_slot, std::string& out) {
  const size_t count = slots.size() - kFirstStoredSlot;
  AppendVarint(count, out);
  const size_t bitmap = out.size();
  out.append((count + 7) / 8, '\0');
  for (size_t i = 0; i < count; ++i) {
    const Value& value = by_slot[i + kFirstStoredSlot];
    if (value.null()) continue;
    out[bitmap + i / 8] = static_cast<char>(out[bitmap + i / 8] | 1 << (i % 8));
    const FieldType type = slots[i + kFirstStoredSlot].type;
    if (type == FieldType::kBoolean) {
      out += static_cast<char>(value.number);
    } else if (IsText(type)) {
      AppendVarint(value.text.size(), out);
      out += value.text;
    } else {
      const bool excess = IsDecimal(type) && value.scale > slots[i + kFirstStoredSlot].scale;
      if (excess) (out += kExcessMark) += static_cast<char>(value.scale);
      AppendVarint(ZigZag(value.number), out);
    }
  }
}

RowReader::RowReader(const ObjectInfo& object, const std::vector<int>& wanted)
    : slots_(object.slots), wanted_(object.slots.size(), wanted.empty()) {
  for (const int slot : wanted) {
    if (slot >= 0) wanted_[slot] = 1;
  }
  for (size_t i = 0; i < wanted_.size(); ++i) {
    if (wanted_[i] != 0) last_wanted_ = static_cast<int>(i);
  }
  values_.resize(slots_.size());
}

bool RowReader::Read(int64_t id, bool deleted, int64_t modstamp, std::string_view blob) {
  values_[kIdSlot] = Value::Id(id);
  values_[kDeletedSlot] = Value::Bool(deleted);
  values_[kModstampSlot] = Value::DateTime(modstamp);
  if (last_wanted_ < kFirstStoredSlot) return true;
  const auto* at = reinterpret_cast<const uint8_t*>(blob.data());
  const auto* const end = at + blob.size();
  uint64_t count = 0;
  if (!ReadVarint(at, end, count)) return false;
  const uint8_t* const bitmap = at;
  if (static_cast<uint64_t>(end - at) < (count + 7) / 8) return false;
  at += (count + 7) / 8;
  for (int slot = kFirstStoredSlot; slot <= last_wanted_; ++slot) {
    const size_t i = slot - kFirstStoredSlot;
    if (i >= count || (bitmap[i / 8] >> (i % 8) & 1) == 0) {
      values_[slot] = Value{};
      continue;
    }
    const SlotInfo info = slots_[slot];
    if (info.type == FieldType::kBoolean) {
      if (at == end) return false;
      values_[slot] = Value::Bool(*at++ != 0);
      continue;
    }
    uint64_t number = 0;
    const uint8_t* const start = at;
    if (!ReadVarint(at, end, number)) return false;
    if (number == 0 && at - start > 1 && IsDecimal(info.type)) {
      if (at == end) return false;
      const uint8_t scale = *at++;
      if (scale > kFractionDigitsMax || !ReadVarint(at, end, number)) return false;
      values_[slot] = Value::Decimal(UnZigZag(number), scale);
      continue;
    }
    if (!IsText(info.type)) {
      if (wanted_[slot] != 0) values_[slot] = ValueOfNumber(info, UnZigZag(number));
      continue;
    }
    if (static_cast<uint64_t>(end - at) < number) return false;
    if (wanted_[slot] != 0) {
      values_[slot] = Value::Text({reinterpret_cast<const char*>(at), number});
    }
    at += number;
  }
  return true;
}

}  // namespace firn::sandbox
