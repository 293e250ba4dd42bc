#include "patterns/federation/planning/plans.h"

#include <utility>

namespace firn::federation {
namespace {

constexpr size_t kPlansMax = 10'000;
constexpr size_t kBytesMax = 16ULL << 20;

}  // namespace

void Plans::Erase(std::map<std::string, Plan>::iterator plan) {
  bytes_ -= plan->second.request_json.size();
  plans_.erase(plan);
}

void Plans::Keep(const std::string& id, const lake::TableIdent& table, std::string request_json) {
  if (request_json.size() > kBytesMax) return;
  const std::lock_guard lock(mutex_);
  bytes_ += request_json.size();
  plans_.insert_or_assign(id, Plan{table, std::move(request_json)});
  by_age_.push_back(id);
  while (by_age_.size() > kPlansMax || bytes_ > kBytesMax) {
    if (const auto oldest = plans_.find(by_age_.front()); oldest != plans_.end()) Erase(oldest);
    by_age_.pop_front();
  }
}

std::optional<std::string> Plans::Find(const std::string& id, const lake::TableIdent& table) const {
  const std::lock_guard lock(mutex_);
  const auto found = plans_.find(id);
  if (found == plans_.end() || found->second.table != table) return {};
  return found->second.request_json;
}

bool Plans::Forget(const std::string& id, const lake::TableIdent& table) {
  const std::lock_guard lock(mutex_);
  const auto found = plans_.find(id);
  if (found == plans_.end() || found->second.table != table) return false;
  Erase(found);
  return true;
}

}  // namespace firn::federation
