#include "patterns/events/target/event_encoder.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/nearest.h"
#include "core/base/time_text.h"

namespace firn::events {
namespace {

using Json = nlohmann::json;

Error Unreadable(std::string why) {
  return Error(Kind::kCorrupt, "EVENT-SCHEMA-001", "the schema of an event cannot be read")
      .Because(std::move(why));
}

// Zigzag, then seven bits a byte.
void PutWhole(int64_t value, std::string* out) {
  auto left = (static_cast<uint64_t>(value) << 1U) ^ static_cast<uint64_t>(value >> 63);
  while (left >= 0x80) {
    out->push_back(static_cast<char>((left & 0x7F) | 0x80));
    left >>= 7U;
  }
  out->push_back(static_cast<char>(left));
}

void PutText(std::string_view text, std::string* out) {
  PutWhole(static_cast<int64_t>(text.size()), out);
  out->append(text);
}

// Little-endian, as the machines that this runs on are.
template <typename Number>
void PutFloating(Number value, std::string* out) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out->append(bytes, sizeof value);
}

std::optional<int64_t> MsOfTime(const std::string& text) {
  using std::chrono::milliseconds;
  if (const auto instant = ParseInstant(text)) {
    return std::chrono::floor<milliseconds>(instant->time_since_epoch()).count();
  }
  if (const auto day = ParseDate(text)) return milliseconds(day->time_since_epoch()).count();
  return std::nullopt;
}

std::optional<int64_t> WholeOf(const Json& value) {
  if (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX) return std::nullopt;
  if (value.is_number_integer()) return value.get<int64_t>();
  return value.is_string() ? MsOfTime(value.get_ref<const std::string&>()) : std::nullopt;
}

}  // namespace

class EventEncoder::Writer {
 public:
  explicit Writer(const Field& field) : field_(field) {}

  // Into the first branch that takes the value; false when none does.
  bool Put(const Json& value, std::string* out) const {
    for (size_t branch = 0; branch < field_.branches.size(); ++branch) {
      const size_t before = out->size();
      if (field_.is_union) PutWhole(static_cast<int64_t>(branch), out);
      if (PutAs(field_.branches[branch], value, out)) return true;
      out->resize(before);
    }
    return false;
  }

  [[nodiscard]] std::string Expected() const {
    static const std::map<Type, std::string> kWords = {
        {Type::kBoolean, "true or false"},
        {Type::kInt, "a whole number"},
        {Type::kLong, "a whole number or an ISO 8601 time"},
        {Type::kFloat, "a number"},
        {Type::kDouble, "a number"},
        {Type::kText, "a text"},
        {Type::kBytes, "a text"},
        {Type::kOther, "something that JSON cannot say"},
    };
    for (const Type type : field_.branches) {
      if (type != Type::kNull) return kWords.at(type);
    }
    return "null";
  }

 private:
  static bool PutAs(Type type, const Json& value, std::string* out) {
    switch (type) {
      case Type::kNull:
        return value.is_null();
      case Type::kBoolean:
        if (!value.is_boolean()) return false;
        out->push_back(value.get<bool>() ? '\1' : '\0');
        return true;
      case Type::kInt:
      case Type::kLong: {
        const auto whole = WholeOf(value);
        if (!whole || (type == Type::kInt && (*whole > INT32_MAX || *whole < INT32_MIN))) {
          return false;
        }
        PutWhole(*whole, out);
        return true;
      }
      case Type::kFloat:
        if (!value.is_number()) return false;
        PutFloating(value.get<float>(), out);
        return true;
      case Type::kDouble:
        if (!value.is_number()) return false;
        PutFloating(value.get<double>(), out);
        return true;
      case Type::kText:
      case Type::kBytes:
        if (!value.is_string()) return false;
        PutText(value.get_ref<const std::string&>(), out);
        return true;
      case Type::kOther:
        break;
    }
    return false;
  }

  const Field& field_;
};

Result<EventEncoder> EventEncoder::Compile(std::string_view schema_json) {
  static const std::map<std::string, Type, std::less<>> kTypes = {
      {"null", Type::kNull},   {"boolean", Type::kBoolean}, {"int", Type::kInt},
      {"long", Type::kLong},   {"float", Type::kFloat},     {"double", Type::kDouble},
      {"string", Type::kText}, {"bytes", Type::kBytes}};
  const auto type_of = [](const Json& type) {
    const Json* at = &type;
    // `{"type": "string", "logicalType": ..}` is the plain type with a note.
    if (at->is_object() && at->contains("type")) at = &(*at)["type"];
    if (!at->is_string()) return Type::kOther;
    const auto found = kTypes.find(at->get_ref<const std::string&>());
    return found == kTypes.end() ? Type::kOther : found->second;
  };
  const Json schema = Json::parse(schema_json, nullptr, false);
  if (!schema.is_object() || schema.value("type", Json()) != "record" ||
      !schema.contains("fields") || !schema["fields"].is_array()) {
    return Fail(Unreadable("it is no Avro record"));
  }
  EventEncoder encoder;
  if (schema.contains("name") && schema["name"].is_string()) encoder.name_ = schema["name"];
  for (const Json& field : schema["fields"]) {
    if (!field.is_object() || !field.contains("type") || !field.contains("name") ||
        !field["name"].is_string()) {
      return Fail(Unreadable("one of its fields has no name or type"));
    }
    Field& made = encoder.fields_.emplace_back();
    made.name = field["name"];
    made.is_union = field["type"].is_array();
    if (!made.is_union) made.branches.push_back(type_of(field["type"]));
    if (made.is_union) {
      for (const Json& branch : field["type"]) made.branches.push_back(type_of(branch));
    }
  }
  return encoder;
}

Result<std::string> EventEncoder::Encode(std::string_view json, const Authorship& by) const {
  Json input = Json::parse(json, nullptr, false);
  if (!input.is_object()) {
    return Fail(
        Error(Kind::kBadInput, "EVENT-PUBLISH-001", "what is to be published is no JSON object")
            .At(name_)
            .Hint("name the event's fields with InputTransformer"));
  }
  std::string payload;
  size_t used = 0;
  for (const Field& field : fields_) {
    const auto given = input.find(field.name);
    if (given != input.end()) ++used;
    Json value = given == input.end() ? Json() : *given;
    if (value.is_null() && field.name == "CreatedDate") {
      value = std::chrono::floor<std::chrono::milliseconds>(by.created).time_since_epoch().count();
    }
    if (value.is_null() && field.name == "CreatedById") value = by.user_id;
    const Writer writer(field);
    if (writer.Put(value, &payload)) continue;
    return Fail(Error(Kind::kBadInput, "EVENT-PUBLISH-003",
                      "a value does not fit field `" + field.name + "` of a platform event")
                    .At(name_)
                    .Because("the field takes " + writer.Expected() + ", the input has " +
                             (value.is_null() ? "nothing" : value.type_name())));
  }
  if (used == input.size()) return payload;
  std::vector<std::string> names;
  for (const Field& field : fields_) names.push_back(field.name);
  for (const auto& [key, value] : input.items()) {
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    const auto near = Nearest(key, names);
    return Fail(Error(Kind::kBadInput, "EVENT-PUBLISH-002",
                      "a platform event has no field `" + key.substr(0, 80) + "`")
                    .At(name_)
                    .Hint(near ? "did you mean `" + *near + "`?"
                               : "custom fields end in `__c`; names are as in the API"));
  }
  return payload;
}

}  // namespace firn::events
