// What a service of AWS may answer when it refuses, credentials of helper programs, and addresses
// before they are signed.
#include <cstddef>
#include <cstdint>
#include <string>

#include "ends/aws/internal/sources.h"
#include "ends/aws/internal/uri.h"
#include "ends/aws/internal/vendor_error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace firn;
  const std::string text(reinterpret_cast<const char*>(data), size);
  net::Response response;
  response.status = 400 + static_cast<int>(size % 120);
  response.body = text;
  response.headers.Add("x-amzn-ErrorType", text.substr(0, 60));
  const aws::VendorError error = aws::ReadVendorError(response);
  FIRN_ASSERT(!aws::AsError("s3", response, error).code().empty());
  (void)aws::IsThrottling(response, error);
  const auto keys = aws::ReadCredentialsJson(text, "fuzz");
  if (!keys) FIRN_ASSERT(!keys.error().code().empty());
  FIRN_ASSERT(aws::UriDecode(aws::UriEncode(text, "")) == text);
  const aws::UrlParts parts = aws::SplitUrl(text);
  const std::string path = aws::NormalPath(parts.path);
  FIRN_ASSERT(aws::NormalPath(path) == path);
  const std::string query = aws::CanonicalQuery(parts.query);
  FIRN_ASSERT(aws::CanonicalQuery(query) == query);
  return 0;
}
