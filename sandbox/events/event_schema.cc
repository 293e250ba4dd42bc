#include "sandbox/events/event_schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/encoding.h"
#include "sandbox/crypto.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;
using Kind = EventField::Kind;

constexpr size_t kSchemaIdBytes = 16;
constexpr std::string_view kNamespace = "com.sforce.eventbus";
constexpr std::string_view kChangeSuffix = "ChangeEvent";
// What a change event leaves out beside formulas: what is not on the record itself.
constexpr std::string_view kLeftOut[] = {
    "Id",       "IsDeleted",        "SystemModstamp", "MasterRecordId",
    "PhotoUrl", "LastActivityDate", "LastViewedDate", "LastReferencedDate"};
constexpr std::string_view kAddressParts[] = {
    "Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude", "GeocodeAccuracy"};
constexpr std::string_view kNameParts[] = {"Salutation", "FirstName",    "LastName",
                                           "MiddleName", "InformalName", "Suffix"};

Kind KindOf(FieldType type) {
  switch (type) {
    case FieldType::kBoolean:
      return Kind::kBoolean;
    case FieldType::kInt:
      return Kind::kInt;
    case FieldType::kDouble:
    case FieldType::kCurrency:
    case FieldType::kPercent:
      return Kind::kDouble;
    case FieldType::kDate:
    case FieldType::kDateTime:
    case FieldType::kTime:
    case FieldType::kLong:
      return Kind::kMillis;
    default:
      return Kind::kText;
  }
}

// `Data:Currency`: the role and the vendor's word for the type.
std::string DocOf(const FieldInfo& field) {
  if (field.name == "OwnerId") return "Owner:EntityId";
  if (field.name == "CreatedById") return "CreatedBy:EntityId";
  if (field.name == "LastModifiedById") return "ModifiedBy:EntityId";
  if (field.name == "CreatedDate") return "CreatedDate:DateTime";
  if (field.name == "LastModifiedDate") return "ModifiedDate:DateTime";
  if (field.type == FieldType::kReference) return "ForeignKey:EntityId";
  constexpr std::pair<FieldType, const char*> kWords[] = {{FieldType::kBoolean, "Boolean"},
                                                          {FieldType::kTextArea, "MultiLineText"},
                                                          {FieldType::kPicklist, "DynamicEnum"},
                                                          {FieldType::kMultiPicklist, "MultiEnum"},
                                                          {FieldType::kEmail, "Email"},
                                                          {FieldType::kPhone, "Phone"},
                                                          {FieldType::kUrl, "Url"},
                                                          {FieldType::kInt, "Integer"},
                                                          {FieldType::kDouble, "Double"},
                                                          {FieldType::kCurrency, "Currency"},
                                                          {FieldType::kPercent, "Percent"},
                                                          {FieldType::kDate, "DateOnly"},
                                                          {FieldType::kDateTime, "DateTime"},
                                                          {FieldType::kTime, "TimeOnly"}};
  for (const auto& [type, word] : kWords) {
    if (type == field.type) return std::string("Data:") + word;
  }
  return "Data:Text";
}

EventField Plain(const FieldInfo& field, std::string name) {
  EventField made;
  made.name = std::move(name);
  made.kind = KindOf(field.type);
  made.slot = field.slot;
  made.length = field.length;
  made.doc = DocOf(field);
  return made;
}

EventField Compound(const ObjectInfo& object, const FieldInfo& field,
                    std::span<const std::string_view> parts, std::string doc) {
  EventField made;
  made.name = field.name;
  made.kind = Kind::kRecord;
  made.doc = std::move(doc);
  for (const std::string_view part : parts) {
    const FieldInfo* stored = StoredPart(object, field.name, part);
    EventField inner;
    if (stored != nullptr) {
      inner = Plain(*stored, std::string(part));
    } else {
      inner.name = part;
      inner.kind = part == "Latitude" || part == "Longitude" ? Kind::kDouble : Kind::kText;
    }
    made.parts.push_back(std::move(inner));
  }
  return made;
}

