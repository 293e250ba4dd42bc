#include "sandbox/api_error.h"

namespace firn::sandbox {
namespace {

constexpr std::string_view kSystem = "sandbox";

Kind KindOf(int status) {
  switch (status) {
    case 401:
      return Kind::kExpired;
    case 403:
      return Kind::kDenied;
    case 404:
    case 410:
      return Kind::kNotFound;
    case 409:
      return Kind::kConflict;
    default:
      return status >= 500 ? Kind::kInternal : Kind::kBadInput;
  }
}

}  // namespace

Error ApiError(int status, std::string_view vendor_code, std::string message,
               const std::vector<std::string>& fields) {
  std::string joined;
  for (const auto& field : fields) {
    if (!joined.empty()) joined += ',';
    joined += field;
  }
  Remote remote;
  remote.system = kSystem;
  remote.status = status;
  remote.api_code = vendor_code;
  return Error(KindOf(status), "SBX-API-001", std::move(message))
      .At(std::move(joined))
      .From(std::move(remote));
}

ApiErrorParts PartsOf(const Error& error) {
  if (error.remote().system != kSystem || error.remote().api_code.empty()) {
    return {500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: " + error.code(), {}};
  }
  ApiErrorParts parts{error.remote().status, error.remote().api_code, error.what(), {}};
  for (size_t at = 0; at < error.where().size();) {
    const size_t comma = std::min(error.where().find(',', at), error.where().size());
    parts.fields.push_back(error.where().substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

}  // namespace firn::sandbox
