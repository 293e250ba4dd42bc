// What the Tooling API tells of a managed subscription.
// Source: Tooling API Reference, "ManagedEventSubscription", read 2026-11.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "ends/salesforce/internal/rest_internal.h"
#include "ends/salesforce/pubsub.h"

namespace firn::salesforce {
namespace {

using Json = nlohmann::json;

std::string TextOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool IsPlain(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  });
}

Error Unknown(const std::string& name) {
  return Error(Kind::kNotFound, "SF-STREAM-017",
               "the org has no managed subscription `" + name + "`")
      .Hint("make one in Setup > Managed Event Subscriptions, or name another");
}

}  // namespace

Result<ManagedSubscription> FindManagedSubscription(const Call& call, RestClient& rest,
                                                    const std::string& name) {
  if (!IsPlain(name)) return Fail(Unknown(name));
  const bool id = name[0] >= '0' && name[0] <= '9';
  // Metadata is told of one record at a time only.
  QueryOptions query;
  query.soql = "SELECT Id, DeveloperName, Metadata FROM ManagedEventSubscription WHERE " +
               std::string(id ? "Id" : "DeveloperName") + " = '" + name + "'";
  FIRN_TRY(const auto stream, OpenToolingQuery(call, rest, query));
  FIRN_TRY(const auto record, stream->Next(call));
  if (!record) return Fail(Unknown(name));
  const Json json = Json::parse(*record, nullptr, false);
  if (!json.is_object()) return Fail(Unknown(name));
  ManagedSubscription found;
  found.id = TextOf(json, "Id");
  found.developer_name = TextOf(json, "DeveloperName");
  const auto metadata = json.find("Metadata");
  if (metadata != json.end() && metadata->is_object()) {
    found.topic = TextOf(*metadata, "topicName");
    found.state = TextOf(*metadata, "state");
  }
  return found;
}

}  // namespace firn::salesforce
