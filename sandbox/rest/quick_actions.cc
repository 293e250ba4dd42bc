// `/quickActions` and `/sobjects/X/quickActions`: the global actions of a new org, and records made
// by them.
// Source: REST API Developer Guide, "Quick Actions", "sObject Quick Actions"; SOAP API Developer
// Guide, 'DescribeQuickActionResult', 'QuickActionResult'; read 2026-11.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/rest/app_pages.h"
#include "sandbox/rest/body.h"
#include "sandbox/rest/rest.h"
#include "sandbox/rest/write.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

struct Action {
  std::string_view name;
  std::string_view type;
  std::string_view label;
  std::string_view target;
};
constexpr Action kActions[] = {{"LogACall", "LogACall", "Log a Call", "Task"},
                               {"NewTask", "Create", "New Task", "Task"},
                               {"NewEvent", "Create", "New Event", "Event"},
                               {"NewContact", "Create", "New Contact", "Contact"},
                               {"NewCase", "Create", "New Case", "Case"},
                               {"NewLead", "Create", "New Lead", "Lead"},
                               {"NewAccount", "Create", "New Account", "Account"},
                               {"NewOpportunity", "Create", "New Opportunity", "Opportunity"}};

ordered_json Basics(const Action& action, const std::string& base) {
  const std::string url = base + '/' + std::string(action.name);
  return {{"actionEnumOrId", action.name},
          {"label", action.label},
          {"name", action.name},
          {"type", action.type},
          {"urls",
           {{"defaultValues", url + "/defaultValues"},
            {"quickAction", url},
            {"describe", url + "/describe"}}}};
}

// What must be filled in, one field a row.
ordered_json LayoutOf(const ObjectInfo& object, int version) {
  ordered_json rows = ordered_json::array();
  for (const FieldInfo& field : object.fields) {
    const bool asked = field.createable && !field.nillable && !field.defaulted_on_create;
    if (!asked || !VisibleField(field, version)) continue;
    ordered_json item = {{"editableForNew", true},
                         {"editableForUpdate", field.updateable},
                         {"label", field.label},
                         {"layoutComponents", ordered_json::array({{{"displayLines", 1},
                                                                    {"tabOrder", rows.size() + 1},
                                                                    {"type", "Field"},
                                                                    {"value", field.name}}})},
                         {"placeholder", false},
                         {"required", true}};
    rows.push_back({{"layoutItems", ordered_json::array({std::move(item)})}, {"numItems", 1}});
  }
  return {{"id", nullptr}, {"layoutRows", std::move(rows)}};
}

Answer Describe(const Action& action, const ObjectInfo& object, const std::string& base,
                int version) {
  return JsonAnswer(200, ordered_json{{"accessLevelRequired", nullptr},
                                      {"canvasApplicationName", nullptr},
                                      {"colors", ordered_json::array()},
                                      {"contextSobjectType", nullptr},
                                      {"defaultValues", ordered_json::array()},
                                      {"height", nullptr},
                                      {"iconName", nullptr},
                                      {"icons", ordered_json::array()},
                                      {"label", action.label},
                                      {"layout", LayoutOf(object, version)},
                                      {"name", action.name},
                                      {"targetParentField", nullptr},
                                      {"targetRecordTypeId", nullptr},
                                      {"targetSobjectType", action.target},
                                      {"type", action.type},
                                      {"urls", Basics(action, base)["urls"]},
                                      {"visualforcePageName", nullptr},
                                      {"width", nullptr}}
                             .dump());
}

// The field that links the new record to where the action was started.
const FieldInfo* LinkTo(const ObjectInfo& target, const ObjectInfo* context) {
  if (context == nullptr) return nullptr;
  const auto leads = [&](const FieldInfo& field) {
    return field.createable && field.name != "OwnerId" &&
           std::find(field.reference_to.begin(), field.reference_to.end(), context->name) !=
               field.reference_to.end();
  };
  const auto found = std::find_if(target.fields.begin(), target.fields.end(), leads);
  return found == target.fields.end() ? nullptr : &*found;
}

