#include "patterns/federation/turns.h"

#include <algorithm>

namespace firn::federation {

// All keys are taken at once, so that two turns never wait for each other.
Turns::Turn::Turn(Turns& turns, std::vector<std::string> keys)
    : turns_(turns), keys_(std::move(keys)) {
  std::unique_lock lock(turns_.mutex_);
  turns_.freed_.wait(lock, [this] {
    return std::none_of(keys_.begin(), keys_.end(),
                        [this](const std::string& key) { return turns_.taken_.contains(key); });
  });
  turns_.taken_.insert(keys_.begin(), keys_.end());
}

Turns::Turn::~Turn() {
  {
    const std::lock_guard lock(turns_.mutex_);
    for (const std::string& key : keys_) turns_.taken_.erase(key);
  }
  turns_.freed_.notify_all();
}

}  // namespace firn::federation
