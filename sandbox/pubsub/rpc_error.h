// How a call of the Pub/Sub API fails: a gRPC status, the vendor's code for the trailer, a message.
// Source: Pub/Sub API guide, 'Handle Errors'; messages and statuses as public clients report them;
// read 2026-11.
#pragma once

#include <string>
#include <string_view>

namespace firn::sandbox {

// Numbers of grpc::StatusCode.
enum class RpcStatus {
  kOk = 0,
  kCancelled = 1,
  kInvalidArgument = 3,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kInternal = 13,
  kUnavailable = 14,
  kUnauthenticated = 16,
};

struct RpcError {
  RpcStatus status = RpcStatus::kOk;
  // Without the vendor's prefix, `subscription.limit.exceeded`; empty: no trailer.
  std::string code;
  std::string message;
};

inline constexpr std::string_view kErrorCodePrefix = "sfdc.platform.eventbus.grpc.";

}  // namespace firn::sandbox
