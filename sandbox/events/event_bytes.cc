#include "sandbox/events/event_bytes.h"

#include <algorithm>
#include <bit>
#include <map>
#include <nlohmann/json.hpp>

#include "sandbox/decimal.h"
#include "sandbox/events/avro_check.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using Wire = EventField::Kind;
constexpr int64_t kDayMillis = 86'400'000;
constexpr std::string_view kHeader = "ChangeEventHeader";

tl::unexpected<Error> Damaged() {
  return Fail(Kind::kCorrupt, "SBX-EVENTS-002", "the event log of the org is damaged");
}

// Fields of a schema as the org writes them: unions with null first, records inside.
class SchemaWalker {
 public:
  bool Fields(const json& record, std::vector<EventField>& out) {
    if (!record.contains("fields") || !record["fields"].is_array()) return false;
    for (const json& one : record["fields"]) {
      EventField field;
      field.name = NameOf(one);
      if (field.name == kHeader) continue;
      if (one.contains("doc") && one["doc"].is_string()) field.doc = one["doc"];
      if (!one.is_object() || !one.contains("type") || !Type(one["type"], field)) return false;
      out.push_back(std::move(field));
    }
    return true;
  }

 private:
  bool Type(const json& type, EventField& field) {
    if (!type.is_array()) {
      field.required = true;
      return One(type, field);
    }
    if (type.size() == 3) field.kind = Wire::kTextOrName;
    return type.size() == 3 || (type.size() == 2 && One(type[1], field));
  }
  bool One(const json& type, EventField& field) {
    if (type.is_object()) {
      field.kind = Wire::kRecord;
      if (!Fields(type, field.parts)) return false;
      records_[NameOf(type)] = field.parts;
      return true;
    }
    if (!type.is_string()) return false;
    const auto& name = type.get_ref<const std::string&>();
    constexpr std::pair<std::string_view, Wire> kPrimitives[] = {{"boolean", Wire::kBoolean},
                                                                 {"int", Wire::kInt},
                                                                 {"double", Wire::kDouble},
                                                                 {"long", Wire::kMillis},
                                                                 {"string", Wire::kText}};
    for (const auto& [primitive, kind] : kPrimitives) {
      if (name == primitive) {
        field.kind = kind;
        return true;
      }
    }
    const auto known = records_.find(name);
    if (known == records_.end()) return false;
    field.kind = Wire::kRecord;
    field.parts = known->second;
    return true;
  }

  std::map<std::string, std::vector<EventField>> records_;
};

// Reads from the front; once it ran over the end, `bad` stays.
class Bytes {
 public:
  explicit Bytes(std::string_view rest) : rest_(rest) {}
  int64_t Long() {
    uint64_t bits = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      bits |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) {
        return static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
      }
    }
    bad_ = true;
    return 0;
  }
  std::string_view Take(int64_t size) {
    if (size < 0 || static_cast<uint64_t>(size) > rest_.size()) {
      bad_ = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, static_cast<size_t>(size));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view Text() { return Take(Long()); }
  std::vector<std::string_view> Texts() {
    std::vector<std::string_view> texts;
    for (int64_t count = Long(); count > 0 && !bad_; count = Long()) {
      for (int64_t i = 0; i < count && !bad_; ++i) texts.push_back(Text());
    }
    return texts;
  }
  void Fail() { bad_ = true; }
  [[nodiscard]] bool bad() const { return bad_; }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool bad_ = false;
};

EventPiece ReadPiece(const EventField& field, Bytes& bytes) {
  EventPiece piece;
  piece.field = &field;
  const char* const begin = bytes.rest().data();
  const int64_t branch = field.required ? 1 : bytes.Long();
  piece.null = branch == 0;
  const char* const body = bytes.rest().data();
  if (branch == 1) {
    switch (field.kind) {
      case Wire::kBoolean:
        bytes.Take(1);
        break;
      case Wire::kInt:
      case Wire::kMillis:
        bytes.Long();
        break;
      case Wire::kDouble:
        bytes.Take(8);
        break;
      case Wire::kText:
      case Wire::kTextOrName:
        bytes.Text();
        break;
      case Wire::kRecord:
        for (const EventField& part : field.parts) piece.parts.push_back(ReadPiece(part, bytes));
        break;
    }
  } else if (branch != 0) {
    bytes.Fail();
  }
  const char* const end = bytes.rest().data();
  piece.raw = {begin, static_cast<size_t>(end - begin)};
  piece.body = {body, static_cast<size_t>(end - body)};
  return piece;
}

