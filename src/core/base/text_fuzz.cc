// The decoders of encoding.h, time_text.h and trace.h take text from config, tokens and headers:
// none may crash, and what a decoder takes, its encoder must give back.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/encoding.h"
#include "core/base/error.h"
#include "core/base/time_text.h"
#include "core/base/trace.h"

using firn::FromBase64;
using firn::FromBase64Url;
using firn::FromHex;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto bytes = FromBase64(text)) FIRN_ASSERT(firn::Base64(*bytes) == text);
  if (auto bytes = FromBase64Url(text)) FIRN_ASSERT(firn::Base64Url(*bytes) == text);
  if (auto bytes = FromHex(text)) FIRN_ASSERT(firn::Hex(*bytes).size() == text.size());
  if (auto fields = firn::FormDecode(text)) {
    auto again = firn::FormDecode(firn::FormEncode(*fields));
    FIRN_ASSERT(again.has_value());
  }
  FIRN_ASSERT(firn::PercentDecode(firn::PercentEncode(text), true).value() == text);
  (void)firn::IsUtf8(text);
  if (auto time = firn::ParseInstant(text)) {
    FIRN_ASSERT(firn::ParseInstant(firn::FormatUtc(*time, 6)).value_or(*time) == *time);
  }
  (void)firn::ParseDate(text);
  if (auto duration = firn::ParseDuration(text)) {
    FIRN_ASSERT(firn::ParseDuration(firn::FormatDuration(*duration)).value() == *duration);
  }
  (void)firn::ParseBytes(text);
  (void)firn::TraceContext::Parse(text);
  return 0;
}
