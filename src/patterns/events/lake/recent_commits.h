// RecentCommits: the newest commit that each record was seen with, to tell a change that comes
// behind a later one of its record. Internal to events; one thread.
//
// What came out of order is not put onto the row: it is read again. Commit numbers count up within
// one database instance only, so a smaller one is a reason to look, never a proof. Source: Change
// Data Capture Developer Guide, "ChangeEventHeader Fields" (commitNumber), read 2026-11.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string_view>
#include <unordered_map>

namespace firn::events {

class RecentCommits {
 public:
  static constexpr size_t kRecordsMax = 65'536;

  // Whether a later change of the record came before this one. 0: the change tells no number.
  [[nodiscard]] bool IsLate(std::string_view id, int64_t number) {
    if (number <= 0) return false;
    // Two records of one hash: one of them may be read once too often.
    const size_t key = std::hash<std::string_view>{}(id);
    const auto [at, is_new] = newest_.try_emplace(key, number);
    if (!is_new && number < at->second) return true;
    at->second = number;
    if (is_new) in_order_.push_back(key);
    if (in_order_.size() > kRecordsMax) {
      newest_.erase(in_order_.front());
      in_order_.pop_front();
    }
    return false;
  }
  // The stream goes back: older changes are to be expected.
  void Clear() {
    newest_.clear();
    in_order_.clear();
  }

 private:
  std::unordered_map<size_t, int64_t> newest_;
  std::deque<size_t> in_order_;
};

}  // namespace firn::events
