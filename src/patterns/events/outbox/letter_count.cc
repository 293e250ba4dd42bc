#include "patterns/events/outbox/letter_count.h"

#include "core/base/file.h"
#include "core/base/sqlite.h"
#include "patterns/events/outbox/outbox_store.h"

namespace firn::events {

Result<int64_t> CountLetters(const std::string& state_folder) {
  const std::string path = OutboxPath(state_folder);
  if (!FileExists(path)) return 0;
  Database::Options options;
  options.read_only = true;
  options.create = false;
  FIRN_TRY(Database db, Database::Open(path, options));
  FIRN_TRY(auto count, db.Prepare("SELECT count(*) FROM letter"));
  FIRN_TRY(const bool row, count.Step());
  return row ? count.Int(0) : 0;
}

}  // namespace firn::events
