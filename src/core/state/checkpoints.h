// Checkpoints: up to where an object of an org has been read. The same value stands in the summary
// of the snapshot that holds the rows, and that one counts: this row is the quick way to it.
//
// Thread-safe; writing needs a StateDb that was opened for writing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/state/state_db.h"

namespace firn::state {

struct Checkpoint {
  std::string org;
  std::string stream;  // `export/Account`
  std::string value;   // a watermark (ISO 8601) or a replay id
  std::string run_id;  // who set it
  UtcMicros set;
};

class Checkpoints {
 public:
  explicit Checkpoints(std::shared_ptr<StateDb> db) : db_(std::move(db)) {}
  [[nodiscard]] Result<void> Set(const Checkpoint& checkpoint);
  [[nodiscard]] Result<std::optional<Checkpoint>> Get(const std::string& org,
                                                      const std::string& stream);
  [[nodiscard]] Result<std::vector<Checkpoint>> List(const std::string& org);

 private:
  std::shared_ptr<StateDb> db_;
};

}  // namespace firn::state
