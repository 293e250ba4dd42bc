// CloudLedger: what is known of a publication to Data Cloud, in a file beside its parts, durable
// after every step: whoever goes on after a crash begins here. It holds no rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "patterns/federation/publish/cloud_csv.h"
#include "patterns/federation/publish/manifest.h"

namespace firn::federation {

// How rows go: in bulk jobs, or request by request.
enum class CloudIngest { kBulk, kStream };

// One ingestion job and the parts that it takes.
struct CloudJob {
  enum class State { kNone, kCreating, kOpen, kClosed, kComplete };
  State state = State::kNone;
  std::string id;
  int64_t creating_since_ms = 0;  // by our clock
  size_t first_part = 0;
  size_t parts = 0;
  size_t sent = 0;
};

struct CloudLedger {
  enum class State { kSending, kDone, kFailed };
  State state = State::kSending;
  std::string connector;
  std::string object;
  std::string operation;
  Manifest manifest;
  int64_t instants_cut = 0;
  std::vector<CloudPart> parts;
  CloudIngest ingest = CloudIngest::kBulk;
  std::vector<CloudJob> jobs;  // kBulk
  // kStream: parts that are sent whole, and what of the next one was accepted.
  size_t parts_streamed = 0;
  size_t requests_streamed = 0;

  // Nothing when there is none. Errors: Corrupt (PUB-CLOUD-003).
  [[nodiscard]] static Result<std::optional<CloudLedger>> Load(const std::string& path);
  [[nodiscard]] Result<void> Save(const std::string& path) const;
};

}  // namespace firn::federation
