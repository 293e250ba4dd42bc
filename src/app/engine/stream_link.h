// StreamLink: what following a topic of an org stands on: a client of its Pub/Sub API and the parts
// of StreamParts, in the order in which they must go away again.
//
// One a stream and life; the org's link, the lake and the leases outlive it. Any thread may own it.
#pragma once

#include <memory>
#include <string>

#include "app/engine/org_link.h"
#include "core/base/call.h"
#include "core/base/error.h"
#include "core/base/metrics.h"
#include "core/project/project.h"
#include "core/state/lease.h"
#include "ends/lake/table.h"
#include "ends/salesforce/pubsub.h"
#include "patterns/events/stream/follow.h"

namespace firn::engine {

// Whether a managed subscription is there, runs, and is of that topic. An org that does not let the
// user see its setup is taken at the stream's word. Errors: SF-STREAM-016, -017, -018.
[[nodiscard]] Result<void> CheckManaged(const Call& call, salesforce::RestClient& rest,
                                        const std::string& managed, const std::string& topic);
// The topic of a managed subscription. Errors: SF-STREAM-017; of REST.
[[nodiscard]] Result<std::string> TopicOfManaged(const Call& call, salesforce::RestClient& rest,
                                                 const std::string& managed);

struct StreamLinkParts {
  std::shared_ptr<OrgLink> link;
  std::shared_ptr<lake::Lake> lake;  // null: only to look at events, not to follow
  state::Leases* leases = nullptr;
  MetricsRegistry* metrics = nullptr;
};

class StreamLink {
 public:
  // Where there is a lake, asks the org for its instance and its objects. Errors: of the Pub/Sub
  // client's options, of REST.
  [[nodiscard]] static Result<std::unique_ptr<StreamLink>> Open(const Call& call,
                                                                const project::Org& org,
                                                                StreamLinkParts parts);
  [[nodiscard]] salesforce::PubSub& pubsub() { return *pubsub_; }
  // Without an observer.
  [[nodiscard]] const events::StreamParts& parts() const { return parts_; }

 private:
  explicit StreamLink(StreamLinkParts stands_on) : stands_on_(std::move(stands_on)) {}
  StreamLinkParts stands_on_;
  std::unique_ptr<salesforce::PubSub> pubsub_;
  events::StreamParts parts_;
};

}  // namespace firn::engine
