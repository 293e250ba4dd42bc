#include "patterns/events/stream/plans.h"

namespace firn::events {
namespace {

constexpr size_t kPlansKept = 1'000;

}  // namespace

bool StreamPlans::IsFinal(const Error& error) {
  return error.kind() == Kind::kCorrupt || error.kind() == Kind::kBadInput ||
         error.code() == "SF-STREAM-010" || error.code() == "SF-STREAM-007";
}

Result<const ChangePlan*> StreamPlans::Of(const Call& call, std::string_view schema_id) {
  const auto known = plans_.find(schema_id);
  if (known != plans_.end()) return known->second.get();
  if (plans_.size() >= kPlansKept) plans_.clear();
  const std::string id(schema_id);
  FIRN_TRY(const auto schema,
           WithRetries(call, Backoff{}, [&] { return pubsub_.Schema(call, id); }));
  FIRN_TRY(auto plan, ChangePlan::Compile(*schema));
  return plans_.emplace(id, std::make_unique<const ChangePlan>(std::move(plan)))
      .first->second.get();
}

}  // namespace firn::events
