#include "ends/lake/updates/schema_facts.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "ends/lake/format/schema_json.h"
#include "ends/lake/internal/json.h"

namespace firn::lake::internal {
namespace {

constexpr int kDepthMax = 64;

tl::unexpected<Error> Bad(std::string what) {
  return Fail(Error(Kind::kBadInput, "LAKE-UPDATE-001", std::move(what)));
}

std::string WithoutBlanks(std::string_view text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return c != ' '; });
  return out;
}

std::string_view BaseOf(std::string_view type) { return type.substr(0, type.find('(')); }

bool NeedsV3(std::string_view type) {
  static const std::set<std::string_view> kTypes = {"variant",      "geometry",       "geography",
                                                    "timestamp_ns", "timestamptz_ns", "unknown"};
  return kTypes.contains(BaseOf(type));
}

struct Parent {
  std::string path;
  bool required = true;
  int depth = 0;
};

class Walk {
 public:
  explicit Walk(SchemaFacts& facts) : facts_(facts) {}

  Result<void> Struct(const Json& type, const Parent& parent) {
    const auto fields = type.find("fields");
    if (fields == type.end() || !fields->is_array()) return Bad("a struct has no `fields`");
    for (const Json& field : *fields) {
      const auto name = field.find("name");
      if (!field.is_object() || name == field.end() || !name->is_string() ||
          name->get_ref<const std::string&>().empty())
        return Bad("a field has no name");
      FIRN_TRY(const bool required, Required(field, "required"));
      if (const auto doc = field.find("doc");
          doc != field.end() && !doc->is_string() && !doc->is_null())
        return Bad("`doc` of field `" + name->get<std::string>() + "` is no text");
      FIRN_CHECK(Field(field, {"id", "type"}, name->get<std::string>(), required, parent));
    }
    return {};
  }

 private:
  struct Keys {
    const char* id;
    const char* type;
  };

  // Schemas are kept as they came: what the Java reference cannot read must not get in.
  static Result<bool> Required(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_boolean())
      return Bad("`" + std::string(key) + "` of a field is missing or neither true nor false");
    return found->get<bool>();
  }

  Result<void> Field(const Json& json, const Keys& keys, const std::string& name, bool required,
                     const Parent& parent) {
    FieldFacts facts;
    facts.path = parent.path.empty() ? name : parent.path + "." + name;
    facts.required = required && parent.required;
    const auto id = json.find(keys.id);
    if (id == json.end() || !id->is_number_integer())
      return Bad("field `" + facts.path + "` has no id");
    const auto wide = id->get<int64_t>();
    if (wide < 0 || wide > std::numeric_limits<int>::max())
      return Bad("the id of field `" + facts.path + "` is out of range");
    const auto type = json.find(keys.type);
    if (type == json.end()) return Bad("field `" + facts.path + "` has no type");
    for (const char* key : {"initial-default", "write-default"}) {
      const auto value = json.find(key);
      facts.has_default = facts.has_default || (value != json.end() && !value->is_null());
    }
    const Parent here{facts.path, facts.required, parent.depth + 1};
    if (type->is_string()) {
      facts.type = WithoutBlanks(type->get_ref<const std::string&>());
      if (!NeedsV3(facts.type) && !ParsePrimitive(type->get_ref<const std::string&>()))
        return Bad("field `" + facts.path + "` has type `" + facts.type.substr(0, 64) +
                   "`, which is none");
    } else {
      facts.type = type->is_object() ? type->value("type", "") : "";
    }
    const int field_id = id->get<int>();
    facts_.highest_id = std::max(facts_.highest_id, field_id);
    if (!facts_.by_path.emplace(facts.path, field_id).second)
      return Bad("two fields are named `" + facts.path + "`");
    const std::string kind = facts.type;
    if (!facts_.fields.emplace(field_id, std::move(facts)).second)
      return Bad("two fields have id " + std::to_string(field_id));
    return type->is_string() ? Result<void>() : Nested(*type, kind, here);
  }

  Result<void> Nested(const Json& type, const std::string& kind, const Parent& parent) {
    if (parent.depth > kDepthMax) return Bad("the schema is nested too deeply");
    if (kind == "struct") return Struct(type, parent);
    if (kind == "list") {
      FIRN_TRY(const bool required, Required(type, "element-required"));
      return Field(type, {"element-id", "element"}, "element", required, parent);
    }
    if (kind == "map") {
      FIRN_CHECK(Field(type, {"key-id", "key"}, "key", true, parent));
      FIRN_TRY(const bool required, Required(type, "value-required"));
      return Field(type, {"value-id", "value"}, "value", required, parent);
    }
    return Bad("field `" + parent.path + "` has type `" + kind.substr(0, 64) + "`, which is none");
  }

  SchemaFacts& facts_;
};

