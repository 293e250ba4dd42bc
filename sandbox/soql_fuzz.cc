// SOQL text of any origin: parsed as a query and as a filter expression, and asked whether the Bulk
// API would take it; LIKE patterns.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sandbox/soql/filter.h"
#include "sandbox/soql/formula.h"
#include "sandbox/soql/parse.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)firn::sandbox::soql::Parse(text);
  (void)firn::sandbox::soql::ParseWhere(text);
  (void)firn::sandbox::formula::Parse(text);
  const size_t half = size / 2;
  (void)firn::sandbox::soql::LikeMatches(text.substr(0, half), text.substr(half));
  return 0;
}
