// What an org, or a proxy before it, may answer: jobs, pages, refusals, dates, identities. Nothing
// but a value or an error with a code, and none quotes more than a message.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ends/salesforce/auth.h"
#include "ends/salesforce/internal/bulk_internal.h"
#include "ends/salesforce/internal/ids.h"
#include "ends/salesforce/internal/vendor_error.h"

namespace {

template <typename T>
void Told(const firn::Result<T>& result) {
  if (!result) FIRN_ASSERT(!result.error().code().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace firn;
  using namespace firn::salesforce;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto job = ParseJob("prod", text);
  Told(job);
  if (job) Told(CheckJobEnd("prod", *job));
  Told(ParseJobPage("prod", text));
  Told(ParsePageUrls("prod", text));
  net::Headers headers;
  headers.Add("Retry-After", text.substr(0, 40));
  const auto wait = RetryAfterOf(headers);
  FIRN_ASSERT(!wait || (wait->count() >= 0 && *wait <= std::chrono::hours(1)));
  FIRN_ASSERT(ParseVendorError(text).message.size() <= 500);
  const Refusal refusal{"prod", 400 + static_cast<int>(size % 120), &headers, text};
  FIRN_ASSERT(!ApiError(refusal).code().empty() && !BulkError(refusal).code().empty());
  (void)IsExpiredSession(401, ParseVendorError(text));
  if (const auto id = ToId18(text)) FIRN_ASSERT(ToId18(*id) == id);
  (void)IdsOfIdentityUrl(text);
  (void)ClockSkew(text, UtcMicros(std::chrono::hours(500'000)));
  return 0;
}
