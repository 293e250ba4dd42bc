#include "core/state/checkpoints.h"

namespace firn::state {
namespace {

Checkpoint ReadRow(const Statement& row) {
  return {.org = std::string(row.Text(0)),
          .stream = std::string(row.Text(1)),
          .value = std::string(row.Text(2)),
          .run_id = std::string(row.Text(3)),
          .set = UtcMicros(std::chrono::microseconds(row.Int(4)))};
}

}  // namespace

Result<void> Checkpoints::Set(const Checkpoint& checkpoint) {
  return db_->With([&](Database& db) -> Result<void> {
    FIRN_TRY(auto put, db.Prepare("INSERT OR REPLACE INTO checkpoint (org, stream, value, run_id, "
                                  "set_us) VALUES (?, ?, ?, ?, ?)"));
    put.Bind(1, checkpoint.org)
        .Bind(2, checkpoint.stream)
        .Bind(3, checkpoint.value)
        .Bind(4, checkpoint.run_id)
        .Bind(5, int64_t{checkpoint.set.time_since_epoch().count()});
    return put.Run();
  });
}

Result<std::optional<Checkpoint>> Checkpoints::Get(const std::string& org,
                                                   const std::string& stream) {
  return db_->With([&](Database& db) -> Result<std::optional<Checkpoint>> {
    FIRN_TRY(auto get, db.Prepare("SELECT org, stream, value, run_id, set_us FROM checkpoint "
                                  "WHERE org = ? AND stream = ?"));
    get.Bind(1, org).Bind(2, stream);
    FIRN_TRY(const bool found, get.Step());
    if (!found) return std::optional<Checkpoint>();
    return std::optional<Checkpoint>(ReadRow(get));
  });
}

Result<std::vector<Checkpoint>> Checkpoints::List(const std::string& org) {
  return db_->With([&](Database& db) -> Result<std::vector<Checkpoint>> {
    FIRN_TRY(auto list, db.Prepare("SELECT org, stream, value, run_id, set_us FROM checkpoint "
                                   "WHERE org = ? ORDER BY stream"));
    list.Bind(1, org);
    std::vector<Checkpoint> found;
    for (;;) {
      FIRN_TRY(const bool row, list.Step());
      if (!row) return found;
      found.push_back(ReadRow(list));
    }
  });
}

}  // namespace firn::state
