#include <condition_variable>
#include <mutex>
#include <optional>

#include "ends/salesforce/internal/grant.h"

namespace firn::salesforce {
namespace {

// A refusal is remembered so long: many parallel objects must not ask a locked door at once.
constexpr std::chrono::seconds kRefusalKept{10};
// Waiters look at their own deadline this often, by real time; the fetcher wakes them earlier.
constexpr std::chrono::milliseconds kWaitSlice{50};

// One fetch at a time; whoever comes meanwhile waits for its outcome, good or bad.
class SingleFlight final : public TokenSource {
 public:
  explicit SingleFlight(std::unique_ptr<Grant> grant) : grant_(std::move(grant)) {}

  Result<Session> Get(const Call& call) override {
    std::unique_lock lock(mutex_);
    if (session_) return *session_;
    return FetchOrWait(call, lock);
  }

  Result<Session> Renew(const Call& call, const Session& refused) override {
    std::unique_lock lock(mutex_);
    if (session_ && session_->serial != refused.serial) return *session_;
    session_.reset();
    return FetchOrWait(call, lock);
  }

 private:
  Result<Session> FetchOrWait(const Call& call, std::unique_lock<std::mutex>& lock) {
    while (fetching_) {
      const uint64_t awaited = fetches_;
      while (fetching_ && fetches_ == awaited) {
        done_.wait_for(lock, kWaitSlice);
        FIRN_CHECK(call.Check());
      }
      if (session_) return *session_;
      // A fetch that its caller gave up says nothing about the org; the next in line tries.
      if (refusal_ && refusal_->kind() != Kind::kCancelled) return Fail(*refusal_);
    }
    if (refusal_ && refusal_->kind() == Kind::kDenied &&
        call.clock->Steady() < refused_at_ + kRefusalKept) {
      return Fail(*refusal_);
    }
    fetching_ = true;
    lock.unlock();
    auto fetched = grant_->Fetch(call);
    lock.lock();
    fetching_ = false;
    ++fetches_;
    refusal_.reset();
    if (fetched) {
      fetched->serial = fetches_;
      session_ = *fetched;
    } else {
      refusal_ = fetched.error();
      refused_at_ = call.clock->Steady();
    }
    done_.notify_all();
    return fetched;
  }

  const std::unique_ptr<Grant> grant_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::optional<Session> session_;
  std::optional<Error> refusal_;
  SteadyTime refused_at_;
  bool fetching_ = false;
  uint64_t fetches_ = 0;  // ever finished
};

}  // namespace

Result<std::unique_ptr<TokenSource>> NewTokenSource(const std::string& org, const SignIn& sign_in,
                                                    net::Transport& transport, TokenStore* store) {
  FIRN_TRY(auto grant, NewGrant(org, sign_in, transport, store));
  return std::make_unique<SingleFlight>(std::move(grant));
}

}  // namespace firn::salesforce
