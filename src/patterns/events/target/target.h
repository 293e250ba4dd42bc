// Target: where deliveries go. One object for each target of a rule; its calls may come from
// several threads at once.
//
// A target does one call for one batch and tells of each entry what became of it; it does not wait,
// retry or remember: that is the lane's work (target/lane.h). It never puts an event's content into
// an error.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/config/secret_ref.h"
#include "core/net/client.h"
#include "core/project/project.h"
#include "core/project/rules.h"
#include "ends/aws/client.h"
#include "ends/lake/table.h"
#include "ends/salesforce/pubsub.h"
#include "patterns/events/rules/rule_event.h"

namespace firn::events {

struct TargetEntry {
  const RuleEvent* event = nullptr;  // valid during the call
  std::string input;                 // what the rule made of the event
  std::string group;                 // ordering group; empty: none
  // The same for every try of this delivery, other for any other: for targets that tell duplicates.
  std::string key;
};

// One for each entry: nothing when the target took it. Whether trying again can help stands in the
// error (IsFinal).
using Outcomes = std::vector<std::optional<Error>>;

struct TargetLimits {
  size_t entries_max = 1;
  size_t bytes_max = 1U << 20;  // of the inputs of one call
  bool keeps_order = true;      // what is handed over one after the other arrives in that order
  // How long a delivery waits for others to share its call; a full call goes at once.
  std::chrono::milliseconds linger{0};
};

class Target {
 public:
  virtual ~Target() = default;
  [[nodiscard]] virtual TargetLimits limits() const = 0;
  // An error counts for every entry.
  [[nodiscard]] virtual Result<Outcomes> Deliver(const Call& call,
                                                 std::span<const TargetEntry> entries) = 0;
};

// Clients of AWS by region, made when first asked for. Any thread.
class AwsClients {
 public:
  virtual ~AwsClients() = default;
  // Empty: the region of the environment. Errors: BadConfig (AWS-REGION-001).
  [[nodiscard]] virtual Result<aws::AwsClient*> ForRegion(const std::string& region) = 0;
};
[[nodiscard]] std::unique_ptr<AwsClients> NewAwsClients(net::Transport& transport,
                                                        aws::CredentialSource& credentials,
                                                        aws::Environment environment);

// Invocation rates of API destinations, shared by all targets that call one. Any thread.
class CallRates {
 public:
  virtual ~CallRates() = default;
  // Waits for the caller's turn. Errors: Cancelled, Timeout.
  [[nodiscard]] virtual Result<void> Wait(const Call& call,
                                          const project::ApiDestination& destination) = 0;
};
[[nodiscard]] std::shared_ptr<CallRates> NewCallRates();

// Orgs that platform events are published to. Any thread.
class OrgPublishers {
 public:
  virtual ~OrgPublishers() = default;
  // Signs in when first asked. Empty: the project's only org. The PubSub stays as long as this.
  // Errors: those of the project (PROJECT-ORG-*) and of signing in.
  [[nodiscard]] virtual Result<salesforce::PubSub*> ForOrg(const Call& call,
                                                           const std::string& org) = 0;
};

// What targets stand on; everything outlives them.
struct TargetParts {
  std::shared_ptr<CallRates> rates = NewCallRates();
  net::Transport* transport = nullptr;
  AwsClients* aws = nullptr;
  OrgPublishers* orgs = nullptr;  // may be null: then platform events are refused
  config::SecretResolver* secrets = nullptr;
  lake::Lake* lake = nullptr;  // may be null: then lake targets are refused
  std::string lake_namespace;  // of table names without one
  std::string project_folder;  // where commands run
  const project::RuleSet* rules = nullptr;
};

// Errors: of the parts; nothing remote is touched.
[[nodiscard]] Result<std::unique_ptr<Target>> NewTarget(const project::RuleTarget& target,
                                                        const TargetParts& parts);

// Whether trying again is of no use: permissions, missing resources, input that the target refuses.
[[nodiscard]] bool IsFinal(const Error& error);
// EventBridge's word for an error of a target: `NO_PERMISSIONS`, `TIMEOUT`, .. Source: EventBridge
// User Guide, "Using dead-letter queues to process undelivered events", read 2026-11.
[[nodiscard]] std::string_view DeliveryErrorCode(const Error& error);

}  // namespace firn::events
