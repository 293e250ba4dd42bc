// Forget: one record out of what exports keep beside the tables: files of rejected rows, staged
// rows of windows that were not merged yet, and the fetched files of blob fields.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/state/ledger.h"
#include "ends/lake/table.h"

namespace firn::exports {

struct ForgottenRejects {
  int64_t files = 0;
  int64_t lines = 0;
};
struct ForgetOptions {
  bool remove = false;  // false: only count
};
// Lines of `<rejects_folder>/<run>/*.jsonl` that name the Id (18 characters, or its first 15). With
// `remove`, the files are written anew without them, durably, mode 0600. A missing folder has none.
// Errors: of files.
[[nodiscard]] Result<ForgottenRejects> ForgetRejects(const std::string& rejects_folder,
                                                     const std::string& id,
                                                     const ForgetOptions& options);

// What is staged of an object whose records may be the one that is to be forgotten.
struct StagedWindow {
  std::string run_id;  // or the name of a folder that no run of the ledger knows
  std::string object;
  int64_t files = 0;
};
// Staged rows of the objects with the Id's key prefix. They are not looked into: with `remove` the
// objects of unfinished runs are planned anew, so that a resumed run reads the window again from
// the org, and then the files go. `ledger`: open for writing to remove; nullptr: there is none.
// Safe to repeat. Errors: of files and of the ledger.
[[nodiscard]] Result<std::vector<StagedWindow>> ForgetStaged(state::Ledger* ledger,
                                                             const std::string& staging_folder,
                                                             const std::string& id,
                                                             const ForgetOptions& options);

// Objects of unfinished runs that were to commit one of these data files (URIs), which are gone
// now: they are planned anew. How many. Errors: of the ledger.
[[nodiscard]] Result<int64_t> PlanAnewWithout(state::Ledger& ledger,
                                              const std::vector<std::string>& files);

// The record's files that `blobs: fetch` has kept beside the table, and copies of them that wait to
// be sent. With `remove` they are gone. How many. Errors: of the store.
[[nodiscard]] Result<int64_t> ForgetBlobs(const Call& call, const lake::Table& table,
                                          const std::string& id, const ForgetOptions& options);

}  // namespace firn::exports
