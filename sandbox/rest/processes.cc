// `process/rules` and `process/approvals` of an org that has neither workflow rules nor approval
// processes: lists that are empty, rules that have nothing to do, requests that no process takes.
// Source: REST API Developer Guide, "Process Rules", "Process Approvals", read 2026-11.
#include <nlohmann/json.hpp>

#include "sandbox/rest/app_pages.h"
#include "sandbox/rest/rest.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kIdsMax = 200;

Error UnknownRecord(const std::string& id) {
  return ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id: " + id);
}

// Errors: api error INVALID_CROSS_REFERENCE_KEY.
Result<void> MustBeThere(ApiParts& parts, const ApiRequest& request, const json& id) {
  const std::string text = id.is_string() ? id.get<std::string>() : id.dump();
  const auto number = ParseId(text);
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  const ObjectInfo* object = number ? catalogue->ByKeyPrefix(KeyPrefixOf(*number)) : nullptr;
  if (object == nullptr) return Fail(UnknownRecord(text));
  const auto record = parts.org.Read(object->name, text, request.Options(false));
  if (!record && PartsOf(record.error()).code == "NOT_FOUND") return Fail(UnknownRecord(text));
  if (!record) return Fail(record.error());
  return {};
}

Answer TriggerRules(ApiParts& parts, const ApiRequest& request) {
  const json body = json::parse(request.body, nullptr, false);
  const json ids = body.is_object() ? body.value("contextIds", json()) : json();
  if (!ids.is_array() || ids.empty() || ids.size() > kIdsMax) {
    return ErrorAnswer(400, "INVALID_INPUT", "contextIds must hold 1 to 200 ids");
  }
  for (const json& id : ids) {
    if (const auto there = MustBeThere(parts, request, id); !there) {
      return ErrorAnswer(there.error());
    }
  }
  return JsonAnswer(200, ordered_json{{"errors", nullptr}, {"success", true}}.dump());
}

Answer Submit(ApiParts& parts, const ApiRequest& request) {
  const json body = json::parse(request.body, nullptr, false);
  const json wishes = body.is_object() ? body.value("requests", json()) : json();
  if (!wishes.is_array() || wishes.empty()) {
    return ErrorAnswer(400, "INVALID_INPUT", "requests must hold at least one request");
  }
  for (const json& wish : wishes) {
    const std::string action = wish.is_object() ? wish.value("actionType", "") : "";
    if (action != "Submit" && action != "Approve" && action != "Reject") {
      return ErrorAnswer(400, "INVALID_INPUT", "actionType is Submit, Approve or Reject");
    }
    const auto there = MustBeThere(parts, request, wish.value("contextId", json("")));
    if (!there) return ErrorAnswer(there.error());
  }
  return ErrorAnswer(400, "NO_APPLICABLE_PROCESS", "No applicable approval process was found.");
}

}  // namespace

Answer Processes(ApiParts& parts, const ApiRequest& request) {
  const bool rules = request.path.size() > 1 && request.path[1] == "rules";
  const bool approvals = request.path.size() > 1 && request.path[1] == "approvals";
  if (request.path.size() != 2 || (!rules && !approvals)) return NotFoundAnswer();
  if (request.method == "POST") {
    return rules ? TriggerRules(parts, request) : Submit(parts, request);
  }
  if (request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed(request.method, "GET,HEAD,POST");
  }
  return JsonAnswer(200, rules ? R"({"rules":{}})" : R"({"approvals":{}})");
}

}  // namespace firn::sandbox
