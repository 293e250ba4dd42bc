// DeletedList: the Ids that getDeleted tells, kept in a file of the run so that a resumed run
// merges the same list. Internal to exports.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/call.h"
#include "patterns/exports/export.h"
#include "patterns/exports/window/window.h"

namespace firn::exports {

struct DeletedList {
  bool offered = true;  // false: the org keeps no such list for the object
  std::string why;      // when not offered
  int64_t ids = 0;
  std::string covered_until;  // the org's `latestDateCovered`; empty when not offered
};

// Asks for the deletes in the range and writes them, durably, to `path` (0600). A list that is too
// long (600,000 Ids) is asked for in halves. Errors: of requests and files; LimitReached
// SF-REST-010 when even a minute has too many.
[[nodiscard]] Result<DeletedList> FetchDeletedIds(const Call& call, const ExportParts& parts,
                                                  const std::string& object,
                                                  const DeletedRange& range,
                                                  const std::string& path);

struct ListedId {
  std::string id;     // 18 characters
  UtcMicros deleted;  // when, by the org
};
// The Ids of such a file. A missing file has none. Memory: one piece of the file.
[[nodiscard]] Result<void> EachListedId(const std::string& path,
                                        const std::function<Result<void>(const ListedId&)>& each);

// Ids written by `FetchDeletedIds` or a sweep: `Id` and microseconds in one line.
[[nodiscard]] std::string IdLine(std::string_view id, int64_t at_us);

}  // namespace firn::exports
