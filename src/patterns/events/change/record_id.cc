#include "patterns/events/change/record_id.h"

#include <algorithm>

namespace firn::events {
namespace {

bool IsLetterOrDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::optional<std::string> CanonicalId(std::string_view id) {
  if ((id.size() != 15 && id.size() != 18) || !std::all_of(id.begin(), id.end(), IsLetterOrDigit)) {
    return std::nullopt;
  }
  std::string canonical(id.substr(0, 15));
  for (size_t group = 0; group < 3; ++group) {
    unsigned capitals = 0;
    for (size_t i = 0; i < 5; ++i) {
      const char c = canonical[group * 5 + i];
      if (c >= 'A' && c <= 'Z') capitals |= 1U << i;
    }
    canonical.push_back("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[capitals]);
  }
  return canonical;
}

Result<NamedRecords> RecordsNamedBy(const ChangeRecord& record) {
  NamedRecords named;
  for (const std::string_view told : record.record_ids) {
    if (IsGap(record.type) && told.ends_with('*')) {
      named.all = true;
      continue;
    }
    auto id = CanonicalId(told);
    if (!id) {
      return Fail(Error(Kind::kBadInput, "EVENT-RECORD-001",
                        "an event names a record by something that is no id"));
    }
    named.ids.push_back(*std::move(id));
  }
  return named;
}

}  // namespace firn::events
