#include "ends/lake/format/schema_json.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <set>

#include "ends/lake/format/single_value.h"
#include "ends/lake/internal/json.h"
#include "ends/lake/internal/schema_json.h"

namespace firn::lake {
namespace {

using internal::AppendQuoted;
using internal::BadJson;
using internal::Json;
using record::Field;
using record::Schema;
using record::Type;
using record::TypeId;

constexpr int kDepthMax = 64;

const std::map<std::string_view, TypeId>& PlainTypes() {
  static const std::map<std::string_view, TypeId> kTypes = {
      {"boolean", TypeId::kBoolean},
      {"int", TypeId::kInt},
      {"long", TypeId::kLong},
      {"float", TypeId::kFloat},
      {"double", TypeId::kDouble},
      {"date", TypeId::kDate},
      {"time", TypeId::kTime},
      {"timestamp", TypeId::kTimestamp},
      {"timestamptz", TypeId::kTimestamptz},
      {"string", TypeId::kString},
      {"uuid", TypeId::kUuid},
      {"binary", TypeId::kBinary},
  };
  return kTypes;
}

// The whole numbers between the brackets of `decimal(9, 2)` or `fixed[16]`.
bool Numbers(std::string_view text, std::vector<int>& out) {
  size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ' ' || text[at] == ',') {
      ++at;
      continue;
    }
    int value = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    if (error != std::errc()) return false;
    at = static_cast<size_t>(end - text.data());
    out.push_back(value);
  }
  return true;
}

Result<Type> ParseType(const Json& json, int depth);

Result<Field> ParseField(const Json& json, int depth) {
  Field field;
  FIRN_TRY(field.id, internal::GetInt(json, "id"));
  FIRN_TRY(field.name, internal::GetString(json, "name"));
  FIRN_TRY(field.required, internal::GetBool(json, "required"));
  FIRN_TRY(auto doc, internal::FindString(json, "doc"));
  field.doc = doc.value_or("");
  const auto type = json.find("type");
  if (type == json.end()) return BadJson("field `" + field.name + "` has no `type`");
  auto parsed = ParseType(*type, depth + 1);
  if (!parsed && parsed.error().kind() == Kind::kUnsupported && depth == 0)
    return Fail(std::move(parsed).error().Doing("reading the type of column `" + field.name + "`"));
  FIRN_TRY(field.type, std::move(parsed));
  return field;
}

Result<Field> ParseInner(const Json& json, const std::string& name, const char* optional_key,
                         int depth) {
  Field field;
  field.name = name;
  FIRN_TRY(field.id, internal::GetInt(json, (name + "-id").c_str()));
  field.required = true;
  if (optional_key != nullptr) {
    FIRN_TRY(field.required, internal::GetBool(json, optional_key));
  }
  const auto type = json.find(name);
  if (type == json.end()) return BadJson("a list or map has no `" + name + "`");
  FIRN_TRY(field.type, ParseType(*type, depth + 1));
  return field;
}

Result<Type> ParseType(const Json& json, int depth) {
  if (depth > kDepthMax) return BadJson("the schema is nested too deeply");
  if (json.is_string()) return ParsePrimitive(json.get<std::string>());
  FIRN_TRY(const std::string kind, internal::GetString(json, "type"));
  Type type;
  if (kind == "struct") {
    type.id = TypeId::kStruct;
    FIRN_TRY(const Json* fields, internal::FindArray(json, "fields"));
    if (fields == nullptr) return BadJson("a struct has no `fields`");
    for (const Json& child : *fields) {
      FIRN_TRY(Field field, ParseField(child, depth));
      type.children.push_back(std::move(field));
    }
    return type;
  }
  if (kind == "list") {
    type.id = TypeId::kList;
    FIRN_TRY(Field element, ParseInner(json, "element", "element-required", depth));
    type.children.push_back(std::move(element));
    return type;
  }
  if (kind == "map") {
    type.id = TypeId::kMap;
    FIRN_TRY(Field key, ParseInner(json, "key", nullptr, depth));
    FIRN_TRY(Field value, ParseInner(json, "value", "value-required", depth));
    type.children.push_back(std::move(key));
    type.children.push_back(std::move(value));
    return type;
  }
  return BadJson("`" + kind + "` is no type");
}

void AppendType(std::string& out, const Type& type);