bool IsPersonName(const ObjectInfo& object) {
  const FieldInfo* last = object.Field("LastName");
  return last != nullptr && last->compound_field_name == "Name";
}

// Every compound stands once, where its first part stood.
std::vector<EventField> ChangeFields(const ObjectInfo& object) {
  constexpr std::string_view kLocationParts[] = {"Latitude", "Longitude"};
  std::vector<EventField> fields;
  std::set<std::string, std::less<>> done;
  for (const FieldInfo& each : object.fields) {
    const FieldInfo* field = &each;
    if (!each.compound_field_name.empty()) field = object.Field(each.compound_field_name);
    if (field == nullptr || !done.insert(field->name).second) continue;
    const bool compound = !field->components.empty() || field->type == FieldType::kAddress ||
                          field->type == FieldType::kLocation;
    if (field->calculated || field->type == FieldType::kBase64 || (field->slot < 0 && !compound) ||
        std::find(std::begin(kLeftOut), std::end(kLeftOut), field->name) != std::end(kLeftOut)) {
      continue;
    }
    if (field->type == FieldType::kAddress) {
      fields.push_back(Compound(object, *field, kAddressParts, "Data:Address"));
    } else if (field->type == FieldType::kLocation) {
      fields.push_back(Compound(object, *field, kLocationParts, "Data:Location"));
    } else if (field->name == "Name" && IsPersonName(object)) {
      fields.push_back(Compound(object, *field, kNameParts, "Data:PersonName"));
    } else {
      fields.push_back(Plain(*field, field->name));
      if (object.name == "Account" && field->name == "Name") {
        fields.back().kind = Kind::kTextOrName;
        fields.back().doc = "Data:Switchable_PersonName";
      }
    }
  }
  return fields;
}

const char* Primitive(Kind kind) {
  switch (kind) {
    case Kind::kBoolean:
      return "boolean";
    case Kind::kInt:
      return "int";
    case Kind::kDouble:
      return "double";
    case Kind::kMillis:
      return "long";
    default:
      return "string";
  }
}

ordered_json NullableTexts(std::span<const std::string_view> names) {
  ordered_json fields = ordered_json::array();
  for (const std::string_view name : names) {
    fields.push_back({{"name", name}, {"type", {"null", "string"}}, {"default", nullptr}});
  }
  return fields;
}

// A named type is spelt out where it is met first and by its name from then on.
ordered_json NamedType(const std::string& name, ordered_json fields, std::set<std::string>& known) {
  if (!known.insert(name).second) return name;
  return {{"type", "record"}, {"name", name}, {"fields", std::move(fields)}};
}

ordered_json FieldJson(const EventField& field, std::set<std::string>& known) {
  ordered_json json = {{"name", field.name}};
  if (field.kind == Kind::kRecord) {
    ordered_json parts = ordered_json::array();
    for (const EventField& part : field.parts) parts.push_back(FieldJson(part, known));
    const std::string name = field.doc.substr(field.doc.find(':') + 1);
    json["type"] = {"null", NamedType(name, std::move(parts), known)};
  } else if (field.kind == Kind::kTextOrName) {
    json["type"] = {"null", "string",
                    NamedType("Switchable_PersonName", NullableTexts(kNameParts), known)};
  } else if (field.required) {
    json["type"] = Primitive(field.kind);
  } else {
    json["type"] = {"null", Primitive(field.kind)};
  }
  if (!field.doc.empty()) json["doc"] = field.doc;
  if (!field.required) json["default"] = nullptr;
  return json;
}

