#include "ends/lake/format/partition.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "ends/lake/format/single_value.h"

namespace firn::lake {
namespace {

using record::Field;
using record::Type;
using record::TypeId;

Type Plain(TypeId id) {
  Type type;
  type.id = id;
  return type;
}

// Bytes that hold any unscaled value of a precision (spec, appendix A: decimal).
size_t DecimalBytes(int precision) {
  __int128 most = 1;
  for (int i = 0; i < std::min(precision, 38); ++i) most *= 10;
  size_t bytes = 1;
  while (bytes < 16 && ((static_cast<__int128>(1) << (8 * bytes - 1)) < most)) ++bytes;
  return bytes;
}

float FloatOf(const std::string& bytes) {
  float value = 0;
  if (bytes.size() == sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// Big-endian two's complement widened to `size` bytes.
std::string WidenDecimal(const std::string& value, size_t size) {
  if (value.size() >= size) return value.substr(value.size() - size);
  const bool negative = !value.empty() && static_cast<int8_t>(value[0]) < 0;
  return std::string(size - value.size(), negative ? '\xff' : '\0') + value;
}

std::string NarrowDecimal(const std::string& value) {
  size_t skip = 0;
  while (skip + 1 < value.size()) {
    const bool negative = static_cast<int8_t>(value[skip + 1]) < 0;
    if (static_cast<uint8_t>(value[skip]) != (negative ? 0xff : 0x00)) break;
    ++skip;
  }
  return value.substr(skip);
}

template <typename T>
int Order(const std::string& a, const std::string& b) {
  T left{};
  T right{};
  if (a.size() != sizeof left || b.size() != sizeof right) return 0;
  std::memcpy(&left, a.data(), sizeof left);
  std::memcpy(&right, b.data(), sizeof right);
  return left < right ? -1 : left > right ? 1 : 0;
}

// Big-endian two's complement of any length.
int DecimalOrder(const std::string& a, const std::string& b) {
  const auto widened = [](const std::string& bytes) {
    const bool negative = !bytes.empty() && static_cast<int8_t>(bytes[0]) < 0;
    std::string out(16 - std::min<size_t>(16, bytes.size()), negative ? '\xff' : '\0');
    out += bytes;
    out[0] = static_cast<char>(out[0] ^ '\x80');  // so that bytes compare as numbers do
    return out;
  };
  return widened(a).compare(widened(b));
}

}  // namespace

const Field* FindField(const std::vector<Field>& fields, int id) {
  for (const Field& field : fields) {
    if (field.id == id) return &field;
    if (const Field* inner = FindField(field.type.children, id)) return inner;
  }
  return nullptr;
}

double DoubleOf(const std::string& bytes) {
  if (bytes.size() == sizeof(float)) return double{FloatOf(bytes)};
  double value = 0;
  if (bytes.size() == sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

Type PartitionValueType(const record::Schema& schema, const PartitionField& field) {
  const Field* source = FindField(schema.fields, field.source_id);
  const std::string& transform = field.transform;
  if (transform == "day") return Plain(TypeId::kDate);
  if (transform == "year" || transform == "month" || transform == "hour" ||
      transform.starts_with("bucket"))
    return Plain(TypeId::kInt);
  if (source != nullptr && source->type.children.empty()) return source->type;
  return Plain(TypeId::kString);
}

std::string AvroPrimitive(const Type& type, int field_id) {
  const auto fixed = [&](size_t size, const std::string& logical) {
    return "{\"type\":\"fixed\",\"name\":\"fixed_" + std::to_string(field_id) +
           "\",\"size\":" + std::to_string(size) + logical + "}";
  };
  switch (type.id) {
    case TypeId::kBoolean:
      return "\"boolean\"";
    case TypeId::kInt:
      return "\"int\"";
    case TypeId::kLong:
      return "\"long\"";
    case TypeId::kFloat:
      return "\"float\"";
    case TypeId::kDouble:
      return "\"double\"";
    case TypeId::kDate:
      return R"({"type":"int","logicalType":"date"})";
    case TypeId::kTime:
      return R"({"type":"long","logicalType":"time-micros"})";
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return std::string(R"({"type":"long","logicalType":"timestamp-)") +
             (InNanoseconds(type) ? "nanos" : "micros") + R"(","adjust-to-utc":)" +
             (type.id == TypeId::kTimestamptz ? "true}" : "false}");
    case TypeId::kDecimal:
      return fixed(DecimalBytes(type.precision),
                   ",\"logicalType\":\"decimal\",\"precision\":" + std::to_string(type.precision) +
                       ",\"scale\":" + std::to_string(type.scale));
    case TypeId::kUuid:
      return fixed(16, ",\"logicalType\":\"uuid\"");
    case TypeId::kFixed:
      return fixed(static_cast<size_t>(type.length), "");
    case TypeId::kBinary:
      return "\"bytes\"";
    default:
      return "\"string\"";
  }
}

void EncodePartitionValue(avro::Encoder& out, const Type& type, const std::string& value) {
  switch (type.id) {
    case TypeId::kBoolean:
      out.Boolean(!value.empty() && value[0] != 0);
      return;
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      out.Long(SingleToLong(Widened(type, value)).value_or(0));
      return;
    case TypeId::kFloat:
      out.Float(FloatOf(value));
      return;
    case TypeId::kDouble:
      out.Double(DoubleOf(value));
      return;
    case TypeId::kDecimal:
      out.Fixed(WidenDecimal(value, DecimalBytes(type.precision)));
      return;
    case TypeId::kUuid:
    case TypeId::kFixed:
      out.Fixed(value);
      return;
    default:
      out.Bytes(value);
  }
}

std::optional<std::string> DecodePartitionValue(const avro::Schema& schema,
                                                const avro::Value& value) {
  if (value.is_null()) return {};
  const avro::Schema* type = &schema;
  if (type->type == avro::Type::kUnion) {
    for (const auto& branch : schema.branches) {
      if (branch->type != avro::Type::kNull) type = branch.get();
    }
  }
  if (const bool* flag = value.boolean()) return SingleBool(*flag);
  if (const int64_t* number = value.integer())
    return type->type == avro::Type::kInt ? SingleInt(static_cast<int32_t>(*number))
                                          : SingleLong(*number);
  if (const double* real = value.real())
    return type->type == avro::Type::kFloat ? SingleFloat(static_cast<float>(*real))
                                            : SingleDouble(*real);
  if (const std::string* text = value.text())
    return type->logical_type == "decimal" ? NarrowDecimal(*text) : *text;
  return {};
}

std::string Widened(const Type& type, const std::string& value) {
  constexpr int64_t kDayUs = 24LL * 3600 * 1'000'000;
  if (value.size() != sizeof(int32_t)) return value;
  switch (type.id) {
    case TypeId::kLong:
      return SingleLong(SingleToLong(value).value_or(0));
    case TypeId::kDouble:
      return SingleDouble(DoubleOf(value));
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return SingleLong(SingleToLong(value).value_or(0) * kDayUs *
                        (InNanoseconds(type) ? 1000 : 1));
    default:
      return value;
  }
}

int ComparePartitionValues(const Type& type, const std::string& a, const std::string& b) {
  const std::string left = Widened(type, a);
  const std::string right = Widened(type, b);
  switch (type.id) {
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz: {
      const int64_t low = SingleToLong(left).value_or(0);
      const int64_t high = SingleToLong(right).value_or(0);
      return low < high ? -1 : low > high ? 1 : 0;
    }
    case TypeId::kFloat:
      return Order<float>(left, right);
    case TypeId::kDouble:
      return Order<double>(left, right);
    case TypeId::kDecimal:
      return DecimalOrder(left, right);
    default:
      return left.compare(right);
  }
}

}  // namespace firn::lake
