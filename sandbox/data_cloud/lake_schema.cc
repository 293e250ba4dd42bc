#include "sandbox/data_cloud/lake_schema.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "core/base/time_text.h"
#include "sandbox/store/yaml_node.h"
#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

constexpr size_t kFieldsMax = 1000;
constexpr size_t kNameMax = 80;
constexpr std::array<std::string_view, 8> kReserved = {
    "date_id",           "location_id",   "dat_account_currency",
    "dat_exchange_rate", "pacing_period", "pacing_end_date",
    "row_count",         "version"};

tl::unexpected<Error> BadSchema(std::string why, const YamlNode* place = nullptr) {
  Error error(Kind::kBadInput, "SBX-CLOUD-001", "the connector's schema cannot be taken");
  if (place == nullptr || place->line == 0) return Fail(std::move(error).Because(std::move(why)));
  const std::string at = std::to_string(place->line) + ":" + std::to_string(place->column);
  return Fail(std::move(error).At(at).Because(std::move(why)));
}

bool HasNameCharacters(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  });
}

Result<void> CheckName(std::string_view kind, const std::string& name, const YamlNode& place) {
  if (name.size() > kNameMax) {
    return BadSchema(std::string(kind) + " `" + name + "` is longer than 80 characters", &place);
  }
  if (!HasNameCharacters(name)) {
    return BadSchema(std::string(kind) + " `" + name + "` may hold a-z, A-Z, 0-9, _ and - only",
                     &place);
  }
  return {};
}

std::string ScalarOf(const YamlNode& node, std::string_view key) {
  const YamlNode* found = node.Find(key);
  return found == nullptr ? "" : found->scalar;
}

Result<LakeType> TypeOf(const std::string& name, const YamlNode& property) {
  const std::string type = ScalarOf(property, "type");
  const std::string format = ScalarOf(property, "format");
  if (type == "object" || type == "array" || property.Find("properties") != nullptr) {
    return BadSchema("field `" + name + "` is nested: objects hold no objects or lists", &property);
  }
  if (type == "number" && format.empty()) return LakeType::kNumber;
  if (type == "boolean" && format.empty()) return LakeType::kBoolean;
  if (type == "string" && format == "date-time") return LakeType::kDateTime;
  if (type == "string" && format == "date") return LakeType::kDate;
  // The other formats are texts with a meaning to those who map them.
  const bool text = format.empty() || format == "email" || format == "phone" || format == "url";
  if (type == "string" && text) return LakeType::kText;
  return BadSchema("field `" + name + "` has type `" + type + "` and format `" + format +
                       "`: take string (date, date-time, email, phone, url), number or boolean",
                   &property);
}

Result<void> ReadFields(const YamlNode& properties, LakeObject& object) {
  for (size_t i = 0; i < properties.keys.size(); ++i) {
    const std::string& name = properties.keys[i];
    FIRN_CHECK(CheckName("field", name, properties.key_places[i]));
    if (name.find("__") != std::string::npos ||
        std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) {
      return BadSchema("field `" + name + "` holds `__` or is a reserved word",
                       &properties.key_places[i]);
    }
    if (object.PlaceOf(name) != std::string::npos) {
      return BadSchema("field `" + name + "` stands there twice", &properties.key_places[i]);
    }
    FIRN_TRY(const LakeType type, TypeOf(name, properties.items[i]));
    object.fields.push_back({name, type});
  }
  if (object.fields.empty() || object.fields.size() > kFieldsMax) {
    return BadSchema("object `" + object.name + "` needs 1 to 1000 fields", &properties);
  }
  return {};
}

// Which field identifies a record, and which says how new it is.
Result<void> ReadRoles(const YamlNode& schema, LakeObject& object) {
  const std::string key = ScalarOf(schema, "x-primary-key");
  object.key = object.PlaceOf(key.empty() ? "id" : key);
  if (object.key == std::string::npos && !key.empty()) {
    return BadSchema("`x-primary-key` names no field of `" + object.name + "`", &schema);
  }
  if (object.key == std::string::npos) object.key = 0;
  const std::string modified = ScalarOf(schema, "x-record-modified");
  if (modified.empty()) return {};
  object.modified = object.PlaceOf(modified);
  if (*object.modified == std::string::npos ||
      object.fields[*object.modified].type != LakeType::kDateTime) {
    return BadSchema("`x-record-modified` names no date-time field of `" + object.name + "`",
                     &schema);
  }
  return {};
}

