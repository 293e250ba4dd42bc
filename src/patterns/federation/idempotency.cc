#include "patterns/federation/idempotency.h"

#include <cctype>

#include "patterns/federation/refusals.h"

namespace firn::federation {
namespace {

// Of answers that are kept; past it the oldest go early.
constexpr size_t kBytesMax = 64ULL << 20;
constexpr int kServerFault = 500;

}  // namespace

Result<void> CheckIdempotencyKey(std::string_view key) {
  constexpr size_t kUuidBytes = 36;
  bool fine = key.size() == kUuidBytes;
  for (size_t i = 0; fine && i < key.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    fine = dash ? key[i] == '-' : std::isxdigit(static_cast<unsigned char>(key[i])) != 0;
  }
  if (fine) return {};
  return BadRequest("`Idempotency-Key` is no UUID");
}

void Idempotency::Expire(SteadyTime now) {
  while (!by_age_.empty() && (by_age_.front().first <= now || bytes_ > kBytesMax)) {
    const auto found = entries_.find(by_age_.front().second);
    // A key may have been given up and taken again since.
    if (found != entries_.end() && found->second->done &&
        found->second->expires == by_age_.front().first) {
      bytes_ -= found->second->answer.body.size();
      entries_.erase(found);
    }
    by_age_.pop_front();
  }
}

tl::unexpected<Error> Idempotency::UsedForAnother() {
  return Fail(Error(Kind::kBadInput, "CAT-REQUEST-003",
                    "the `Idempotency-Key` was used for another request"));
}

Result<Answer> Idempotency::Once(Clock& clock, const Request& request,
                                 const std::function<Answer()>& work) {
  std::unique_lock lock(mutex_);
  Expire(clock.Steady());
  for (;;) {
    const auto found = entries_.find(request.key);
    if (found == entries_.end()) break;
    const std::shared_ptr<Entry> entry = found->second;
    if (entry->fingerprint != request.fingerprint) return UsedForAnother();
    if (entry->done) return entry->answer;
    finished_.wait(lock);
  }
  const auto entry = std::make_shared<Entry>();
  entry->fingerprint = request.fingerprint;
  entries_[request.key] = entry;
  lock.unlock();
  Answer answer = work();
  lock.lock();
  if (answer.status >= kServerFault) {
    entries_.erase(request.key);
  } else {
    entry->answer = answer;
    entry->expires = clock.Steady() + kIdempotencyLifetime;
    entry->done = true;
    bytes_ += answer.body.size();
    by_age_.emplace_back(entry->expires, request.key);
  }
  lock.unlock();
  finished_.notify_all();
  return answer;
}

}  // namespace firn::federation
