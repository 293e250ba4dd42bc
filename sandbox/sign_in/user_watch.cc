#include "sandbox/sign_in/user_watch.h"

#include "core/base/log.h"
#include "sandbox/schema.h"
#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

bool IsOut(const RecordChange& change) {
  if (change.kind == RecordChange::Kind::kDelete) return true;
  const FieldInfo* active = change.object->Field("IsActive");
  return active != nullptr && active->slot >= 0 && change.values[active->slot].number == 0;
}

}  // namespace

void UserWatch::Committed(const ChangeBatch& batch) {
  for (const RecordChange& change : batch.changes) {
    if (change.object->name != "User" || !IsOut(change)) continue;
    if (const auto ended = sessions_.EndOfUser(IdText(change.id)); !ended) {
      log::Warn("sandbox_sessions_not_ended", {{"error", ended.error().OneLine()}});
    }
  }
}

}  // namespace firn::sandbox
