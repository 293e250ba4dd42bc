#include "app/cli/commands/forget_places.h"

#include <fmt/format.h>

#include "app/cli/commands/event_session.h"
#include "core/base/file.h"
#include "patterns/events/outbox/outbox_forget.h"
#include "patterns/events/stream/quarantine.h"
#include "patterns/exports/forget.h"

namespace firn::cli {
namespace {

// What was not made yet holds nothing.
template <typename T>
Result<T> IfThere(Result<T> opened) {
  if (opened || opened.error().kind() != Kind::kNotFound) return opened;
  return T();
}

// Events in quarantine that name the record. Texts of Avro and JSON stand in a payload as they are.
Result<int64_t> ForgetQuarantined(const std::string& folder, const std::string& id, bool remove) {
  const std::string needle = id.substr(0, 15);
  events::Quarantine quarantine(folder);
  FIRN_TRY(const auto events, quarantine.List());
  int64_t found = 0;
  for (const events::QuarantinedEvent& event : events) {
    if (event.payload.find(needle) == std::string::npos &&
        event.reason.find(needle) == std::string::npos)
      continue;
    ++found;
    if (remove) FIRN_CHECK(quarantine.Remove(event.file));
  }
  return found;
}

}  // namespace

Result<ForgetPlaces> ForgetPlaces::Open(Context& context, Use use) {
  ForgetPlaces places;
  places.remove_ = use == Use::kRemove;
  if (!context.HasProject()) return places;
  FIRN_TRY(const auto* project, context.LoadProject());
  places.state_folder_ = project->state_folder;
  places.quarantine_folder_ = QuarantineFolder(*project);
  if (FileExists(state::StateDbPath(places.state_folder_))) {
    state::StateDb::Options options;
    options.purpose = "firn " + context.command().path;
    options.read_only = !places.remove_;
    FIRN_TRY(places.db_, IfThere(state::StateDb::Open(places.state_folder_, options)));
  }
  if (places.db_) places.ledger_ = std::make_unique<state::Ledger>(places.db_);
  return places;
}

Result<std::vector<ForgetPlace>> ForgetPlaces::Forget(const std::string& id) {
  std::vector<ForgetPlace> found;
  if (state_folder_.empty()) return found;
  const auto add = [&found](std::string place, int64_t count, std::string until) {
    if (count > 0) found.push_back({std::move(place), count, std::move(until)});
  };
  FIRN_TRY(const auto rejects,
           exports::ForgetRejects(state_folder_ + "/rejects", id, {.remove = remove_}));
  add("rejected rows", rejects.lines, "they are removed");
  FIRN_TRY(const auto staged, exports::ForgetStaged(ledger_.get(), state_folder_ + "/staging", id,
                                                    {.remove = remove_}));
  for (const exports::StagedWindow& window : staged) {
    const std::string what =
        window.object.empty() ? window.run_id : window.object + " of run " + window.run_id;
    add("staged rows: " + what, window.files, "the run is resumed");
  }
  FIRN_TRY(const int64_t quarantined, ForgetQuarantined(quarantine_folder_, id, remove_));
  add("quarantined events", quarantined, "30 days after they came");
  FIRN_TRY(const auto outbox, events::ForgetInOutbox(state_folder_, id, remove_));
  add("events of rules", outbox.events, "72 hours after they came");
  add("waiting deliveries", outbox.waiting, "their targets take them");
  add("dead letters", outbox.letters, "14 days after they died");
  return found;
}

Result<std::vector<ForgetPlace>> ForgetPlaces::ForgetFiles(const Call& call,
                                                           const lake::Table& table,
                                                           const std::string& id) const {
  std::vector<ForgetPlace> found;
  FIRN_TRY(const int64_t files, exports::ForgetBlobs(call, table, id, {.remove = remove_}));
  if (files > 0)
    found.push_back({"fetched files: " + table.ident().Text(), files, "they are removed"});
  return found;
}

Result<void> ForgetPlaces::FilesAreGone(const std::vector<std::string>& files) {
  if (!ledger_ || !remove_) return {};
  FIRN_CHECK(exports::PlanAnewWithout(*ledger_, files));
  return {};
}

}  // namespace firn::cli
