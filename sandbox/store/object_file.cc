#include "sandbox/store/object_file.h"

#include <algorithm>
#include <set>

#include "core/base/nearest.h"
#include "sandbox/store/value_sets.h"
#include "sandbox/store/yaml_node.h"
#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

tl::unexpected<Error> Bad(const YamlNode& place, std::string what) {
  return Fail(
      Error(Kind::kBadConfig, "SBX-SCHEMA-001", std::move(what))
          .At("object file:" + std::to_string(place.line) + ":" + std::to_string(place.column)));
}

// Reads the keys of one mapping, each at most once, and remembers which were known.
class Mapping {
 public:
  explicit Mapping(const YamlNode& node) : node_(node) {}

  std::string Text(std::string_view key, std::string fallback = {}) {
    const YamlNode* value = Get(key);
    const bool scalar = value != nullptr && value->kind == YamlNode::Kind::kScalar;
    return scalar ? value->scalar : fallback;
  }
  bool Flag(std::string_view key, bool fallback = false) {
    const std::string text = Text(key);
    return text.empty() ? fallback : text == "true";
  }
  int64_t Number(std::string_view key, int64_t fallback = 0) {
    const std::string text = Text(key);
    return text.empty() ? fallback : std::strtoll(text.c_str(), nullptr, 10);
  }
  std::vector<std::string> List(std::string_view key) {
    std::vector<std::string> items;
    const YamlNode* value = Get(key);
    if (value == nullptr) return items;
    if (value->kind == YamlNode::Kind::kScalar) items.push_back(value->scalar);
    for (const YamlNode& item : value->items) items.push_back(item.scalar);
    return items;
  }
  // nullptr when the key is not there.
  const YamlNode* Get(std::string_view key) {
    known_.push_back(key);
    return node_.Find(key);
  }
  // Unknown and repeated keys.
  Result<void> Finish() {
    for (size_t i = 0; i < node_.keys.size(); ++i) {
      const std::string& key = node_.keys[i];
      const auto first = std::find(node_.keys.begin(), node_.keys.end(), key);
      if (first - node_.keys.begin() != static_cast<std::ptrdiff_t>(i)) {
        return Bad(node_.key_places[i], "key `" + key + "` stands twice");
      }
      if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
        const std::vector<std::string> known(known_.begin(), known_.end());
        return Bad(node_.key_places[i], "unknown key `" + key + "`" + DidYouMean(key, known));
      }
    }
    return {};
  }

 private:
  const YamlNode& node_;
  std::vector<std::string_view> known_;
};

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

int DefaultLength(FieldType type) {
  switch (type) {
    case FieldType::kId:
    case FieldType::kReference:
      return 18;
    case FieldType::kEmail:
      return 80;
    case FieldType::kPhone:
      return 40;
    case FieldType::kMultiPicklist:
      return 4099;
    default:
      return 255;
  }
}

// What the type implies for the describe answer.
// Source: Object Reference, 'Field Types' and 'API Field Properties', read 2026-11.
void CompleteField(FieldInfo& field) {
  const FieldType type = field.type;
  const bool long_text = (type == FieldType::kTextArea || IsText(type)) && field.length > 4099;
  if (IsText(type) || type == FieldType::kId || type == FieldType::kReference) {
    const bool id = type == FieldType::kId || type == FieldType::kReference;
    if (field.length == 0 && type != FieldType::kBase64) field.length = DefaultLength(type);
    field.byte_length = id ? field.length : field.length * 3;
  } else if (type == FieldType::kInt && field.digits == 0) {
    field.digits = 9;
  } else if (IsDecimal(type) && field.precision == 0) {
    field.precision = 18;
    field.scale = 2;
  }
  if (type == FieldType::kBoolean) {
    field.nillable = false;
    field.defaulted_on_create = true;
    if (!field.default_value) field.default_value = "false";
  }
  if (type == FieldType::kId) {
    field.nillable = field.createable = field.updateable = false;
    field.id_lookup = field.defaulted_on_create = true;
    field.permissionable = false;
  }
  const bool structured = type == FieldType::kAddress || type == FieldType::kLocation;
  const bool ungrouped = IsDecimal(type) || type == FieldType::kDateTime || structured ||
                         type == FieldType::kBase64 || type == FieldType::kMultiPicklist ||
                         long_text;
  if (ungrouped) field.groupable = false;
  if (structured || type == FieldType::kBase64 || type == FieldType::kMultiPicklist || long_text) {
    field.sortable = field.aggregatable = false;
  }
  if (type == FieldType::kBoolean || type == FieldType::kTextArea) field.aggregatable = false;
  if (type == FieldType::kBase64 || long_text) field.filterable = false;
  if (field.calculated || structured) field.createable = field.updateable = false;
  field.custom = EndsWith(field.name, "__c") || EndsWith(field.name, "__s");
  if (field.label.empty()) field.label = field.name;
  if (field.external_id) field.id_lookup = true;
}

