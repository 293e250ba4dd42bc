// Idempotency: a change that is asked for twice under one key is made once.
//
// A client that lost an answer sends the request again with the same `Idempotency-Key`. A request
// under way is waited for; one that is finished is answered from memory. Answers of 5xx are not
// kept: the change may be tried again. Thread-safe; no mutex is held while a change runs.
// Source: REST catalog spec, parameter `Idempotency-Key`, read 2026-11.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "patterns/federation/exchange.h"

namespace firn::federation {

inline constexpr const char* kIdempotencyLifetimeText = "PT30M";
inline constexpr std::chrono::minutes kIdempotencyLifetime{30};

// A UUID in text form. Errors: BadInput (CAT-REQUEST-001).
[[nodiscard]] Result<void> CheckIdempotencyKey(std::string_view key);

class Idempotency {
 public:
  struct Request {
    std::string key;          // with whose it is
    std::string fingerprint;  // of method, path and body
  };
  // BadInput (CAT-REQUEST-003).
  [[nodiscard]] static tl::unexpected<Error> UsedForAnother();
  // Errors: BadInput (CAT-REQUEST-003) when the key was used for another request.
  [[nodiscard]] Result<Answer> Once(Clock& clock, const Request& request,
                                    const std::function<Answer()>& work);

 private:
  struct Entry {
    std::string fingerprint;
    bool done = false;
    Answer answer;
    SteadyTime expires;
  };
  void Expire(SteadyTime now);

  std::mutex mutex_;
  std::condition_variable finished_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  std::deque<std::pair<SteadyTime, std::string>> by_age_;
  size_t bytes_ = 0;
};

}  // namespace firn::federation
