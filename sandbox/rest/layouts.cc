// `sobjects/X/describe/layouts` and its kin: pages as a new org lays them out, one section of all
// fields in two columns.
// Source: REST API Developer Guide, "Describe Layouts", "Describe Global Layouts", "Named
// Layouts", "Compact Layouts", "Approval Layouts"; SOAP API Developer Guide,
// 'DescribeLayoutResult'; read 2026-11.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/rest/rest.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kMasterRecordType = "012000000000000AAA";
constexpr size_t kColumns = 2;

// An id that the same object has in every answer.
std::string IdOf(std::string_view prefix, const ObjectInfo& object) {
  return IdText(MakeId(prefix, 1'000'000'000ULL + static_cast<uint64_t>(object.number)));
}

// What a person sees and fills in: not the parts of compounds' raw columns, not system stamps.
bool OnPage(const FieldInfo& field, int version) {
  if (!VisibleField(field, version) || field.type == FieldType::kId) return false;
  return field.name != "SystemModstamp" && field.name != "IsDeleted";
}

ordered_json Item(const FieldInfo& field, size_t tab) {
  const bool required = !field.nillable && field.createable && !field.defaulted_on_create;
  ordered_json component = {{"displayLines", field.type == FieldType::kTextArea ? 2 : 1},
                            {"tabOrder", tab},
                            {"type", "Field"},
                            {"value", field.name}};
  return {{"editableForNew", field.createable},
          {"editableForUpdate", field.updateable},
          {"label", field.label},
          {"layoutComponents", ordered_json::array({std::move(component)})},
          {"placeholder", false},
          {"required", required}};
}

ordered_json Section(const ObjectInfo& object, int version, bool edit) {
  ordered_json rows = ordered_json::array();
  ordered_json items = ordered_json::array();
  size_t tab = 0;
  const auto finish = [&] {
    if (items.empty()) return;
    rows.push_back({{"layoutItems", items}, {"numItems", items.size()}});
    items = ordered_json::array();
  };
  for (const FieldInfo& field : object.fields) {
    if (!OnPage(field, version) || (edit && !field.createable && !field.updateable)) continue;
    items.push_back(Item(field, ++tab));
    if (items.size() == kColumns) finish();
  }
  finish();
  const size_t count = rows.size();
  return {{"collapsed", false},
          {"columns", kColumns},
          {"heading", object.label + " Information"},
          {"layoutRows", std::move(rows)},
          {"layoutSectionId", IdOf("01B", object)},
          {"parentLayoutId", IdOf("00h", object)},
          {"rows", count},
          {"tabOrder", "LeftToRight"},
          {"useCollapsibleSection", false},
          {"useHeading", true}};
}

ordered_json RelatedLists(const ObjectInfo& object, const Catalogue& catalogue) {
  ordered_json lists = ordered_json::array();
  for (const ChildRelationship& child : object.child_relationships) {
    const ObjectInfo* of = catalogue.Object(child.child_object);
    if (child.relationship_name.empty() || of == nullptr) continue;
    lists.push_back({{"accessLevelRequiredForCreate", nullptr},
                     {"buttons", ordered_json::array()},
                     {"columns", ordered_json::array()},
                     {"custom", of->custom},
                     {"field", child.field},
                     {"label", of->label_plural},
                     {"limitRows", 5},
                     {"name", child.relationship_name},
                     {"sobject", of->name},
                     {"sort", ordered_json::array()}});
  }
  return lists;
}

ordered_json Layout(const ObjectInfo& object, const Catalogue& catalogue, int version) {
  return {{"buttonLayoutSection", {{"detailButtons", ordered_json::array()}}},
          {"detailLayoutSections", ordered_json::array({Section(object, version, false)})},
          {"editLayoutSections", ordered_json::array({Section(object, version, true)})},
          {"feedView", nullptr},
          {"highlightsPanelLayoutSection", nullptr},
          {"id", IdOf("00h", object)},
          {"multirowEditLayoutSections", ordered_json::array()},
          {"offlineLinks", ordered_json::array()},
          {"quickActionList", {{"quickActionListItems", ordered_json::array()}}},
          {"relatedContent", nullptr},
          {"relatedLists", RelatedLists(object, catalogue)},
          {"saveOptions", ordered_json::array()}};
}

ordered_json Picklists(const ObjectInfo& object) {
  ordered_json lists = ordered_json::array();
  for (const FieldInfo& field : object.fields) {
    if (field.hidden || field.picklist_values.empty()) continue;
    ordered_json values = ordered_json::array();
    for (const PicklistValue& value : field.picklist_values) {
      values.push_back({{"active", value.active},
                        {"defaultValue", value.is_default},
                        {"label", value.label},
                        {"validFor", nullptr},
                        {"value", value.value}});
    }
    lists.push_back({{"picklistName", field.name}, {"picklistValues", std::move(values)}});
  }
  return lists;
}

Answer AllLayouts(const ApiRequest& request, const ObjectInfo& object, const Catalogue& catalogue) {
  const std::string master(kMasterRecordType);
  ordered_json layout = Layout(object, catalogue, request.version);
  const std::string url = request.Root() + "/sobjects/" + object.name + "/describe/layouts/";
  ordered_json mapping = {{"active", true},
                          {"available", true},
                          {"defaultRecordTypeMapping", true},
                          {"developerName", "Master"},
                          {"layoutId", IdOf("00h", object)},
                          {"master", true},
                          {"name", "Master"},
                          {"picklistsForRecordType", Picklists(object)},
                          {"recordTypeId", master},
                          {"urls", {{"layout", url + master}}}};
  return JsonAnswer(200, ordered_json{{"layouts", ordered_json::array({std::move(layout)})},
                                      {"recordTypeMappings", ordered_json::array({mapping})},
                                      {"recordTypeSelectorRequired", {false}}}
                             .dump());
}

Answer Layouts(const ApiRequest& request, const ObjectInfo& object, const Catalogue& catalogue) {
  if (request.path.size() == 4) return AllLayouts(request, object, catalogue);
  if (request.path[4] != kMasterRecordType) return NotFoundAnswer();
  return JsonAnswer(200, Layout(object, catalogue, request.version).dump());
}

// The system default: the name and the first few fields.
ordered_json CompactLayout(const ObjectInfo& object, int version) {
  constexpr size_t kFieldsMax = 4;
  std::vector<const FieldInfo*> shown;
  if (const FieldInfo* name = object.NameField()) shown.push_back(name);
  for (const FieldInfo& field : object.fields) {
    if (shown.size() == kFieldsMax) break;
    const bool plain = field.compound_field_name.empty() && field.createable;
    if (plain && OnPage(field, version) && !field.name_field) shown.push_back(&field);
  }
  ordered_json items = ordered_json::array();
  for (const FieldInfo* field : shown) items.push_back(Item(*field, items.size() + 1));
  return {{"actions", ordered_json::array()},
          {"fieldItems", std::move(items)},
          {"id", nullptr},
          {"imageItems", ordered_json::array()},
          {"label", "System Default"},
          {"name", "SYSTEM"},
          {"objectType", object.name}};
}

Answer CompactLayoutsOf(const ApiRequest& request, const ObjectInfo& object) {
  ordered_json mapping = {{"available", true},
                          {"compactLayoutId", nullptr},
                          {"compactLayoutName", "SYSTEM"},
                          {"recordTypeId", kMasterRecordType},
                          {"recordTypeName", "Master"},
                          {"urls", ordered_json::object()}};
  return JsonAnswer(
      200, ordered_json{{"compactLayouts",
                         ordered_json::array({CompactLayout(object, request.version)})},
                        {"defaultCompactLayoutId", nullptr},
                        {"recordTypeCompactLayoutMappings", ordered_json::array({mapping})},
                        {"urls",
                         {{"primary", request.Root() + "/sobjects/" + object.name +
                                          "/describe/compactLayouts/primary"}}}}
               .dump());
}

}  // namespace

// path: `sobjects`, X, `describe`, `layouts` | `namedLayouts` | `compactLayouts` |
// `approvalLayouts`, and what follows.
Answer DescribeLayouts(ApiParts& parts, const ApiRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed(request.method, "GET,HEAD");
  }
  const std::string& what = request.path[3];
  if (request.path.size() > 5) return NotFoundAnswer();
  if (Folded(request.path[1]) == "global" && what == "layouts") {
    return JsonAnswer(200, R"({"layouts":[],"recordTypeMappings":[],)"
                           R"("recordTypeSelectorRequired":[false]})");
  }
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  const ObjectInfo* object = VisibleObject(*catalogue, request.path[1]);
  if (object == nullptr || !object->layoutable) return NotFoundAnswer();
  if (what == "layouts") return Layouts(request, *object, *catalogue);
  if (what == "namedLayouts" && request.path.size() == 5) {
    const bool known = object->name == "User" && request.path[4] == "UserAlt";
    return known ? AllLayouts(request, *object, *catalogue) : NotFoundAnswer();
  }
  if (what == "approvalLayouts") return JsonAnswer(200, R"({"approvalLayouts":[]})");
  if (what != "compactLayouts") return NotFoundAnswer();
  if (request.path.size() == 4) return CompactLayoutsOf(request, *object);
  if (request.path[4] != "primary") return NotFoundAnswer();
  return JsonAnswer(200, CompactLayout(*object, request.version).dump());
}

// `compactLayouts?q=Account,Contact`
Answer CompactLayoutList(ApiParts& parts, const ApiRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed(request.method, "GET,HEAD");
  }
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  std::string names = request.Query("q");
  ordered_json layouts = ordered_json::object();
  while (!names.empty()) {
    const size_t comma = std::min(names.find(','), names.size());
    const ObjectInfo* object = VisibleObject(*catalogue, names.substr(0, comma));
    if (object == nullptr) return NotFoundAnswer();
    layouts[object->name] = CompactLayout(*object, request.version);
    names.erase(0, comma + 1);
  }
  return JsonAnswer(200, layouts.dump());
}

}  // namespace firn::sandbox
