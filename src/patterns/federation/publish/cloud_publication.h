// Publishing rows to Data Cloud: parts on this machine first, then what takes them, ingestion jobs
// (CSV) or streaming requests (JSON), every step in a ledger.
//
// Whatever stops it, the next call goes on where it was: with the parts of the snapshots it began
// with, and the job that was open. A part whose fate is unknown is sent again; upserts and deletes
// by key make its rows once. An unfinished publication is finished before a new one begins, so that
// older rows never overwrite newer ones. One call at a time for a target (a lock in its folder).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "ends/salesforce/data_cloud.h"
#include "patterns/federation/publish/cloud_ledger.h"
#include "patterns/federation/publish/manifest.h"

namespace firn::federation {

// How rows are to go. kAuto: request by request where few are enough, else in bulk.
enum class CloudWay { kBulk, kStream, kAuto };

struct CloudPublication {
  salesforce::IngestSpec target;
  Contract contract;
  PublishSource source;
  std::string work_folder;  // of this target alone; made when missing
  CloudWay way = CloudWay::kBulk;
  int64_t part_bytes = 100'000'000;  // of bulk; at most kIngestPartBytesMax
  bool dry_run = false;              // everything is read and checked, nothing is sent
  bool again = false;                // also when nothing has changed
  bool restart = false;              // an unfinished publication is given up, its job aborted
  std::function<void(const std::string& doing)> progress;  // may be empty
};

struct CloudReport {
  enum class Outcome { kPublished, kUnchanged, kWouldPublish };
  Outcome outcome = Outcome::kPublished;
  Manifest manifest;
  bool resumed = false;  // what an earlier call had begun
  int64_t instants_cut = 0;
  int64_t bytes = 0;
  int64_t parts = 0;
  CloudIngest ingest = CloudIngest::kBulk;
  std::vector<std::string> jobs;
};

// Errors: PUB-CLOUD-001 (types, or no key), -002, -003; LAKE-CONTRACT-*; those of DataCloud;
// Conflict (BASE-LOCK-001). `cloud` may be null for a dry run.
[[nodiscard]] Result<CloudReport> PublishToCloud(const Call& call, salesforce::DataCloud* cloud,
                                                 const CloudPublication& publication);

}  // namespace firn::federation
