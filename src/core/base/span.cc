#include "core/base/span.h"

namespace firn {

Span::Span(SpanSink* sink, const Call& call, SpanStart start) : sink_(sink), call_(call) {
  const bool has_trace = !call.trace.trace_id.empty();
  if (!has_trace) call_.trace = TraceContext::New(*call.random);
  if (has_trace && !call.trace.sampled) sink_ = nullptr;
  if (sink_ == nullptr) return;
  if (has_trace && start.own_trace) {
    call_.trace = TraceContext::New(*call.random);
    span_.link = call.trace;
  } else if (has_trace) {
    call_.trace = call.trace.Child(*call.random);
    span_.parent_id = call.trace.span_id;
  }
  span_.context = call_.trace;
  span_.name = std::move(start.name);
  span_.kind = start.kind;
  span_.attributes = std::move(start.attributes);
  span_.began = call.clock->Now();
  began_ = call.clock->Steady();
}

void Span::Set(std::string key, SpanValue value) {
  if (sink_ != nullptr) span_.attributes.emplace_back(std::move(key), std::move(value));
}

void Span::Name(std::string name) {
  if (sink_ != nullptr) span_.name = std::move(name);
}

void Span::Fail(std::string code) {
  if (sink_ != nullptr) span_.error_code = std::move(code);
}

void Span::End() {
  if (sink_ == nullptr) return;
  // By the steady clock: the wall clock may have been set in between.
  span_.ended = span_.began + std::chrono::duration_cast<std::chrono::microseconds>(
                                  call_.clock->Steady() - began_);
  std::exchange(sink_, nullptr)->Take(std::move(span_));
}

}  // namespace firn
