// When an Event is: its times follow from one another, and some must be told.
//
// Pure; any thread. Source: Object Reference, 'Event' (ActivityDate, ActivityDateTime,
// DurationInMinutes, EndDateTime, StartDateTime), read 2026-11; the words for what is missing and
// for a negative length are those that integrations quote.
#pragma once

#include <vector>

#include "core/base/error.h"
#include "sandbox/schema.h"
#include "sandbox/value.h"

namespace firn::sandbox {

// Fills the times of an Event that is to be written; other objects pass. `values` by slot; `before`
// is empty of a new record. Errors: api errors REQUIRED_FIELD_MISSING, FIELD_INTEGRITY_EXCEPTION.
[[nodiscard]] Result<void> FillEventTimes(const ObjectInfo& object,
                                          const std::vector<Value>& before,
                                          std::vector<Value>& values);

}  // namespace firn::sandbox