Result<FieldInfo> ParseField(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kMap) return Bad(node, "a field is a mapping");
  Mapping map(node);
  FieldInfo field;
  field.name = map.Text("name");
  if (field.name.empty()) return Bad(node, "a field needs a `name`");
  const std::string type = map.Text("type");
  const auto known = TypeByName(type);
  if (!known) {
    return Bad(node, "field `" + field.name + "` has the unknown type `" + type + "`");
  }
  field.type = *known;
  field.label = map.Text("label");
  field.length = static_cast<int>(map.Number("length"));
  field.precision = static_cast<int>(map.Number("precision"));
  field.scale = static_cast<int>(map.Number("scale"));
  field.digits = static_cast<int>(map.Number("digits"));
  field.nillable = !map.Flag("required");
  const bool read_only = map.Flag("readOnly");
  field.createable = !read_only && !map.Flag("updateOnly");
  field.updateable = !read_only && !map.Flag("createOnly");
  field.defaulted_on_create = map.Flag("defaultedOnCreate");
  field.auto_number = map.Flag("autoNumber");
  field.name_field = map.Flag("nameField");
  field.external_id = map.Flag("externalId");
  field.unique = map.Flag("unique");
  field.id_lookup = map.Flag("idLookup");
  field.case_sensitive = map.Flag("caseSensitive");
  field.filterable = map.Flag("filterable", true);
  field.sortable = map.Flag("sortable", true);
  field.groupable = map.Flag("groupable", true);
  field.restricted_picklist = map.Flag("restrictedPicklist");
  field.html_formatted = map.Flag("htmlFormatted");
  field.cascade_delete = map.Flag("cascadeDelete");
  field.restricted_delete = map.Flag("restrictedDelete");
  field.polymorphic = map.Flag("polymorphic");
  field.name_pointing = map.Flag("namePointing");
  field.calculated_formula = map.Text("formula");
  field.calculated = !field.calculated_formula.empty();
  field.compound_field_name = map.Text("compound");
  field.extra_type_info = map.Text("extraType");
  field.inline_help_text = map.Text("help");
  field.relationship_name = map.Text("relationship");
  field.child_relationship_name = map.Text("children");
  field.reference_to = map.List("referenceTo");
  field.min_api_version = map.Number("since");
  field.generate = map.Text("generate");
  if (const std::string text = map.Text("default"); !text.empty()) field.default_value = text;
  for (auto& value : map.List("values")) {
    PicklistValue entry{value, value, true, field.default_value == value};
    field.picklist_values.push_back(std::move(entry));
  }
  if (const std::string name = map.Text("valueSet"); !name.empty()) {
    auto values = ValueSet(name);
    if (!values) return Bad(node, "there is no value set `" + name + "`");
    field.picklist_values = *std::move(values);
    for (auto& value : field.picklist_values) value.is_default = field.default_value == value.value;
  }
  FIRN_CHECK(map.Finish());
  if (field.type == FieldType::kReference && field.reference_to.empty()) {
    return Bad(node, "reference field `" + field.name + "` needs `referenceTo`");
  }
  if (IsDecimal(field.type) && (field.precision > 18 || field.scale > 17)) {
    return Bad(node, "field `" + field.name + "` has more than 18 digits");
  }
  CompleteField(field);
  return field;
}

FieldInfo SystemField(std::string name, FieldType type) {
  FieldInfo field;
  field.name = std::move(name);
  field.type = type;
  field.nillable = field.createable = field.updateable = false;
  field.defaulted_on_create = true;
  field.generate = "system";
  if (type == FieldType::kReference) {
    field.reference_to = {"User"};
    field.relationship_name = field.name.substr(0, field.name.size() - 2);
  }
  CompleteField(field);
  return field;
}

bool IsPlatformEvent(const ObjectInfo& object) { return EndsWith(object.name, "__e"); }

// Records of it are events: they are published and never read back.
// Source: Platform Events Developer Guide, 'Platform Event Fields', read 2026-11.
void MakePlatformEvent(ObjectInfo& object) {
  object.updateable = object.deletable = object.undeletable = false;
  object.queryable = object.retrieveable = object.replicateable = false;
  object.searchable = object.layoutable = false;
  object.seed_rows = 0;
}

