// SharedState: the small rows that several processes change at once, in `shared.db`.
//
// The API budget, cached tokens and describes, and leases: two runs of one project, or a run and a
// daemon, must see and change the same numbers while one of them holds the write lock of state.db.
// Each change is one short SQLite transaction (BEGIN IMMEDIATE), so processes wait for each other
// for milliseconds, never for a run (docs/decisions/0011-shared-state.md). Every key begins with
// the org id. May be used from any thread. Values that are secret (tokens) are the caller's to
// encrypt or not to store; the file is mode 0600.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/sqlite.h"

namespace firn::state {

struct Key {
  std::string org;   // org id or alias as configured; never empty
  std::string area;  // `budget`, `token`, `describe`, `lease`
  std::string name;
};

struct VersionedValue {
  std::string value;    // any bytes
  int64_t version = 0;  // counts up with each change; never 0
};

class SharedState {
 public:
  // `path`: SharedStatePath(folder); ":memory:" for tests. Made when missing. Errors: Corrupt
  // (STATE-OPEN-002), Unsupported for a network file system or a newer file.
  [[nodiscard]] static Result<std::shared_ptr<SharedState>> Open(const std::string& path);

  [[nodiscard]] Result<std::optional<VersionedValue>> Get(const Key& key);
  [[nodiscard]] Result<void> Put(const Key& key, std::string_view value);
  // Read, decide and write as one step that no other process can come between. `change` sees the
  // present value and returns the new one, nothing to leave it as it is; it must be quick and must
  // not use this object. Its error is handed on and nothing is written.
  using Change =
      std::function<Result<std::optional<std::string>>(const std::optional<std::string>& present)>;
  [[nodiscard]] Result<void> Update(const Key& key, const Change& change);
  // Names (with values) of one area of an org, sorted.
  [[nodiscard]] Result<std::vector<std::pair<std::string, VersionedValue>>> List(
      const std::string& org, const std::string& area);

 private:
  explicit SharedState(Database db) : db_(std::move(db)) {}
  std::mutex mutex_;
  Database db_;
};

}  // namespace firn::state
