// CatalogServer: an Iceberg REST catalog over the warehouse's SQL catalog, for every engine.
//
// Owns the listening socket and its threads; serves until it is destroyed, which drains it. Several
// processes may use the same warehouse at the same time, servers included: the SQL catalog decides.
// Serves the guide's zero-copy pattern.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/base/metrics.h"
#include "core/base/span.h"

namespace firn::federation {

struct CatalogServerOptions {
  std::string warehouse;                     // folder, `file:///..`, or `s3://bucket/prefix`
  std::string catalog_path;                  // empty: <warehouse>/catalog.db; needed on S3
  std::vector<std::string> allow_locations;  // further folders that tables may lie in
  std::string address = "127.0.0.1";
  uint16_t port = 0;            // 0: any free one
  std::string certificate_pem;  // with key_pem: TLS
  std::string key_pem;
  std::string principals;  // YAML file of who may do what; empty: everybody everything
  std::string access_log;  // file that gets a JSON line per request; empty: none
  int threads = 0;         // that work on requests; 0: eight per core
  uint64_t body_bytes_max = 64ULL << 20;
  bool implicit_namespaces = false;  // a table may be made in a namespace that is not there
  bool create = true;                // make the warehouse when it is missing
  std::string vend_role;  // S3: ARN of the role whose credentials clients are given; empty: none
  std::chrono::seconds vend_life{3600};
  SpanSink* spans = nullptr;  // a span a request; may be null, and outlives the server
};

class CatalogServer {
 public:
  virtual ~CatalogServer() = default;
  // `clock`, `random` and `metrics` must outlive it. Errors: those of opening the warehouse;
  // Conflict (NET-SERVE-001); BadConfig for TLS material.
  [[nodiscard]] static Result<std::unique_ptr<CatalogServer>> Start(
      const CatalogServerOptions& options, const Call& call, MetricsRegistry& metrics);
  [[nodiscard]] virtual std::string url() const = 0;
  [[nodiscard]] virtual uint16_t port() const = 0;
};

}  // namespace firn::federation
