#include <nlohmann/json.hpp>

#include "ends/lake/format/avro.h"

namespace firn::lake::avro {
namespace {

using Json = nlohmann::json;

// Deeper than any schema Iceberg writes; keeps recursion off the end of the stack.
constexpr int kDepthMax = 64;

tl::unexpected<Error> Bad(std::string why) {
  return Fail(Error(Kind::kCorrupt, "LAKE-AVRO-001", "the Avro schema cannot be used")
                  .Because(std::move(why)));
}

class SchemaParser {
 public:
  Result<SchemaPtr> Parse(const Json& json, int depth) {
    if (depth > kDepthMax) return Bad("it is nested too deeply");
    if (json.is_string()) return Named(json.get<std::string>());
    if (json.is_array()) return Union(json, depth);
    if (!json.is_object()) return Bad("a type is neither a name, a list nor an object");
    const auto type = json.find("type");
    if (type == json.end()) return Bad("an object has no `type`");
    if (!type->is_string()) return Parse(*type, depth + 1);
    const std::string name = type->get<std::string>();
    if (name == "record") return Record(json, depth);
    if (name == "array") return Container(json, Type::kArray, "items", depth);
    if (name == "map") return Container(json, Type::kMap, "values", depth);
    if (name == "fixed") return Fixed(json);
    if (name == "enum") return Enum(json);
    FIRN_TRY(SchemaPtr plain, Named(name));
    return Annotated(*plain, json);
  }

 private:
  Result<SchemaPtr> Named(const std::string& name) {
    static const std::map<std::string, Type> kPrimitives = {
        {"null", Type::kNull},   {"boolean", Type::kBoolean}, {"int", Type::kInt},
        {"long", Type::kLong},   {"float", Type::kFloat},     {"double", Type::kDouble},
        {"bytes", Type::kBytes}, {"string", Type::kString},
    };
    if (const auto primitive = kPrimitives.find(name); primitive != kPrimitives.end()) {
      auto schema = std::make_shared<Schema>();
      schema->type = primitive->second;
      return schema;
    }
    const auto known = named_.find(name);
    if (known == named_.end()) return Bad("it refers to type `" + name + "` before defining it");
    return known->second;
  }

  static Result<SchemaPtr> Annotated(const Schema& plain, const Json& json) {
    auto schema = std::make_shared<Schema>(plain);
    if (const auto logical = json.find("logicalType");
        logical != json.end() && logical->is_string())
      schema->logical_type = logical->get<std::string>();
    schema->precision = SmallInt(json, "precision", 0);
    schema->scale = SmallInt(json, "scale", 0);
    return schema;
  }

  static int SmallInt(const Json& json, const char* key, int otherwise) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_number_integer()) return otherwise;
    const auto value = found->get<int64_t>();
    return value < INT32_MIN || value > INT32_MAX ? otherwise : static_cast<int>(value);
  }

  void Remember(const Json& json, const SchemaPtr& schema) {
    if (schema->name.empty()) return;
    named_[schema->name] = schema;
    if (const auto space = json.find("namespace"); space != json.end() && space->is_string())
      named_[space->get<std::string>() + "." + schema->name] = schema;
  }

  static std::string NameOf(const Json& json) {
    const auto name = json.find("name");
    return name != json.end() && name->is_string() ? name->get<std::string>() : std::string();
  }

  Result<SchemaPtr> Union(const Json& json, int depth) {
    auto schema = std::make_shared<Schema>();
    schema->type = Type::kUnion;
    for (const Json& branch : json) {
      FIRN_TRY(SchemaPtr parsed, Parse(branch, depth + 1));
      schema->branches.push_back(std::move(parsed));
    }
    if (schema->branches.empty()) return Bad("a union is empty");
    return schema;
  }

  Result<SchemaPtr> Record(const Json& json, int depth) {
    auto schema = std::make_shared<Schema>();
    schema->type = Type::kRecord;
    schema->name = NameOf(json);
    const auto fields = json.find("fields");
    if (fields == json.end() || !fields->is_array()) return Bad("a record has no `fields`");
    for (const Json& field : *fields) {
      if (!field.is_object() || !field.contains("type")) return Bad("a field has no `type`");
      FIRN_TRY(SchemaPtr type, Parse(field["type"], depth + 1));
      schema->fields.push_back({NameOf(field), SmallInt(field, "field-id", -1), std::move(type)});
    }
    Remember(json, schema);
    return schema;
  }

  Result<SchemaPtr> Container(const Json& json, Type type, const char* key, int depth) {
    const auto element = json.find(key);
    if (element == json.end()) return Bad("an array or map has no element type");
    auto schema = std::make_shared<Schema>();
    schema->type = type;
    FIRN_TRY(SchemaPtr parsed, Parse(*element, depth + 1));
    schema->branches.push_back(std::move(parsed));
    if (const auto logical = json.find("logicalType");
        logical != json.end() && logical->is_string())
      schema->logical_type = logical->get<std::string>();
    return schema;
  }

  Result<SchemaPtr> Fixed(const Json& json) {
    const int size = SmallInt(json, "size", -1);
    if (size < 0 || size > (1 << 20)) return Bad("a fixed type has no usable `size`");
    Schema fixed;
    fixed.type = Type::kFixed;
    fixed.name = NameOf(json);
    fixed.fixed_bytes = static_cast<size_t>(size);
    FIRN_TRY(SchemaPtr schema, Annotated(fixed, json));
    Remember(json, schema);
    return schema;
  }

  Result<SchemaPtr> Enum(const Json& json) {
    auto schema = std::make_shared<Schema>();
    schema->type = Type::kEnum;
    schema->name = NameOf(json);
    const auto symbols = json.find("symbols");
    if (symbols == json.end() || !symbols->is_array()) return Bad("an enum has no `symbols`");
    for (const Json& symbol : *symbols) {
      if (!symbol.is_string()) return Bad("an enum's symbol is not text");
      schema->symbols.push_back(symbol.get<std::string>());
    }
    Remember(json, schema);
    return schema;
  }

  std::map<std::string, SchemaPtr> named_;
};

}  // namespace

Result<SchemaPtr> ParseSchema(std::string_view json) {
  const Json parsed = Json::parse(json, nullptr, false);
  if (parsed.is_discarded()) return Bad("it is not JSON");
  return SchemaParser().Parse(parsed, 0);
}

}  // namespace firn::lake::avro
