// What is wrong with a PushTopic or a StreamingChannel that is to be saved; records of other
// objects pass. Pure; any thread. Source: Object Reference, 'PushTopic', 'StreamingChannel';
// Streaming API Developer Guide, "PushTopic Queries"; read 2026-11.
#pragma once

#include <memory>
#include <span>

#include "core/base/error.h"
#include "sandbox/schema.h"
#include "sandbox/value.h"

namespace firn::sandbox {

// `values` by slot. Errors: api errors MALFORMED_QUERY, INVALID_TYPE, INVALID_FIELD,
// FIELD_INTEGRITY_EXCEPTION.
[[nodiscard]] Result<void> CheckStreamingRecord(const std::shared_ptr<const Catalogue>& catalogue,
                                                const ObjectInfo& object,
                                                std::span<const Value> values, int64_t now_millis);

}  // namespace firn::sandbox
