#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "sandbox/rest/recent.h"
#include "sandbox/rest/rest.h"
#include "sandbox/soql/scope.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

json TextOrNull(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json ObjectUrls(const ObjectInfo& object, const std::string& root) {
  const std::string base = root + "/sobjects/" + object.name;
  json urls = {
      {"sobject", base}, {"describe", base + "/describe"}, {"rowTemplate", base + "/{ID}"}};
  if (object.layoutable) {
    urls["layouts"] = base + "/describe/layouts";
    urls["compactLayouts"] = base + "/describe/compactLayouts";
    urls["approvalLayouts"] = base + "/describe/approvalLayouts";
    urls["listviews"] = base + "/listviews";
    urls["quickActions"] = base + "/quickActions";
  }
  return urls;
}

// What global describe and object describe share.
json ObjectSummary(const ObjectInfo& object, const std::string& root) {
  return {{"activateable", false},
          {"associateEntityType", nullptr},
          {"associateParentEntity", nullptr},
          {"createable", object.createable},
          {"custom", object.custom},
          {"customSetting", false},
          {"deepCloneable", false},
          {"deletable", object.deletable},
          {"deprecatedAndHidden", false},
          {"feedEnabled", object.feed_enabled},
          {"hasSubtypes", false},
          {"isInterface", false},
          {"isSubtype", false},
          {"keyPrefix", TextOrNull(object.key_prefix)},
          {"label", object.label},
          {"labelPlural", object.label_plural},
          {"layoutable", object.layoutable},
          {"mergeable", object.mergeable},
          {"mruEnabled", object.mru_enabled},
          {"name", object.name},
          {"queryable", object.queryable},
          {"replicateable", object.replicateable},
          {"retrieveable", object.retrieveable},
          {"searchable", object.searchable},
          {"triggerable", object.triggerable},
          {"undeletable", object.undeletable},
          {"updateable", object.updateable},
          {"urls", ObjectUrls(object, root)}};
}

json DefaultValue(const FieldInfo& field) {
  if (field.type == FieldType::kBoolean) {
    return field.default_value.has_value() && *field.default_value == "true";
  }
  return field.default_value ? json(*field.default_value) : json(nullptr);
}

json Picklist(const FieldInfo& field) {
  json values = json::array();
  for (const PicklistValue& value : field.picklist_values) {
    values.push_back({{"active", value.active},
                      {"defaultValue", value.is_default},
                      {"label", value.label.empty() ? value.value : value.label},
                      {"validFor", nullptr},
                      {"value", value.value}});
  }
  return values;
}

json FieldDescribe(const FieldInfo& field) {
  json out = {{"aggregatable", field.aggregatable},
              {"aiPredictionField", false},
              {"autoNumber", field.auto_number},
              {"byteLength", field.byte_length},
              {"calculated", field.calculated},
              {"calculatedFormula", TextOrNull(field.calculated_formula)},
              {"cascadeDelete", field.custom && field.cascade_delete},
              {"caseSensitive", field.case_sensitive},
              {"compoundFieldName", TextOrNull(field.compound_field_name)},
              {"controllerName", TextOrNull(field.controller_name)},
              {"createable", field.createable},
              {"custom", field.custom},
              {"defaultValue", DefaultValue(field)},
              {"defaultValueFormula", nullptr},
              {"defaultedOnCreate", field.defaulted_on_create},
              {"dependentPicklist", !field.controller_name.empty()},
              {"deprecatedAndHidden", false},
              {"digits", field.digits},
              {"displayLocationInDecimal", field.type == FieldType::kLocation},
              {"encrypted", field.type == FieldType::kEncryptedString},
              {"externalId", field.external_id},
              {"extraTypeInfo", TextOrNull(field.extra_type_info)},
              {"filterable", field.filterable},
              {"filteredLookupInfo", nullptr},
              {"formulaTreatNullNumberAsZero", false},
              {"groupable", field.groupable},
              {"highScaleNumber", false},
              {"htmlFormatted", field.html_formatted},
              {"idLookup", field.id_lookup},
              {"inlineHelpText", TextOrNull(field.inline_help_text)},
              {"label", field.label},
              {"length", field.length},
              {"mask", nullptr},
              {"maskType", nullptr},
              {"name", field.name},
              {"nameField", field.name_field},
              {"namePointing", field.name_pointing},
              {"nillable", field.nillable},
              {"permissionable", field.permissionable},
              {"picklistValues", Picklist(field)},
              {"polymorphicForeignKey", field.polymorphic},
              {"precision", field.precision},
              {"queryByDistance", field.type == FieldType::kLocation}};
  out.update({{"referenceTargetField", nullptr},
              {"referenceTo", field.reference_to},
              {"relationshipName", TextOrNull(field.relationship_name)},
              {"relationshipOrder", nullptr},
              {"restrictedDelete", field.custom && field.restricted_delete},
              {"restrictedPicklist", field.restricted_picklist},
              {"scale", field.scale},
              {"searchPrefilterable", false},
              {"soapType", SoapTypeName(field.type)},
              {"sortable", field.sortable},
              {"type", TypeName(field.type)},
              {"unique", field.unique},
              {"updateable", field.updateable},
              {"writeRequiresMasterRead", false}});
  return out;
}

json ChildRelationships(const ObjectInfo& object) {
  json children = json::array();
  for (const ChildRelationship& child : object.child_relationships) {
    children.push_back({{"cascadeDelete", child.cascade_delete},
                        {"childSObject", child.child_object},
                        {"deprecatedAndHidden", false},
                        {"field", child.field},
                        {"junctionIdListNames", json::array()},
                        {"junctionReferenceTo", json::array()},
                        {"relationshipName", TextOrNull(child.relationship_name)},
                        {"restrictedDelete", child.restricted_delete}});
  }
  return children;
}

// `All accounts`, `My accounts`, `My delegated tasks`.
json SupportedScopes(const ObjectInfo& object) {
  json scopes = json::array();
  for (const std::string_view name : soql::ScopesOf(object)) {
    const std::string before = name == "everything"  ? "All "
                               : name == "delegated" ? "My delegated "
                                                     : "My ";
    scopes.push_back({{"label", before + Folded(object.label_plural)}, {"name", name}});
  }
  return scopes;
}

json RecordTypes(const ObjectInfo& object, const std::string& root) {
  json types = json::array();
  for (const RecordTypeInfo& type : object.record_types) {
    types.push_back(
        {{"active", type.active},
         {"available", type.available},
         {"defaultRecordTypeMapping", type.is_default},
         {"developerName", type.developer_name},
         {"master", type.master},
         {"name", type.name},
         {"recordTypeId", type.id},
         {"urls",
          {{"layout", root + "/sobjects/" + object.name + "/describe/layouts/" + type.id}}}});
  }
  return types;
}

// Users have a second layout, as in every org.
json NamedLayouts(const ObjectInfo& object, const std::string& root) {
  if (object.name != "User") return json::array();
  return json::array(
      {{{"name", "UserAlt"},
        {"urls", {{"layout", root + "/sobjects/User/describe/namedLayouts/UserAlt"}}}}});
}

// HTTP dates have whole seconds: a change within the second must not look unmodified.
UtcMicros WholeSecond(UtcMicros time) { return std::chrono::ceil<std::chrono::seconds>(time); }

// 304 when the client has seen the state of `changed`.
std::optional<Answer> Unchanged(const ApiRequest& request, UtcMicros changed) {
  const auto since = request.http.headers.Get("If-Modified-Since");
  if (!since || ParseHttpDate(std::string(*since)) < WholeSecond(changed)) return std::nullopt;
  Answer answer;
  answer.status = 304;
  answer.headers.Set("Last-Modified", HttpDate(WholeSecond(changed)));
  return answer;
}

}  // namespace

