// StateDb: the file `state.db` of a project, where runs, pages, data files and watermarks are
// remembered.
//
// One process writes it at a time: a writer holds `state.lock` beside the file for as long as the
// object lives, and whoever comes second is told who holds it. Reading commands open it read-only
// and need no lock. What several processes must change at once (the API budget, cached tokens and
// describes, leases) lives in `shared.db`, not here: see shared_state.h. A StateDb may be used from
// any thread; its users take turns. It is refused on network file systems.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sqlite.h"

namespace firn::state {

// Where the files of a state folder lie.
[[nodiscard]] std::string StateDbPath(const std::string& folder);
[[nodiscard]] std::string SharedStatePath(const std::string& folder);

class StateDb {
 public:
  struct Options {
    bool read_only = false;
    std::string purpose = "firn";  // written into the lock: `export run`
  };
  // Makes the folder (0700) and the file when writing; brings its schema to the newest version and
  // checks its integrity. Errors: Conflict (STATE-LOCK-001) naming the holder; NotFound
  // (STATE-OPEN-001) when reading a project that has no state yet; Corrupt (STATE-OPEN-002);
  // Unsupported for a network file system or a file of a newer program.
  [[nodiscard]] static Result<std::shared_ptr<StateDb>> Open(const std::string& folder,
                                                             const Options& options);

  // Runs `work(Database&)` while no other thread uses the connection. `work` returns a Result.
  template <typename Work>
  [[nodiscard]] auto With(Work&& work) -> decltype(work(std::declval<Database&>())) {
    std::lock_guard lock(mutex_);
    return std::forward<Work>(work)(db_);
  }
  [[nodiscard]] bool read_only() const { return read_only_; }

 private:
  StateDb(Database db, std::optional<FileLock> lock, bool read_only)
      : db_(std::move(db)), lock_(std::move(lock)), read_only_(read_only) {}
  std::mutex mutex_;
  Database db_;
  std::optional<FileLock> lock_;
  bool read_only_;
};

}  // namespace firn::state
