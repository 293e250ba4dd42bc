// SOSL statements of any origin, and what stands between their braces, matched against the rest.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sandbox/search/sosl.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)firn::sandbox::ParseSosl(text);
  const std::string_view half = text.substr(0, size / 2);
  const auto fields = {firn::sandbox::SearchWords(text.substr(size / 2))};
  for (const auto& expression : {firn::sandbox::SearchExpression::Parse(half),
                                 firn::sandbox::SearchExpression::Literal(half, true)}) {
    if (expression) (void)expression->Matches(fields);
  }
  return 0;
}
