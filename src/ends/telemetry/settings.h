// Where spans and metrics are sent by OTLP, and how: what a project says, completed by the
// environment variables that every OpenTelemetry program knows. Pure functions over values.
//
// Source: OpenTelemetry specification, "OpenTelemetry Protocol Exporter" and "Environment Variable
// Specification", read 2026-11.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/secret.h"
#include "core/config/field.h"

namespace firn::telemetry {

enum class Protocol { kHttp, kGrpc };
enum class Signal { kTraces, kMetrics };
[[nodiscard]] std::string_view SignalName(Signal signal);  // `traces`

using HeaderList = std::vector<std::pair<std::string, Secret>>;
using TextPairs = std::vector<std::pair<std::string, std::string>>;

// How one signal travels.
struct SignalSettings {
  bool on = false;
  Protocol protocol = Protocol::kHttp;
  std::string endpoint;  // kHttp: the whole URL; kGrpc: `host:port`
  bool clear = false;    // kGrpc: without TLS
  HeaderList headers;
  bool gzip = true;
  std::chrono::milliseconds timeout{10'000};  // of one request
  std::string ca_file;                        // empty: the system's authorities
};

struct Settings {
  SignalSettings traces;
  SignalSettings metrics;
  TextPairs resource;  // who tells it: `service.name`, ..
  std::chrono::milliseconds metrics_every{60'000};
  std::chrono::milliseconds traces_every{5'000};  // a batch waits no longer
  size_t spans_waiting_max = 2'048;
  size_t spans_per_batch = 512;
  double share = 1;                   // of the traces that is kept, 0 to 1
  std::string proxy;                  // empty: from the environment; `none`: no proxy
  std::vector<std::string> warnings;  // what of the environment does not count, and why
};

// What a project says; what it leaves out is the environment's. A project that names an endpoint
// says all of how to get there: headers meant for another never go to it.
struct ProjectSettings {
  std::string endpoint;  // base: `/v1/traces` and `/v1/metrics` are added over HTTP
  std::string protocol;  // `http/protobuf`, `grpc`
  HeaderList headers;
  bool gzip = true;
  std::chrono::milliseconds timeout{10'000};
  std::string ca_file;
  std::string proxy;
  std::string service_name;
  std::map<std::string, std::string> resource;
  bool traces = true;
  bool metrics = true;
  std::optional<std::chrono::milliseconds> metrics_every;
};

// Both signals are off when neither names an endpoint. Errors: BadConfig OTLP-SETTING-001 for an
// endpoint, -002 for a protocol that cannot be used.
[[nodiscard]] Result<Settings> MakeSettings(const ProjectSettings& project,
                                            const config::EnvironmentLookup& environment);

// As HTTP/2 and gRPC carry it: lower case.
[[nodiscard]] std::string HeaderName(std::string_view name);
// `key=value,key=value`, values percent-decoded. What is no pair is left out and its place told.
[[nodiscard]] TextPairs ParsePairs(std::string_view text, const std::string& variable,
                                   std::vector<std::string>* warnings);

}  // namespace firn::telemetry