// Shares, histories, members, lines and attachments are not searched for by text.
// Source: SOQL and SOSL Reference, 'IN SearchGroup' and 'RETURNING FieldSpec'; SOAP API Developer
// Guide, 'search()'; read 2026-11.
bool IsSearchable(const ObjectInfo& object) {
  constexpr std::string_view kStandard[] = {
      "Account",        "Asset",          "Campaign",    "Case",        "Contact",
      "Contract",       "ContentVersion", "Entitlement", "Event",       "Group",
      "Knowledge__kav", "Lead",           "Note",        "Opportunity", "Order",
      "PermissionSet",  "Pricebook2",     "Product2",    "Quote",       "ServiceContract",
      "Solution",       "Task",           "User",        "WorkOrder"};
  return object.custom ||
         std::find(std::begin(kStandard), std::end(kStandard), object.name) != std::end(kStandard);
}

void AddMissing(ObjectInfo& object, std::vector<FieldInfo> wanted) {
  for (auto& field : wanted) {
    const bool there = std::any_of(object.fields.begin(), object.fields.end(),
                                   [&](const FieldInfo& each) { return each.name == field.name; });
    if (there) continue;
    const bool first = field.name == "Id";
    object.fields.insert(first ? object.fields.begin() : object.fields.end(), std::move(field));
  }
}

// Every custom object has these; a file need not say so.
void AddSystemFields(ObjectInfo& object) {
  std::vector<FieldInfo> wanted;
  wanted.push_back(SystemField("Id", FieldType::kId));
  if (IsPlatformEvent(object)) {
    wanted.push_back(SystemField("ReplayId", FieldType::kString));
    wanted.push_back(SystemField("EventUuid", FieldType::kString));
    wanted.push_back(SystemField("CreatedDate", FieldType::kDateTime));
    wanted.push_back(SystemField("CreatedById", FieldType::kReference));
    return AddMissing(object, std::move(wanted));
  }
  wanted.push_back(SystemField("IsDeleted", FieldType::kBoolean));
  wanted.push_back(SystemField("CreatedDate", FieldType::kDateTime));
  wanted.push_back(SystemField("CreatedById", FieldType::kReference));
  wanted.push_back(SystemField("LastModifiedDate", FieldType::kDateTime));
  wanted.push_back(SystemField("LastModifiedById", FieldType::kReference));
  wanted.push_back(SystemField("SystemModstamp", FieldType::kDateTime));
  AddMissing(object, std::move(wanted));
}

Result<ObjectInfo> ParseRoot(const YamlNode& root) {
  if (root.kind != YamlNode::Kind::kMap) return Bad(root, "an object file is a mapping");
  Mapping map(root);
  ObjectInfo object;
  object.name = map.Text("object");
  if (object.name.empty()) return Bad(root, "an object file needs `object`");
  object.label = map.Text("label", object.name);
  object.label_plural = map.Text("plural", object.label);
  object.key_prefix = map.Text("keyPrefix");
  if (!object.key_prefix.empty() && object.key_prefix.size() != 3) {
    return Bad(root, "`keyPrefix` has three characters");
  }
  object.custom = EndsWith(object.name, "__c");
  object.createable = map.Flag("createable", true);
  object.updateable = map.Flag("updateable", true);
  object.deletable = map.Flag("deletable", true);
  object.undeletable = map.Flag("undeletable", object.deletable);
  object.mergeable = map.Flag("mergeable");
  object.feed_enabled = map.Flag("feedEnabled");
  object.mru_enabled = map.Flag("mruEnabled");
  object.searchable = map.Flag("searchable", IsSearchable(object));
  object.seed_rows = map.Number("rows", object.custom ? 1000 : 0);
  for (const char* note : {"source", "read", "leftOut"}) (void)map.Get(note);
  if (IsPlatformEvent(object)) MakePlatformEvent(object);
  const YamlNode* fields = map.Get("fields");
  FIRN_CHECK(map.Finish());
  if (fields == nullptr) return object;
  if (fields->kind == YamlNode::Kind::kScalar || fields->kind == YamlNode::Kind::kMap) {
    return Bad(*fields, "`fields` is a list");
  }
  std::set<std::string> seen;
  for (const YamlNode& node : fields->items) {
    FIRN_TRY(FieldInfo field, ParseField(node));
    if (!seen.insert(Folded(field.name)).second) {
      return Bad(node, "field `" + field.name + "` stands twice");
    }
    object.fields.push_back(std::move(field));
  }
  return object;
}

// Activities, notes, files and emails hang on custom objects too. Source: Object Reference, 'Task'
// (WhatId), 'Attachment' (ParentId), 'ContentDocumentLink' (LinkedEntityId), read 2026-11.
bool LeadsToAnyObject(const ObjectInfo& object, const FieldInfo& field) {
  static constexpr std::pair<std::string_view, std::string_view> kFields[] = {
      {"Attachment", "ParentId"},
      {"ContentDocumentLink", "LinkedEntityId"},
      {"EmailMessage", "RelatedToId"},
      {"Event", "WhatId"},
      {"Note", "ParentId"},
      {"Task", "WhatId"}};
  return std::any_of(std::begin(kFields), std::end(kFields), [&](const auto& each) {
    return each.first == object.name && each.second == field.name;
  });
}

