// Spans: what a piece of work was, of which trace, how long it took and how it ended.
//
// A Span lives as long as the work, on the stack of whoever does it, and goes to a SpanSink when it
// ends; without a sink it costs nothing and changes nothing. Attributes hold names from the
// configuration, counts and ids of runs; never contents of records, messages of errors or secrets.
// Names and meaning: OpenTelemetry Trace API specification, "Span", read 2026-11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/call.h"

namespace firn {

using SpanValue = std::variant<std::string, int64_t, double, bool>;
using SpanAttributes = std::vector<std::pair<std::string, SpanValue>>;

enum class SpanKind { kInternal, kServer };

struct FinishedSpan {
  TraceContext context;
  std::string parent_id;  // span id; empty: the root of its trace
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  UtcMicros began{};
  UtcMicros ended{};
  SpanAttributes attributes;
  std::string error_code;            // empty: it went well
  std::optional<TraceContext> link;  // what it belongs to without being part of it
};

class SpanSink {
 public:
  virtual ~SpanSink() = default;
  // From any thread; neither blocks nor fails: what there is no room for is counted and let go.
  virtual void Take(FinishedSpan span) = 0;
};

struct SpanStart {
  std::string name;  // of the kind of work, the same for all of it: `export object`
  SpanKind kind = SpanKind::kInternal;
  SpanAttributes attributes;
  // Begins a trace of its own, linked to the caller's: for what a caller does without end.
  bool own_trace = false;
};

class Span {
 public:
  // Part of the trace of `call`, or the root of a new one when that has none. `sink` may be null,
  // and otherwise outlives the span.
  Span(SpanSink* sink, const Call& call, SpanStart start);
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;
  ~Span() { End(); }

  // For what is done as part of this.
  [[nodiscard]] const Call& call() const { return call_; }
  void Set(std::string key, SpanValue value);
  // Another name than it began with: what it is may show late.
  void Name(std::string name);
  void Fail(const Error& error) { Fail(error.code()); }
  void Fail(std::string code);
  template <typename T>
  void Conclude(const Result<T>& result) {
    if (!result) Fail(result.error());
  }
  void End();

 private:
  SpanSink* sink_;
  Call call_;
  SteadyTime began_;
  FinishedSpan span_;
};

}  // namespace firn