void AppendFields(std::string& out, const std::vector<Field>& fields) {
  out += "[";
  for (size_t i = 0; i < fields.size(); ++i) {
    const Field& field = fields[i];
    if (i > 0) out += ",";
    out += "{\"id\":" + std::to_string(field.id) + ",\"name\":";
    AppendQuoted(out, field.name);
    out += field.required ? ",\"required\":true,\"type\":" : ",\"required\":false,\"type\":";
    AppendType(out, field.type);
    if (!field.doc.empty()) {
      out += ",\"doc\":";
      AppendQuoted(out, field.doc);
    }
    out += "}";
  }
  out += "]";
}

void AppendInner(std::string& out, const Field& field, const std::string& name) {
  out += ",\"" + name + "-id\":" + std::to_string(field.id) + ",\"" + name + "\":";
  AppendType(out, field.type);
  if (name != "key")
    out += ",\"" + name + (field.required ? "-required\":true" : "-required\":false");
}

void AppendType(std::string& out, const Type& type) {
  switch (type.id) {
    case TypeId::kStruct:
      out += "{\"type\":\"struct\",\"fields\":";
      AppendFields(out, type.children);
      out += "}";
      return;
    case TypeId::kList:
      out += "{\"type\":\"list\"";
      AppendInner(out, type.children[0], "element");
      out += "}";
      return;
    case TypeId::kMap:
      out += "{\"type\":\"map\"";
      AppendInner(out, type.children[0], "key");
      AppendInner(out, type.children[1], "value");
      out += "}";
      return;
    default:
      AppendQuoted(out, PrimitiveText(type));
  }
}

void AppendMapping(std::string& out, const std::vector<Field>& fields) {
  out += "[";
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += ",";
    out += "{\"field-id\":" + std::to_string(fields[i].id) + ",\"names\":[";
    AppendQuoted(out, fields[i].name);
    out += "]";
    if (!fields[i].type.children.empty()) {
      out += ",\"fields\":";
      AppendMapping(out, fields[i].type.children);
    }
    out += "}";
  }
  out += "]";
}

constexpr std::string_view kUnreadTypes[] = {"variant", "geometry", "geography", "unknown"};

bool NamesUnreadType(std::string_view json) {
  return std::any_of(std::begin(kUnreadTypes), std::end(kUnreadTypes), [&](std::string_view type) {
    return json.find("\"" + std::string(type)) != std::string_view::npos;
  });
}

// `json`: a field or a nested type.
bool HoldsUnreadType(const Json& json, int depth) {
  if (!json.is_object() || depth > kDepthMax) return false;
  for (const char* key : {"type", "element", "key", "value"}) {
    const auto inner = json.find(key);
    if (inner == json.end()) continue;
    if (inner->is_string()) {
      // `geometry(OGC:CRS84)` has a parameter.
      const auto& text = inner->get_ref<const std::string&>();
      const std::string_view name = std::string_view(text).substr(0, text.find('('));
      if (std::find(std::begin(kUnreadTypes), std::end(kUnreadTypes), name) !=
          std::end(kUnreadTypes))
        return true;
    } else if (HoldsUnreadType(*inner, depth + 1)) {
      return true;
    }
  }
  const auto fields = json.find("fields");
  if (fields == json.end() || !fields->is_array()) return false;
  return std::any_of(fields->begin(), fields->end(),
                     [&](const Json& field) { return HoldsUnreadType(field, depth + 1); });
}

}  // namespace

Result<Type> ParsePrimitive(std::string_view text) {
  Type type;
  if (const auto plain = PlainTypes().find(text); plain != PlainTypes().end()) {
    type.id = plain->second;
    return type;
  }
  if (text == "timestamp_ns" || text == "timestamptz_ns") {
    type.id = text == "timestamp_ns" ? TypeId::kTimestamp : TypeId::kTimestamptz;
    type.precision = kNanosecondDigits;
    return type;
  }
  std::vector<int> numbers;
  if (text.starts_with("decimal(") && text.ends_with(")")) {
    type.id = TypeId::kDecimal;
    if (!Numbers(text.substr(8, text.size() - 9), numbers) || numbers.size() != 2)
      return BadJson("`" + std::string(text) + "` is no decimal type");
    type.precision = numbers[0];
    type.scale = numbers[1];
    if (type.precision < 1 || type.precision > 38 || type.scale < 0 || type.scale > type.precision)
      return BadJson("`" + std::string(text) + "` is no decimal type");
    return type;
  }
  if (text.starts_with("fixed[") && text.ends_with("]")) {
    type.id = TypeId::kFixed;
    if (!Numbers(text.substr(6, text.size() - 7), numbers) || numbers.size() != 1 || numbers[0] < 1)
      return BadJson("`" + std::string(text) + "` is no fixed type");
    type.length = numbers[0];
    return type;
  }
  return Fail(Error(Kind::kUnsupported, "LAKE-META-002",
                    "the table uses type `" + std::string(text.substr(0, 64)) + "`")
                  .Because("Firn reads the types of Iceberg v2 and timestamps in nanoseconds")
                  .Hint("drop the column, or give it another type, with the engine that made it"));
}

