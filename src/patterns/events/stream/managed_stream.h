// ManagedStream: a subscription whose position the org keeps beside ours, spliced to our own.
//
// Two positions may differ: the org's is behind when a commit was lost, and ahead when our state
// was put back to an older one or somebody else used the subscription. Ours wins, because it stands
// in the same place as the rows and deliveries it speaks of. So each stream of the managed
// subscription begins beside a plain one, which starts at our position and alone is listened to,
// until both have reached the same event: then the plain one ends and the managed one goes on with
// the next. Nothing is missed and nothing comes twice, at the price of some events delivered (and
// billed) twice. While the managed subscription cannot be had, the plain one goes on.
// Replay ids are compared for equality only. One thread reads.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/salesforce/pubsub.h"

namespace firn::events {

struct ManagedStreamOptions {
  // `managed` is set; `start` is our own position, if there is one.
  salesforce::SubscribeOptions wish;
  bool has_position = true;
  // Says that the topic's end is reached only where the managed subscription reached it too.
  bool patient = false;
  // One sentence, for people.
  std::function<void(const std::string&)> tell = {};
};

class ManagedStream final : public salesforce::Subscription {
 public:
  // Errors: Conflict SF-STREAM-011.
  [[nodiscard]] static Result<std::unique_ptr<salesforce::Subscription>> Open(
      salesforce::PubSub& pubsub, ManagedStreamOptions options);

  [[nodiscard]] Result<salesforce::EventBatchPtr> Next(const Call& call, SteadyTime until) override;
  [[nodiscard]] const salesforce::ReplayPosition& position() const override { return position_; }
  [[nodiscard]] int64_t streams_opened() const override {
    return plain_opened_ + managed_->streams_opened();
  }
  // Reaches the org once the managed stream is the one that is listened to.
  void Commit(const std::string& replay_id) override;
  [[nodiscard]] salesforce::CommitState commits() const override { return managed_->commits(); }

 private:
  // The newest so many texts.
  class Recent {
   public:
    void Add(std::string_view text);
    [[nodiscard]] bool Has(const std::string& text) const { return known_.contains(text); }
    void Clear();

   private:
    std::unordered_set<std::string> known_;
    std::deque<std::string> order_;
  };

  ManagedStream(salesforce::PubSub& pubsub, ManagedStreamOptions options);
  Result<void> BeginSplice();
  Result<salesforce::EventBatchPtr> FromManaged(const Call& call, SteadyTime until);
  // One round; nothing when there is nothing to hand out yet.
  Result<std::optional<salesforce::EventBatchPtr>> Splice(const Call& call, SteadyTime until);
  Result<void> DrawManaged(const Call& call);
  void PassManaged();
  Result<std::optional<salesforce::EventBatchPtr>> DrawPlain(const Call& call, SteadyTime until);
  [[nodiscard]] bool InStep() const { return managed_at_ && plain_at_ && managed_at_ == plain_at_; }
  void EndSplice();
  salesforce::EventBatchPtr HandOut(salesforce::EventBatchPtr batch);

  salesforce::PubSub& pubsub_;
  const ManagedStreamOptions options_;
  std::unique_ptr<salesforce::Subscription> managed_;
  std::unique_ptr<salesforce::Subscription> plain_;  // while they are spliced
  salesforce::ReplayPosition position_;
  bool has_position_;
  int64_t streams_seen_ = 0;  // of the managed subscription
  bool broken_ = false;       // its stream ended and is not open again
  int64_t plain_opened_ = 0;
  std::optional<std::string> managed_at_;  // behind which event, or sign of life, it stands
  std::optional<std::string> plain_at_;
  salesforce::EventBatchPtr held_;  // of the managed stream, not passed to its end
  size_t held_at_ = 0;
  Recent passed_;  // of the managed stream, in this splice
  bool ahead_ = false;
  std::string wish_;  // to be committed
};

}  // namespace firn::events
