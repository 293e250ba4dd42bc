// What a collector said to a request, and what follows from it. Pure functions; private to the
// room.
//
// Source: OTLP specification, "OTLP/gRPC Response", "OTLP/HTTP Response" and their sections on
// partial success, failures and throttling, read 2026-11.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/client.h"

namespace firn::telemetry {

struct Reply {
  enum class Kind {
    kTaken,    // all of it, but for `rejected`
    kRetry,    // the same again, later
    kRefused,  // never again
  };
  Kind kind = Kind::kTaken;
  int64_t rejected = 0;  // spans or points of a request that was taken
  std::string said;      // why, one line of printable text; empty: nothing
  std::optional<std::chrono::milliseconds> retry_after;
};

[[nodiscard]] Reply ReplyOfHttp(const Result<net::Response>& response);

struct GrpcEnd {
  int code = 0;
  std::string message;
  std::string details;  // `grpc-status-details-bin`
  std::string body;
};
[[nodiscard]] Reply ReplyOfGrpc(const GrpcEnd& end);

}  // namespace firn::telemetry