std::string PrimitiveText(const Type& type) {
  if (type.id == TypeId::kDecimal)
    return "decimal(" + std::to_string(type.precision) + ", " + std::to_string(type.scale) + ")";
  if (type.id == TypeId::kFixed) return "fixed[" + std::to_string(type.length) + "]";
  for (const auto& [text, id] : PlainTypes()) {
    if (id == type.id) return std::string(text) + (InNanoseconds(type) ? "_ns" : "");
  }
  FIRN_ASSERT(false);
}

std::vector<UnreadColumn> UnreadColumns(const std::string& schema_json) {
  std::vector<UnreadColumn> out;
  // Hardly a table has any, and schemas may be large.
  if (!NamesUnreadType(schema_json)) return out;
  const auto parsed = internal::ParseJson(schema_json);
  if (!parsed) return out;
  const auto fields = internal::FindArray(*parsed, "fields");
  if (!fields || *fields == nullptr) return out;
  for (const Json& field : **fields) {
    if (!HoldsUnreadType(field, 0)) continue;
    const auto type = field.find("type");
    const bool plain = type != field.end() && type->is_string();
    out.push_back({field.value("name", ""),
                   plain ? type->get<std::string>() : "nested, with a type that is not read"});
  }
  return out;
}

namespace internal {

Result<Schema> SchemaFromJson(const Json& json) {
  FIRN_TRY(Type type, ParseType(json, 0));
  if (type.id != TypeId::kStruct) return BadJson("a schema is not a struct");
  Schema schema;
  FIRN_TRY(const auto id, FindInt(json, "schema-id"));
  schema.schema_id = id.value_or(0);
  schema.fields = std::move(type.children);
  FIRN_TRY(const Json* identifiers, FindArray(json, "identifier-field-ids"));
  if (identifiers != nullptr) {
    for (const Json& field_id : *identifiers) {
      if (!field_id.is_number_integer()) return BadJson("`identifier-field-ids` holds no numbers");
      schema.identifier_field_ids.push_back(field_id.get<int>());
    }
  }
  if (auto sound = CheckSchema(schema); !sound) return BadJson(sound.error().what());
  return schema;
}

Result<Schema> ReadableSchemaFromJson(const Json& json) {
  const auto fields = json.is_object() ? json.find("fields") : json.end();
  if (fields == json.end() || !fields->is_array() || !HoldsUnreadType(json, 0))
    return SchemaFromJson(json);
  Json readable = json;
  Json& kept = readable["fields"] = Json::array();
  for (const Json& field : *fields) {
    if (!HoldsUnreadType(field, 0)) kept.push_back(field);
  }
  return SchemaFromJson(readable);
}

}  // namespace internal

Result<Schema> ParseSchemaJson(std::string_view json) {
  FIRN_TRY(const Json parsed, internal::ParseJson(json));
  return internal::SchemaFromJson(parsed);
}

std::string SchemaJson(const Schema& schema) {
  std::string out = "{\"type\":\"struct\",\"schema-id\":" + std::to_string(schema.schema_id);
  if (!schema.identifier_field_ids.empty()) {
    out += ",\"identifier-field-ids\":[";
    for (size_t i = 0; i < schema.identifier_field_ids.size(); ++i)
      out += (i > 0 ? "," : "") + std::to_string(schema.identifier_field_ids[i]);
    out += "]";
  }
  out += ",\"fields\":";
  AppendFields(out, schema.fields);
  return out + "}";
}

std::string NameMappingJson(const Schema& schema) {
  std::string out;
  AppendMapping(out, schema.fields);
  return out;
}

}  // namespace firn::lake
