// W3C trace context: one id from the first request to the last write (https
// w3.org/TR/trace-context).
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/random.h"

namespace firn {

struct TraceContext {
  std::string trace_id;  // 32 lower-case hex digits, not all zero
  std::string span_id;   // 16 lower-case hex digits, not all zero
  bool sampled = true;

  [[nodiscard]] static TraceContext New(Random& random);
  // A new span of the same trace.
  [[nodiscard]] TraceContext Child(Random& random) const;
  // The value of the `traceparent` header, version 00.
  [[nodiscard]] std::string Traceparent() const;
  // Errors: BadInput when the header is malformed.
  [[nodiscard]] static Result<TraceContext> Parse(std::string_view traceparent);
};

}  // namespace firn
