// Carries out a bulk job: reads its CSV files and brings their rows into the store.
//
// One thread. Running a job again does what running it once does, so one that was cut short is
// simply run anew. Source: Data 360 Ingestion API reference, 'Bulk Ingestion' (CSV rules), 'Upload
// Job Data' (the two forms of a delete file), read 2026-11.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sandbox/data_cloud/lake_job.h"
#include "sandbox/data_cloud/lake_store.h"

namespace firn::sandbox {

struct LakeRunParts {
  LakeStore& store;
  std::vector<std::string> files;
  // Asked before each batch of rows, told how many were read and left out so far; false stops.
  std::function<bool(uint64_t rows, uint64_t bad_rows)> go_on;
};

// True: done; false: `go_on` stopped it. Errors: api errors, with which the job fails; the store's.
[[nodiscard]] Result<bool> RunLakeJob(const LakeJob& job, const LakeRunParts& parts);

}  // namespace firn::sandbox
