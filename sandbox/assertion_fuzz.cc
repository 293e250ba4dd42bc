// Fuzzes what sign-in reads from strangers: JWT assertions, SOAP envelopes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sandbox/sign_in/assertion.h"
#include "sandbox/soap/soap_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto assertion = firn::sandbox::ParseAssertion(text)) {
    for (const auto& audience : assertion->audiences) {
      (void)firn::sandbox::AudienceFits(audience, "https://localhost:8443");
    }
  }
  (void)firn::sandbox::ParseEnvelope(text);
  return 0;
}
