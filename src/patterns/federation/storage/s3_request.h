// A client's S3 request that it wants signed: what it would do, and to which objects. Everything
// that is not known to be an ordinary read or write of objects is refused. Pure.
// Sources: Iceberg s3-signer-open-api.yaml of 1.11; Amazon S3 API Reference; read 2026-11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/net/http.h"
#include "patterns/federation/storage/s3_location.h"

namespace firn::federation {

struct S3Request {
  std::string method;
  std::string uri;
  std::string region;
  net::Headers headers;
  std::string body;  // of a multi-object delete: its keys
};

struct S3Effect {
  bool writes = false;
  std::vector<S3Place> places;  // objects, or the prefix that is listed; at least one
};

// `endpoint`: of the store, `https://host:port`; empty: AWS's own hosts. Errors: Denied
// (CAT-SIGN-001) with the reason.
[[nodiscard]] Result<S3Effect> EffectOf(const S3Request& request, std::string_view endpoint);

}  // namespace firn::federation
