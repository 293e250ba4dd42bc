// Records of a REST query, put together into pages for a lane, so that they take the path of a Bulk
// page. Internal to exports.
#pragma once

#include <functional>

#include "ends/lake/ingest/ingest.h"
#include "ends/salesforce/rest.h"

namespace firn::exports {

struct FedPage {
  lake::PageRef ref;
  int64_t json_bytes = 0;
};

// Hands pages of at most 10,000 records and 8 MiB to `take` until the stream ends; the last may be
// empty. `stop` is looked at between pages, `call` is for what is under way.
[[nodiscard]] Result<void> FeedRecords(
    const Call& call, const Call& stop, salesforce::RecordStream& records,
    const std::function<Result<void>(const FedPage& page, std::string_view json)>& take);

}  // namespace firn::exports
