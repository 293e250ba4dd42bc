// Turns: commits to one name one after another, so that writers of one table do not work out
// changes that are bound to lose. Other processes are held off by the catalog's compare-and-swap
// only. Thread-safe; no mutex is held while a turn lasts.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace firn::federation {

class Turns {
 public:
  class Turn {
   public:
    Turn(Turns& turns, std::vector<std::string> keys);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Turns& turns_;
    std::vector<std::string> keys_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  std::set<std::string> taken_;
};

}  // namespace firn::federation
