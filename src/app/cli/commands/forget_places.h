// What a project holds of a record beside its tables: rejects, staged rows, quarantined events, the
// events and dead letters of its rules.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "core/state/ledger.h"
#include "ends/lake/table.h"

namespace firn::cli {

struct ForgetPlace {
  std::string place;  // `rejected rows`
  int64_t found = 0;
  std::string until;  // when it would go by itself
};

class ForgetPlaces {
 public:
  enum class Use { kLook, kRemove };
  // kRemove takes the lock of the state: nothing may be exported meanwhile. Without a project there
  // are no such places. Errors: Conflict (STATE-LOCK-001) naming the process that holds it.
  [[nodiscard]] static Result<ForgetPlaces> Open(Context& context, Use use);

  // Those that hold anything of the record; with kRemove it is gone from them afterwards. Safe to
  // repeat. Errors: also Conflict (EVENT-OUTBOX-001) while somebody delivers events.
  [[nodiscard]] Result<std::vector<ForgetPlace>> Forget(const std::string& id);
  // The files of its blob fields that were fetched beside a table; with kRemove they are gone.
  [[nodiscard]] Result<std::vector<ForgetPlace>> ForgetFiles(const Call& call,
                                                             const lake::Table& table,
                                                             const std::string& id) const;
  // Data files that no snapshot had were removed: runs that were to commit them begin anew.
  [[nodiscard]] Result<void> FilesAreGone(const std::vector<std::string>& files);

 private:
  bool remove_ = false;
  std::string state_folder_;  // empty: no project
  std::string quarantine_folder_;
  std::shared_ptr<state::StateDb> db_;
  std::unique_ptr<state::Ledger> ledger_;
};

}  // namespace firn::cli