// Every field of the action's form, with what it begins with.
Answer DefaultValues(const ApiRequest& request, const Action& action, const ObjectInfo& target,
                     const ObjectInfo* context, const std::string& context_id) {
  ordered_json values = {{"attributes", {{"type", action.target}}}};
  for (const FieldInfo& field : target.fields) {
    const bool shown = field.createable && VisibleField(field, request.version);
    if (shown) values[field.name] = nullptr;
    if (shown && field.default_value) values[field.name] = *field.default_value;
  }
  values["OwnerId"] = request.session.user_id;
  if (action.name == "LogACall") {
    values["Subject"] = "Call";
    values["Status"] = "Completed";
  }
  if (const FieldInfo* link = LinkTo(target, context)) values[link->name] = context_id;
  return JsonAnswer(200, values.dump());
}

// {"contextId": .., "record": {..}}
Answer Run(ApiParts& parts, const ApiRequest& request, const Action& action,
           const ObjectInfo& target, const Catalogue& catalogue) {
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object() || !body.value("record", json()).is_object()) {
    return ErrorAnswer(400, "JSON_PARSER_ERROR", "The body must hold a record");
  }
  const json context = body.value("contextId", json());
  const std::string context_id = context.is_string() ? context.get<std::string>() : "";
  auto record = ReadRecordBody(body["record"].dump());
  if (!record) return ErrorAnswer(record.error());
  const auto given = [&](std::string_view name) {
    return std::any_of(record->cells.begin(), record->cells.end(),
                       [&](const Cell& cell) { return Folded(cell.name) == Folded(name); });
  };
  const auto fill = [&](std::string_view name, std::string_view text) {
    if (!given(name)) record->cells.push_back({name, text});
  };
  const auto id = ParseId(context_id);
  if (!context_id.empty() && !id) {
    return ErrorAnswer(400, "MALFORMED_ID", "malformed id " + context_id);
  }
  const FieldInfo* link = id ? LinkTo(target, catalogue.ByKeyPrefix(KeyPrefixOf(*id))) : nullptr;
  if (link != nullptr) fill(link->name, context_id);
  if (action.name == "LogACall") {
    fill("Subject", "Call");
    fill("Status", "Completed");
  }
  Mutation mutation;
  mutation.object = target.name;
  mutation.cells = record->cells;
  const auto row = WriteRow(parts, request, mutation);
  if (!row) return ErrorAnswer(row.error());
  return JsonAnswer(201, ordered_json{{"contextId", context},
                                      {"created", true},
                                      {"feedItemIds", ordered_json::array()},
                                      {"id", IdText(row->id)},
                                      {"ids", ordered_json::array({IdText(row->id)})},
                                      {"success", true},
                                      {"successMessage", nullptr}}
                             .dump());
}

Answer List(const std::string& base) {
  ordered_json actions = ordered_json::array();
  for (const Action& action : kActions) actions.push_back(Basics(action, base));
  return JsonAnswer(200, actions.dump());
}

}  // namespace

// path: [`sobjects`, X,] `quickActions`, a name, `describe` | `defaultValues`, a context's id.
Answer QuickActions(ApiParts& parts, const ApiRequest& request) {
  const bool of_object = request.path[0] == "sobjects";
  const std::vector<std::string> path(request.path.begin() + (of_object ? 3 : 1),
                                      request.path.end());
  const bool reads = request.method == "GET" || request.method == "HEAD";
  std::string base = request.Root();
  if (of_object) base += "/sobjects/" + request.path[1];
  base += "/quickActions";
  if (path.empty()) return reads ? List(base) : MethodNotAllowed(request.method, "GET,HEAD");
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  for (const Action& action : kActions) {
    const ObjectInfo* target = VisibleObject(*catalogue, action.target);
    if (action.name != path[0] || target == nullptr) continue;
    if (path.size() == 1) {
      if (request.method == "POST") return Run(parts, request, action, *target, *catalogue);
      return reads ? JsonAnswer(200, Basics(action, base).dump())
                   : MethodNotAllowed(request.method, "GET,HEAD,POST");
    }
    if (!reads) return MethodNotAllowed(request.method, "GET,HEAD");
    if (path[1] == "describe" && path.size() == 2) {
      return Describe(action, *target, base, request.version);
    }
    if (path[1] == "defaultValues" && path.size() <= 3) {
      const std::string context_id = path.size() == 3 ? path[2] : "";
      const auto id = ParseId(context_id);
      if (path.size() == 3 && !id) return NotFoundAnswer();
      return DefaultValues(request, action, *target,
                           id ? catalogue->ByKeyPrefix(KeyPrefixOf(*id)) : nullptr, context_id);
    }
  }
  return NotFoundAnswer();
}

}  // namespace firn::sandbox
