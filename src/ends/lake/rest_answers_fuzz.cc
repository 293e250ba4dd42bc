// What a REST catalog may answer: tables, credentials, lists, refusals. Nothing but a value or an
// error with a code, and no location that leads out of a warehouse.
#include <cstddef>
#include <cstdint>
#include <string>

#include "ends/lake/catalog/rest_answers.h"
#include "ends/lake/catalog/rest_reply.h"

namespace {

template <typename T>
void Told(const firn::Result<T>& result) {
  if (!result) FIRN_ASSERT(!result.error().code().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto table = firn::lake::ReadTableAnswer(body);
  Told(table);
  if (table) {
    FIRN_ASSERT(table->state.metadata != nullptr);
    for (const auto& grant : table->grants) Told(firn::lake::KeysOf(grant.settings));
  }
  Told(firn::lake::ReadCredentialsAnswer(body));
  const auto signature = firn::lake::ReadSignAnswer(body);
  Told(signature);
  if (signature) {
    FIRN_ASSERT(signature->uri.starts_with("http"));
    for (const auto& [name, value] : signature->headers.all())
      FIRN_ASSERT((name + value).find('\n') == std::string::npos);
  }
  Told(firn::lake::ReadNamespacesAnswer(body));
  Told(firn::lake::ReadTablesAnswer(body));
  firn::net::Response response;
  response.status = 400 + static_cast<int>(size % 110);
  response.body = body;
  response.headers.Add("Retry-After", body.substr(0, 20));
  FIRN_ASSERT(!firn::lake::RestError(response, "x").code().empty());
  FIRN_ASSERT(!firn::lake::RestTokenError(response, "x").code().empty());
  return 0;
}
