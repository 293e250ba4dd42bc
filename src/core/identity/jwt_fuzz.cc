// Any bytes as a token, and as a key set: never a crash, never accepted.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/identity/jwt.h"

namespace {

const firn::identity::KeySet& Keys() {
  static const auto keys = firn::identity::KeySet::Parse(
      R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})");
  return *keys;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  firn::identity::VerifyOptions options;
  options.any_audience = true;
  // After the only honest token of the corpus has expired.
  const firn::UtcMicros now{std::chrono::seconds(1'795'000'000)};
  if (firn::identity::VerifyJwt(text, Keys(), options, now)) std::abort();
  const auto keys = firn::identity::KeySet::Parse(text);
  if (keys && !firn::identity::KeySet::Parse(keys->ToJson())) std::abort();
  return 0;
}