void ReadHeader(Bytes& bytes, EventBytes& event) {
  event.entity = bytes.Text();
  for (const std::string_view id : bytes.Texts()) {
    if (const auto number = ParseId(id)) event.records.push_back(*number);
  }
  const int64_t type = bytes.Long();
  if (type < 0 || type > static_cast<int64_t>(ChangeType::kGapOverflow)) return bytes.Fail();
  event.type = static_cast<ChangeType>(type);
  event.origin = bytes.Text();
  event.transaction_key = bytes.Text();
  event.sequence = bytes.Long();
  event.commit_millis = bytes.Long();
  event.commit_number = bytes.Long();
  event.user = bytes.Text();
  event.nulled = bytes.Texts();
  event.differing = bytes.Texts();
  event.changed = bytes.Texts();
}

}  // namespace

double DoubleOf(const EventPiece& piece) {
  uint64_t bits = 0;
  for (size_t i = 0; i < 8 && i < piece.body.size(); ++i) {
    bits |= static_cast<uint64_t>(static_cast<uint8_t>(piece.body[i])) << (8 * i);
  }
  return std::bit_cast<double>(bits);
}

const EventPiece* EventBytes::Find(std::string_view name) const {
  const auto found = std::find_if(pieces.begin(), pieces.end(),
                                  [&](const EventPiece& one) { return one.field->name == name; });
  return found == pieces.end() ? nullptr : &*found;
}

Result<EventReader> EventReader::Make(std::string_view schema_json) {
  const json schema = json::parse(schema_json, nullptr, false);
  if (!schema.is_object() || !schema.contains("fields")) return Damaged();
  EventReader reader;
  reader.name_ = NameOf(schema);
  const json& fields = schema["fields"];
  reader.of_changes_ = fields.is_array() && !fields.empty() && NameOf(fields[0]) == kHeader;
  if (!SchemaWalker().Fields(schema, reader.fields_)) return Damaged();
  return reader;
}

Result<EventBytes> EventReader::Read(std::string_view payload) const {
  Bytes bytes(payload);
  EventBytes event;
  if (of_changes_) ReadHeader(bytes, event);
  event.pieces.reserve(fields_.size());
  for (const EventField& field : fields_) event.pieces.push_back(ReadPiece(field, bytes));
  if (bytes.bad() || !bytes.rest().empty()) return Damaged();
  return event;
}

Value ValueOf(const EventPiece& piece, const FieldInfo& field) {
  if (piece.null) return {};
  Bytes bytes(piece.body);
  switch (piece.field->kind) {
    case Wire::kBoolean:
      return Value::Bool(!piece.body.empty() && piece.body.front() != 0);
    case Wire::kInt:
      return Value::Int(bytes.Long());
    case Wire::kDouble:
      return DecimalOf(DoubleOf(piece), field.scale);
    case Wire::kMillis: {
      const int64_t number = bytes.Long();
      if (field.type == FieldType::kDate) return Value::Date(number / kDayMillis);
      return field.type == FieldType::kTime ? Value::Time(number) : Value::DateTime(number);
    }
    case Wire::kText:
    case Wire::kTextOrName: {
      const std::string_view text = bytes.Text();
      if (field.type != FieldType::kReference && field.type != FieldType::kId) {
        return Value::Text(text);
      }
      const auto id = ParseId(text);
      return id ? Value::Id(*id) : Value{};
    }
    case Wire::kRecord:
      break;
  }
  return {};
}

}  // namespace firn::sandbox