ordered_json HeaderJson() {
  ordered_json fields = ordered_json::array();
  const auto add = [&](const char* name, ordered_json type) {
    fields.push_back({{"name", name}, {"type", std::move(type)}});
  };
  const ordered_json texts = {{"type", "array"}, {"items", "string"}};
  add("entityName", "string");
  add("recordIds", texts);
  add("changeType", {{"type", "enum"}, {"name", "ChangeType"}, {"symbols", kChangeTypes}});
  add("changeOrigin", "string");
  add("transactionKey", "string");
  add("sequenceNumber", "int");
  add("commitTimestamp", "long");
  add("commitNumber", "long");
  add("commitUser", "string");
  for (const char* name : {"nulledFields", "diffFields", "changedFields"}) add(name, texts);
  return {
      {"name", "ChangeEventHeader"},
      {"type", {{"type", "record"}, {"name", "ChangeEventHeader"}, {"fields", std::move(fields)}}}};
}

void Finish(EventSchema& schema, bool change) {
  std::set<std::string> known;
  ordered_json fields = ordered_json::array();
  if (change) fields.push_back(HeaderJson());
  for (const EventField& field : schema.fields) fields.push_back(FieldJson(field, known));
  ordered_json json = {{"type", "record"},
                       {"name", schema.name},
                       {"namespace", kNamespace},
                       {"fields", std::move(fields)}};
  schema.id = Base64Url(Sha256(json.dump()).substr(0, kSchemaIdBytes));
  json["uuid"] = schema.id;
  schema.json = json.dump();
}

}  // namespace

const FieldInfo* StoredPart(const ObjectInfo& object, std::string_view compound,
                            std::string_view part) {
  for (const FieldInfo& field : object.fields) {
    if (field.compound_field_name != compound || field.slot < 0) continue;
    const std::string_view name = field.name;
    if (name.ends_with(part) || name.ends_with(std::string(part) + "__s")) return &field;
  }
  return nullptr;
}

std::string ChangeStreamOf(std::string_view object) {
  if (object.ends_with("__c")) object.remove_suffix(1);
  return std::string(object) + std::string(kChangeSuffix);
}

bool IsPlatformEvent(std::string_view object) { return object.ends_with("__e"); }

std::shared_ptr<const EventSchema> MakeChangeSchema(const ObjectInfo& object) {
  auto schema = std::make_shared<EventSchema>();
  schema->name = ChangeStreamOf(object.name);
  schema->entity = object.name;
  schema->fields = ChangeFields(object);
  schema->places.resize(object.slots.size());
  for (size_t i = 0; i < schema->fields.size(); ++i) {
    const EventField& field = schema->fields[i];
    const auto position = static_cast<int16_t>(i + 1);
    if (field.slot >= 0) schema->places[field.slot] = {position, -1};
    for (size_t p = 0; p < field.parts.size(); ++p) {
      const int slot = field.parts[p].slot;
      if (slot >= 0) schema->places[slot] = {position, static_cast<int16_t>(p)};
    }
  }
  Finish(*schema, true);
  return schema;
}

std::shared_ptr<const EventSchema> MakePlatformSchema(const ObjectInfo& object) {
  std::vector<EventField> fields;
  for (const FieldInfo& field : object.fields) {
    if (field.custom && field.slot >= 0) fields.push_back(Plain(field, field.name));
  }
  return MakeStreamSchema(object.name, std::move(fields));
}

std::shared_ptr<const EventSchema> MakeStreamSchema(std::string_view name,
                                                    std::vector<EventField> fields) {
  auto schema = std::make_shared<EventSchema>();
  schema->name = name;
  schema->entity = name;
  EventField date{.name = "CreatedDate", .kind = Kind::kMillis, .required = true};
  date.doc = "CreatedDate:DateTime";
  EventField user{.name = "CreatedById", .kind = Kind::kText, .required = true};
  user.doc = "CreatedBy:EntityId";
  schema->fields = {std::move(date), std::move(user)};
  for (EventField& field : fields) schema->fields.push_back(std::move(field));
  Finish(*schema, false);
  return schema;
}

}  // namespace firn::sandbox