Result<LakeObject> ReadObject(const std::string& name, const YamlNode& schema,
                              const YamlNode& place) {
  LakeObject object;
  object.name = name;
  FIRN_CHECK(CheckName("object", name, place));
  const YamlNode* properties = schema.Find("properties");
  if (properties == nullptr || properties->kind != YamlNode::Kind::kMap) {
    return BadSchema("object `" + name + "` has no `properties`", &place);
  }
  FIRN_CHECK(ReadFields(*properties, object));
  FIRN_CHECK(ReadRoles(schema, object));
  return object;
}

}  // namespace

size_t LakeObject::PlaceOf(std::string_view field) const {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == field) return i;
  }
  return std::string::npos;
}

const LakeObject* LakeSource::Object(std::string_view object) const {
  const auto found = std::find_if(objects.begin(), objects.end(),
                                  [&](const LakeObject& one) { return one.name == object; });
  return found == objects.end() ? nullptr : &*found;
}

Result<LakeSource> ParseLakeSchema(const std::string& source, std::string_view yaml) {
  if (source.size() > kNameMax || !HasNameCharacters(source)) {
    return BadSchema("the connector's name may hold 80 of a-z, A-Z, 0-9, _ and - at most");
  }
  const auto root = ReadYaml(yaml);
  if (!root) return BadSchema(root.error().OneLine());
  if (!ScalarOf(*root, "openapi").starts_with("3.0")) {
    return BadSchema("`openapi` must be 3.0.x");
  }
  const YamlNode* components = root->Find("components");
  const YamlNode* schemas = components == nullptr ? nullptr : components->Find("schemas");
  if (schemas == nullptr || schemas->kind != YamlNode::Kind::kMap || schemas->keys.empty()) {
    return BadSchema("`components.schemas` must hold one object at least");
  }
  LakeSource parsed;
  parsed.name = source;
  for (size_t i = 0; i < schemas->keys.size(); ++i) {
    if (parsed.Object(schemas->keys[i]) != nullptr) {
      return BadSchema("object `" + schemas->keys[i] + "` stands there twice",
                       &schemas->key_places[i]);
    }
    FIRN_TRY(LakeObject object,
             ReadObject(schemas->keys[i], schemas->items[i], schemas->key_places[i]));
    parsed.objects.push_back(std::move(object));
  }
  return parsed;
}

Result<void> CheckLakeChange(const LakeSource& before, const LakeSource& after) {
  for (const LakeObject& object : before.objects) {
    const LakeObject* now = after.Object(object.name);
    if (now == nullptr) {
      return BadSchema("object `" + object.name + "` cannot be taken out of the schema");
    }
    for (const LakeField& field : object.fields) {
      const size_t place = now->PlaceOf(field.name);
      if (place == std::string::npos || now->fields[place].type != field.type) {
        return BadSchema("field `" + object.name + "." + field.name +
                         "` cannot be taken out of the schema or change its type");
      }
    }
    if (now->fields[now->key].name != object.fields[object.key].name) {
      return BadSchema("the primary key of `" + object.name + "` cannot change");
    }
  }
  return {};
}

std::string_view LakeTypeName(LakeType type) {
  switch (type) {
    case LakeType::kText:
      return "string";
    case LakeType::kNumber:
      return "number";
    case LakeType::kBoolean:
      return "boolean";
    case LakeType::kDate:
      return "date";
    case LakeType::kDateTime:
      return "date-time";
  }
  return "string";
}

std::optional<int64_t> LakeInstant(std::string_view text) {
  // `2021-07-05T09:31:44Z` and longer; an offset is not the vendor's form.
  constexpr size_t kShortest = 20;
  if (text.size() < kShortest || text[10] != 'T' || text.back() != 'Z') return std::nullopt;
  const auto instant = ParseInstant(text);
  if (!instant) return std::nullopt;
  return instant->time_since_epoch().count();
}

bool IsLakeDate(std::string_view text) { return text.size() == 10 && ParseDate(text).has_value(); }

bool IsLakeNumber(std::string_view text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - from;
  };
  const size_t whole_at = at;
  const size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[whole_at] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

bool AppendLakeCell(LakeType type, std::string_view text, std::string& json) {
  if (text.empty()) {
    json += "null";
    return true;
  }
  if (type == LakeType::kNumber) {
    json += text;
    return IsLakeNumber(text);
  }
  if (type == LakeType::kBoolean) {
    const std::string word = Folded(text);
    json += word;
    return word == "true" || word == "false";
  }
  AppendJsonText(text, json);
  if (type == LakeType::kDate) return IsLakeDate(text);
  return type != LakeType::kDateTime || LakeInstant(text).has_value();
}

}  // namespace firn::sandbox
