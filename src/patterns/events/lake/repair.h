// Rows read again from the org: by id after gap events and partial changes of unknown rows, or all
// that changed since a time after overflows and lost events. Internal to events.
//
// Source: Change Data Capture Developer Guide, "Gap Events", "Overflow Events" (read what changed
// since the commit of the event), read 2026-11.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/record/layout.h"
#include "ends/salesforce/rest.h"
#include "patterns/events/lake/rows.h"

namespace firn::events {

struct RepairQuery {
  const record::Layout& layout;
  std::string stamp_field;  // `SystemModstamp`
};
struct RepairedRows {
  RowPage::Decoded rows;             // live records
  std::vector<std::string> deleted;  // ids in the recycle bin
};
using TakeRepaired = std::function<Result<void>(RepairedRows rows)>;

// The records of `ids` that exist, in batches. Ids are at most 200 a query.
[[nodiscard]] Result<void> ReadByIds(const Call& call, salesforce::RestClient& rest,
                                     const RepairQuery& query, const std::vector<std::string>& ids,
                                     const TakeRepaired& take);
// Everything whose stamp is at or after `since`, deleted records included.
[[nodiscard]] Result<void> ReadSince(const Call& call, salesforce::RestClient& rest,
                                     const RepairQuery& query, UtcMicros since,
                                     const TakeRepaired& take);

}  // namespace firn::events
