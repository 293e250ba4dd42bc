// Verify: the committed files of an object, opened again from storage and held against what the
// pages said when they were read.
#pragma once

#include <string>
#include <vector>

#include "patterns/exports/export.h"
#include "patterns/exports/facts.h"

namespace firn::exports {

struct VerifyOutcome {
  int64_t rows_in_files = 0;
  int64_t files = 0;
  bool hashes_compared = false;       // false at full: the run kept no hashes
  std::vector<std::string> problems;  // each names a page, a file or a file and column
};

// Compares the files that the snapshot lists with those of the ledger, their footers' rows with the
// rows their pages gave, every page of the job with the files, and at kFull a hash per column with
// the hash taken from the page bytes. A damaged or missing file is a problem, not an error. Errors:
// NotFound for a table or snapshot that is gone; Cancelled.
[[nodiscard]] Result<VerifyOutcome> VerifyObject(const Call& call, lake::Lake& lake,
                                                 state::Ledger& ledger, const std::string& org,
                                                 const std::string& run_id,
                                                 const state::ObjectRow& object,
                                                 const ObjectFacts& facts, VerifyLevel level);

struct VerifiedObject {
  std::string object;
  std::string table;
  int64_t snapshot_id = 0;
  VerifyOutcome outcome;
};
// Every committed object of a run. Errors: as above, of the first that fails.
[[nodiscard]] Result<std::vector<VerifiedObject>> VerifyRun(const Call& call, lake::Lake& lake,
                                                            state::Ledger& ledger,
                                                            const std::string& org,
                                                            const std::string& run_id,
                                                            VerifyLevel level);

}  // namespace firn::exports