Answer GlobalDescribe(ApiParts& parts, const ApiRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed(request.method, "GET,HEAD");
  }
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  UtcMicros changed{};
  for (const ObjectInfo& object : catalogue->objects()) {
    changed = std::max(changed, object.changed_at);
  }
  if (auto unchanged = Unchanged(request, changed)) return *std::move(unchanged);
  json objects = json::array();
  for (const ObjectInfo& object : catalogue->objects()) {
    objects.push_back(ObjectSummary(object, request.Root()));
  }
  Answer answer =
      JsonAnswer(200, Dump({{"encoding", "UTF-8"}, {"maxBatchSize", 200}, {"sobjects", objects}}));
  answer.headers.Set("Last-Modified", HttpDate(WholeSecond(changed)));
  return answer;
}

Answer BasicObjectInfo(ApiParts& parts, const ApiRequest& request) {
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  const ObjectInfo* object = VisibleObject(*catalogue, request.path[1]);
  if (object == nullptr) return NotFoundAnswer();
  constexpr size_t kRecentMax = 200;
  const auto recent = RecentJson(parts, request, object->name, kRecentMax);
  if (!recent) return ErrorAnswer(recent.error());
  return JsonAnswer(200, "{\"objectDescribe\":" + Dump(ObjectSummary(*object, request.Root())) +
                             ",\"recentItems\":" + *recent + "}");
}

Answer ObjectDescribe(ApiParts& parts, const ApiRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed(request.method, "GET,HEAD");
  }
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  const ObjectInfo* object = VisibleObject(*catalogue, request.path[1]);
  if (object == nullptr) return NotFoundAnswer();
  if (auto unchanged = Unchanged(request, object->changed_at)) return *std::move(unchanged);
  json fields = json::array();
  for (const FieldInfo& field : object->fields) {
    if (VisibleField(field, request.version)) fields.push_back(FieldDescribe(field));
  }
  const std::string root = request.Root();
  json body = ObjectSummary(*object, root);
  body["urls"]["uiEditTemplate"] = "/{ID}/e";
  body["urls"]["uiDetailTemplate"] = "/{ID}";
  body["urls"]["uiNewRecord"] = "/" + object->key_prefix + "/e";
  body.update({{"actionOverrides", json::array()},
               {"childRelationships", ChildRelationships(*object)},
               {"compactLayoutable", object->layoutable},
               {"defaultImplementation", nullptr},
               {"extendedBy", nullptr},
               {"extendsInterfaces", nullptr},
               {"fields", fields},
               {"implementedBy", nullptr},
               {"implementsInterfaces", nullptr},
               {"listviewable", nullptr},
               {"lookupLayoutable", nullptr},
               {"namedLayoutInfos", NamedLayouts(*object, root)},
               {"networkScopeFieldName", nullptr},
               {"recordTypeInfos", RecordTypes(*object, root)},
               {"searchLayoutable", object->searchable},
               {"sobjectDescribeOption", "FULL"},
               {"supportedScopes", SupportedScopes(*object)}});
  Answer answer = JsonAnswer(200, Dump(body));
  answer.headers.Set("Last-Modified", HttpDate(WholeSecond(object->changed_at)));
  return answer;
}

}  // namespace firn::sandbox
