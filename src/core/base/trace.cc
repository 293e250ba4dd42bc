#include "core/base/trace.h"

#include <algorithm>

namespace firn {
namespace {

std::string RandomHex(Random& random, size_t digits) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text(digits, '0');
  do {
    uint64_t bits = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (i % 16 == 0) bits = random.Next();
      text[i] = kHex[bits & 15];
      bits >>= 4;
    }
  } while (text.find_first_not_of('0') == std::string::npos);
  return text;
}

bool IsHexId(std::string_view text) {
  const bool hex = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  return hex && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

TraceContext TraceContext::New(Random& random) {
  return {RandomHex(random, 32), RandomHex(random, 16), true};
}

TraceContext TraceContext::Child(Random& random) const {
  return {trace_id, RandomHex(random, 16), sampled};
}

std::string TraceContext::Traceparent() const {
  return "00-" + trace_id + "-" + span_id + (sampled ? "-01" : "-00");
}

Result<TraceContext> TraceContext::Parse(std::string_view text) {
  const bool shape = text.size() >= 55 && text[2] == '-' && text[35] == '-' && text[52] == '-' &&
                     text.substr(0, 2) != "ff" && (text.size() == 55 || text.substr(0, 2) != "00");
  if (!shape || !IsHexId(text.substr(3, 32)) || !IsHexId(text.substr(36, 16))) {
    return Fail(Kind::kBadInput, "BASE-TRACE-001", "malformed traceparent header");
  }
  const bool sampled = (text[54] - '0') & 1;
  return TraceContext{std::string(text.substr(3, 32)), std::string(text.substr(36, 16)), sampled};
}

}  // namespace firn