Result<void> CheckIdentifiers(const Json& schema, const SchemaFacts& facts) {
  const auto ids = schema.find("identifier-field-ids");
  if (ids == schema.end() || ids->is_null()) return {};
  if (!ids->is_array()) return Bad("`identifier-field-ids` is no list");
  for (const Json& id : *ids) {
    if (!id.is_number_integer()) return Bad("`identifier-field-ids` holds no numbers");
    const auto field = facts.fields.find(id.get<int>());
    if (field == facts.fields.end())
      return Bad("identifier field id " + id.dump() + " is not in the schema");
    const FieldFacts& is = field->second;
    if (!is.primitive() || !is.required || is.type == "float" || is.type == "double")
      return Bad("field `" + is.path +
                 "` cannot identify rows: it must be required, primitive and no float");
  }
  return {};
}

// Keys sorted, absent and null alike, types without blanks.
nlohmann::json Plain(const Json& json) {
  if (json.is_object()) {
    nlohmann::json out = nlohmann::json::object();
    for (const auto& [key, value] : json.items()) {
      if (value.is_null() || (key == "doc" && value == "")) continue;
      const bool spelled = (key == "type" || key == "element" || key == "key" || key == "value") &&
                           value.is_string();
      out[key] = spelled ? nlohmann::json(WithoutBlanks(value.get_ref<const std::string&>()))
                         : Plain(value);
    }
    return out;
  }
  if (json.is_array()) {
    nlohmann::json out = nlohmann::json::array();
    for (const Json& item : json) out.push_back(Plain(item));
    return out;
  }
  return nlohmann::json(json);
}

nlohmann::json Comparable(const Json& schema) {
  nlohmann::json plain = Plain(schema);
  plain.erase("schema-id");
  plain.erase("type");
  const auto ids = plain.find("identifier-field-ids");
  if (ids != plain.end() && ids->is_array()) {
    std::sort(ids->begin(), ids->end());
    if (ids->empty()) plain.erase("identifier-field-ids");
  }
  return plain;
}

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

}  // namespace

bool FieldFacts::primitive() const { return type != "struct" && type != "list" && type != "map"; }

Result<SchemaFacts> ReadSchemaFacts(const Json& schema) {
  if (!schema.is_object()) return Bad("the schema is no object");
  if (schema.contains("type") && schema["type"] != "struct") return Bad("the schema is no struct");
  SchemaFacts facts;
  try {
    FIRN_CHECK(Walk(facts).Struct(schema, {}));
  } catch (const Json::exception&) {
    return Bad("the schema has a value of the wrong type");
  }
  FIRN_CHECK(CheckIdentifiers(schema, facts));
  return facts;
}

Result<void> CheckFormatAllows(const SchemaFacts& facts, int format_version) {
  if (format_version >= 3) return {};
  for (const auto& [id, field] : facts.fields) {
    if (NeedsV3(field.type))
      return Bad("Invalid type for `" + field.path + "`: " + field.type +
                 " is not supported until v3");
    if (field.has_default)
      return Bad("Invalid default of `" + field.path + "`: not supported until v3");
  }
  return {};
}

bool SameSchema(const Json& one, const Json& other) { return Comparable(one) == Comparable(other); }

bool TransformTakes(std::string_view transform, std::string_view type) {
  const std::string_view base = BaseOf(type);
  const std::string_view plain = type.starts_with("fixed[") ? "fixed" : base;
  const std::string_view name = transform.substr(0, transform.find('['));
  const bool dated =
      IsOneOf(plain, {"date", "timestamp", "timestamptz", "timestamp_ns", "timestamptz_ns"});
  if (name == "identity")
    return !IsOneOf(plain, {"struct", "list", "map", "variant", "geometry", "geography"});
  if (name == "bucket")
    return dated ||
           IsOneOf(plain, {"int", "long", "decimal", "time", "string", "uuid", "fixed", "binary"});
  if (name == "truncate") return IsOneOf(plain, {"int", "long", "decimal", "string", "binary"});
  if (IsOneOf(name, {"year", "month", "day"})) return dated;
  if (name == "hour") return dated && plain != "date";
  return true;
}

}  // namespace firn::lake::internal
