#include "ends/telemetry/error_codes.h"

namespace firn::telemetry {
namespace {

constexpr ErrorCode kCodes[] = {
    {"OTLP-SETTING-001", "an OTLP endpoint that cannot be used",
     "`daemon.otlp.endpoint`, or the variable that the message names, is no address of a "
     "collector: over HTTP a URL without user and query, over gRPC a host and a port.",
     "Write `http://127.0.0.1:4318`, or `http://127.0.0.1:4317` with `protocol: grpc`; a sign-in "
     "goes into `secret_headers`."},
    {"OTLP-SETTING-002", "an OTLP protocol that Firn does not speak",
     "Spans and metrics are sent as protobuf, over HTTP or gRPC.",
     "Use `http/protobuf` or `grpc`; collectors take both."},
    {"OTLP-SETTING-003", "a header that cannot be sent",
     "A name of `secret_headers` is no name of an HTTP header, or its secret holds a line break.",
     "Correct the name; names are made of letters, digits and `-`."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::telemetry
