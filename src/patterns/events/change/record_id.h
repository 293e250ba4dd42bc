// Record ids as rows are named by them: 18 characters. Internal to events; pure.
// Source: Object Reference, "ID Field Type" (the last three characters tell the case of the
// others).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "patterns/events/change/record.h"

namespace firn::events {

// Nothing for what is no id: 15 or 18 letters and digits.
[[nodiscard]] std::optional<std::string> CanonicalId(std::string_view id);

// The records that an event is about.
struct NamedRecords {
  std::vector<std::string> ids;  // of 18 characters
  bool all = false;              // every record of the object
};
// A gap event after the conversion of a custom field names them all by `001*`. Errors: BadInput
// (EVENT-RECORD-001). Source: Apex Reference Guide, "ChangeEventHeader" (recordIds); Change Data
// Capture Developer Guide, "Gap Events"; read 2026-11.
[[nodiscard]] Result<NamedRecords> RecordsNamedBy(const ChangeRecord& record);

}  // namespace firn::events
