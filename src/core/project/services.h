// What `firn run` keeps going beside its jobs: the topics that it follows, the catalog that it
// serves and the collectors it tells, as `events`, `daemon.catalog` and `daemon.otlp` of firn.yaml
// say. Definitions only; values.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/project/project.h"

namespace firn::project {

struct FollowedStream {
  std::string org;                   // id
  std::string topic;                 // `/data/ChangeEvents`, `/event/Order__e`
  std::string managed;               // managed subscription of that topic; empty: none
  std::vector<std::string> objects;  // whose tables follow; empty: all that an export has made
  std::chrono::milliseconds commit_every{0};
  int64_t events_per_commit = 0;
  bool whole_transactions = false;
  bool backfill_lost = false;  // else it waits for a person
  std::chrono::milliseconds lease{0};
  // What rules see in the events; empty: as the environment has it.
  std::string account;
  std::string region;
  std::string where_in_file;  // file:line:col
  // Of changes, which tables take; else a platform event, for the rules only.
  [[nodiscard]] bool of_changes() const { return topic.starts_with("/data/"); }
  bool operator==(const FollowedStream&) const = default;
};
inline constexpr std::string_view kTopicOfAllChanges = "/data/ChangeEvents";
// `Account` -> `/data/AccountChangeEvent`, `Widget__c` -> `/data/Widget__ChangeEvent`.
[[nodiscard]] std::string ChangeTopicOf(std::string_view object);

// The Iceberg REST catalog. Paths are absolute.
struct CatalogSettings {
  std::string listen_address;  // empty: it is not served
  uint16_t listen_port = 0;    // 0: any free one
  std::string principals;      // empty: everybody everything
  std::string tls_cert;        // both or none
  std::string tls_key;
  std::vector<std::string> allow_locations;
  bool implicit_namespaces = false;
  int64_t body_bytes_max = 0;
  std::string access_log;  // may be empty
  bool operator==(const CatalogSettings&) const = default;
};

// Where spans and metrics go by the OpenTelemetry protocol; what is empty is the environment's.
struct OtlpSettings {
  std::string endpoint;  // base URL, or `host:port` for `grpc`
  std::string protocol;
  std::map<std::string, std::string> headers;
  std::vector<std::pair<std::string, config::SecretRef>> secret_headers;
  bool gzip = true;
  std::chrono::milliseconds timeout{0};
  std::string ca_file;  // absolute, or empty
  std::string proxy;
  std::string service_name;
  std::map<std::string, std::string> resource;
  bool traces = true;
  bool metrics = true;
  std::optional<std::chrono::milliseconds> metrics_every;
  bool operator==(const OtlpSettings&) const = default;
};

struct Services {
  std::vector<FollowedStream> events;
  CatalogSettings catalog;
  OtlpSettings otlp;
};
// Those of a project that was loaded with the same options. Errors: as Load.
[[nodiscard]] Result<Services> LoadServices(const Project& project,
                                            const LoadOptions& options = {});

}  // namespace firn::project
