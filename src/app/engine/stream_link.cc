#include "app/engine/stream_link.h"

#include <unistd.h>

#include "app/engine/org_publishers.h"
#include "core/base/log.h"
#include "core/base/random.h"

namespace firn::engine {
namespace {

// What following into a lake needs to know of the org: its instance and its objects' key prefixes;
// and a lease holder's name of this life alone: the one before may still be letting go.
Result<void> FillFromOrg(const Call& call, events::StreamParts& parts) {
  parts.lease_holder = "process " + std::to_string(getpid()) + " on this host, " +
                       NewUuid(SystemRandom()).substr(0, 8);
  parts.instance = events::InstanceOf(call, *parts.lake.rest);
  FIRN_TRY(const auto objects, parts.lake.rest->DescribeGlobal(call));
  for (const salesforce::ObjectInfo& object : objects) {
    if (!object.key_prefix.empty()) parts.lake.key_prefixes.emplace(object.key_prefix, object.name);
  }
  return {};
}

}  // namespace

Result<void> CheckManaged(const Call& call, salesforce::RestClient& rest,
                          const std::string& managed, const std::string& topic) {
  if (managed.empty()) return {};
  const auto found = salesforce::FindManagedSubscription(call, rest, managed);
  if (!found) {
    const Kind kind = found.error().kind();
    const bool unseen = kind == Kind::kDenied || kind == Kind::kBadInput;
    if (!unseen) return Fail(found.error());
    log::Warn("events.managed_unseen", {{"managed", managed}, {"error", found.error().OneLine()}});
    return {};
  }
  if (!found->state.empty() && found->state != "RUN") {
    return Fail(Error(Kind::kBadConfig, "SF-STREAM-016",
                      "the managed subscription `" + managed + "` is stopped")
                    .Because("its state is " + found->state)
                    .Hint("set it to RUN: Setup, or the Tooling API's ManagedEventSubscription"));
  }
  if (!found->topic.empty() && found->topic != topic) {
    return Fail(Error(Kind::kBadConfig, "SF-STREAM-018",
                      "the managed subscription `" + managed + "` is of another topic")
                    .Because("it is of `" + found->topic + "`, `" + topic + "` is to be followed")
                    .Hint("write `topic: " + found->topic + "`, or name another subscription"));
  }
  return {};
}

Result<std::string> TopicOfManaged(const Call& call, salesforce::RestClient& rest,
                                   const std::string& managed) {
  FIRN_TRY(auto found, salesforce::FindManagedSubscription(call, rest, managed));
  return std::move(found.topic);
}

Result<std::unique_ptr<StreamLink>> StreamLink::Open(const Call& call, const project::Org& org,
                                                     StreamLinkParts stands_on) {
  std::unique_ptr<StreamLink> made(new StreamLink(std::move(stands_on)));
  salesforce::Org& remote = made->stands_on_.link->org();
  FIRN_TRY(made->pubsub_, OpenPubSub(org, remote));
  events::StreamParts& parts = made->parts_;
  parts.org = org.id;
  parts.org_id = remote.org_id();
  parts.pubsub = made->pubsub_.get();
  parts.shared = made->stands_on_.link->shared();
  parts.metrics = made->stands_on_.metrics;
  parts.leases = made->stands_on_.leases;
  parts.lake.lake = made->stands_on_.lake.get();
  parts.lake.rest = &remote.rest();
  parts.lake.api_version = remote.version().pinned;
  if (parts.lake.lake != nullptr) FIRN_CHECK(FillFromOrg(call, parts));
  return made;
}

}  // namespace firn::engine
