// GraphQL documents of any origin, with variables of the rest.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "sandbox/graphql/document.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)firn::sandbox::graphql::ParseDocument(text, "", {{"n", 5}, {"deep", {{"a", {1, 2}}}}});
  return 0;
}
