// Publishing rows as a governed table of the lake: under a contract, of pinned snapshots, in one
// snapshot that carries its manifest. One call at a time for a target (a lock in its work folder);
// whatever stops it, the table has the old rows or the new ones.
#pragma once

#include <string>
#include <vector>

#include "core/base/call.h"
#include "ends/lake/table.h"
#include "patterns/federation/publish/manifest.h"

namespace firn::federation {

struct TablePublication {
  lake::TableIdent target;
  Contract contract;
  PublishSource source;
  std::string work_folder;  // of this target alone; made when missing
  bool dry_run = false;     // everything is read and checked, nothing is written
  bool again = false;       // also when nothing has changed
};

struct PublishReport {
  enum class Outcome { kPublished, kUnchanged, kWouldPublish };
  Outcome outcome = Outcome::kPublished;
  Manifest manifest;
  bool creates = false;              // the table was, or would be, made
  std::vector<std::string> changes;  // of its shape, for people
  int64_t rows_before = 0;
  int64_t snapshot_id = 0;
};

// Errors: those of the contract (PUB-CONTRACT-002, -003), of the rows (LAKE-CONTRACT-*), of the
// source; BadInput (PUB-SOURCE-001) when the target is one of its own sources; Conflict
// (BASE-LOCK-001) while another process publishes it, (LAKE-COMMIT-003) when somebody else has put
// rows into it since it was published last; those of the commit.
[[nodiscard]] Result<PublishReport> PublishTable(const Call& call, lake::Lake& lake,
                                                 const TablePublication& publication);

struct PublishCheck {
  Manifest manifest;  // what was published
  int64_t rows = 0;   // what is read back
  std::string checksum;
  [[nodiscard]] bool same() const { return rows == manifest.rows && checksum == manifest.checksum; }
};
// Reads the current snapshot's rows again and holds them against its manifest. Errors: NotFound
// (PUB-MANIFEST-001) for a table that was never published.
[[nodiscard]] Result<PublishCheck> CheckPublished(const Call& call, const lake::Table& table);

}  // namespace firn::federation