void ReferToCustomObjects(std::vector<ObjectInfo>& objects) {
  std::vector<std::string> custom;
  for (const auto& object : objects) {
    if (object.custom && !IsPlatformEvent(object)) custom.push_back(object.name);
  }
  for (auto& object : objects) {
    for (auto& field : object.fields) {
      if (!LeadsToAnyObject(object, field)) continue;
      for (const auto& name : custom) {
        const auto& known = field.reference_to;
        if (std::find(known.begin(), known.end(), name) == known.end()) {
          field.reference_to.push_back(name);
        }
      }
    }
  }
}

}  // namespace

Result<ObjectInfo> ParseObjectFile(std::string_view yaml) {
  FIRN_TRY(const YamlNode root, ReadYaml(yaml));
  return ParseRoot(root);
}

const Result<std::vector<ObjectInfo>>& BuiltInObjects() {
  static const Result<std::vector<ObjectInfo>> parsed = []() -> Result<std::vector<ObjectInfo>> {
    std::vector<ObjectInfo> objects;
    for (const BuiltInFile& file : BuiltInObjectFiles()) {
      FIRN_TRY(const YamlNode root, ReadPlainYaml(file.yaml));
      FIRN_TRY(ObjectInfo object, ParseRoot(root));
      objects.push_back(std::move(object));
    }
    return objects;
  }();
  return parsed;
}

Result<std::vector<ObjectInfo>> JoinObjects(std::vector<ObjectInfo> objects) {
  std::vector<ObjectInfo> joined;
  for (auto& object : objects) {
    const auto same = std::find_if(joined.begin(), joined.end(), [&](const ObjectInfo& each) {
      return Folded(each.name) == Folded(object.name);
    });
    if (same == joined.end()) {
      joined.push_back(std::move(object));
      continue;
    }
    for (auto& field : object.fields) {
      const auto old = std::find_if(
          same->fields.begin(), same->fields.end(),
          [&](const FieldInfo& each) { return Folded(each.name) == Folded(field.name); });
      if (old == same->fields.end()) {
        same->fields.push_back(std::move(field));
      } else {
        *old = std::move(field);
      }
    }
  }
  std::set<std::string> prefixes;
  int next_custom = 0;
  for (const auto& object : joined) prefixes.insert(object.key_prefix);
  for (auto& object : joined) {
    if (object.custom || IsPlatformEvent(object)) AddSystemFields(object);
    if (object.fields.empty() || object.fields[0].type != FieldType::kId) {
      return Fail(Error(Kind::kBadConfig, "SBX-SCHEMA-002",
                        "object `" + object.name + "` needs `Id` as its first field"));
    }
    while (object.key_prefix.empty()) {  // custom objects: a05, a06 ..
      static constexpr char kDigits[] =
          "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv";
      const std::string prefix = {'a', kDigits[(next_custom + 5) / 58 % 58],
                                  kDigits[(next_custom + 5) % 58]};
      ++next_custom;
      if (prefixes.insert(prefix).second) object.key_prefix = prefix;
    }
  }
  ReferToCustomObjects(joined);
  return joined;
}

void IndexObjects(std::vector<ObjectInfo>& objects) {
  for (auto& object : objects) {
    object.child_relationships.clear();
    object.field_by_folded_name.clear();
    object.field_by_folded_relationship.clear();
    for (size_t i = 0; i < object.fields.size(); ++i) {
      FieldInfo& field = object.fields[i];
      field.components.clear();
      object.field_by_folded_name[Folded(field.name)] = static_cast<int>(i);
      if (!field.relationship_name.empty()) {
        object.field_by_folded_relationship[Folded(field.relationship_name)] = static_cast<int>(i);
      }
    }
    for (size_t i = 0; i < object.fields.size(); ++i) {
      const auto found =
          object.field_by_folded_name.find(Folded(object.fields[i].compound_field_name));
      if (found == object.field_by_folded_name.end()) continue;
      object.fields[found->second].components.push_back(static_cast<int>(i));
    }
  }
  for (const auto& child : objects) {
    for (const auto& field : child.fields) {
      for (const auto& parent_name : field.reference_to) {
        const auto parent =
            std::find_if(objects.begin(), objects.end(),
                         [&](const ObjectInfo& each) { return each.name == parent_name; });
        if (parent == objects.end()) continue;
        parent->child_relationships.push_back({child.name, field.name,
                                               field.child_relationship_name, field.cascade_delete,
                                               field.restricted_delete});
      }
    }
  }
}

}  // namespace firn::sandbox
