#include "ends/lake/maintain/marks.h"

#include <set>
#include <string>

#include "ends/lake/format/metadata.h"

namespace firn::lake {

std::optional<int64_t> MarksSinceMs(const Table& table) {
  std::set<std::string> seen;
  std::optional<int64_t> since_ms;
  const TableMetadata& metadata = table.metadata();
  const Snapshot* at = metadata.current_snapshot();
  while (at != nullptr) {
    for (const auto& [key, value] : at->summary) {
      if (key.starts_with("firn.") && seen.insert(key).second) since_ms = at->timestamp_ms;
    }
    at = at->parent_id ? metadata.FindSnapshot(*at->parent_id) : nullptr;
  }
  return since_ms;
}

}  // namespace firn::lake
