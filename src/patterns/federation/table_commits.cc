// Commits of one table and of several at once.
#include <algorithm>
#include <chrono>
#include <set>

#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "ends/lake/table_io.h"
#include "patterns/federation/now.h"
#include "patterns/federation/refusals.h"
#include "patterns/federation/tables.h"

namespace firn::federation {

using lake::CatalogOutcome;
using lake::CatalogRefusal;
using lake::CatalogStep;
using lake::EntryKind;
using lake::TableMetadata;

namespace {

// Only writers in other processes can win against a turn.
const Backoff kRetries{std::chrono::milliseconds(5), std::chrono::milliseconds(500), 10};
constexpr const char* kPathProperties[] = {"write.metadata.path", "write.data.path",
                                           "write.folder-storage.path",
                                           "write.object-storage.path"};

std::string PropertyOf(const TableMetadata* metadata, const char* key) {
  if (metadata == nullptr) return {};
  const auto found = metadata->properties.find(key);
  return found == metadata->properties.end() ? "" : found->second;
}

}  // namespace

// Whoever may not choose a location anywhere stays in the table's own folder, and away from others
// that lie in a folder of that name: a table keeps its files when it is renamed.
Result<void> Tables::CheckLocations(const Call& call, const TableChange& change,
                                    const TableMetadata* base, const TableMetadata& next) {
  std::vector<std::string> added;
  if (base == nullptr || base->location != next.location) added.push_back(next.location);
  for (const char* key : kPathProperties) {
    const std::string path = PropertyOf(&next, key);
    if (!path.empty() && path != PropertyOf(base, key)) added.push_back(path);
  }
  TablePlaces::Wanted wanted{IdentOf(change.name), {}, false};
  for (const std::string& location : added) {
    FIRN_TRY(const std::string checked, locations_.Check(location));
    if (change.any_location) continue;
    FIRN_CHECK(locations_.CheckOwn(checked, change.name));
    if (places_ == nullptr) continue;
    FIRN_TRY(S3Place place, ParseS3Uri(checked));
    wanted.places.push_back(std::move(place));
  }
  return CheckApart(call, wanted);
}

Result<Tables::Draft> Tables::PrepareNew(const Call& call, const TableChange& change) {
  FIRN_CHECK(names_.Check(change.name, EntryKind::kTable));
  lake::NewTableDefaults defaults;
  defaults.uuid = NewUuid(*call.random);
  defaults.location = [&] { return FreeLocation(call, change.name); };
  defaults.now_ms = NowMs(call);
  FIRN_TRY(TableMetadata metadata, lake::TableFromUpdates(change.updates_json, defaults));
  FIRN_CHECK(CheckLocations(call, change, nullptr, metadata));
  Draft draft;
  draft.step.ident = IdentOf(change.name);
  draft.table.metadata = std::make_shared<const TableMetadata>(std::move(metadata));
  FIRN_CHECK(Write(call, draft, 0));
  return draft;
}

Result<Tables::Draft> Tables::PrepareNext(const Call& call, const TableChange& change,
                                          const LoadedTable& base) {
  FIRN_CHECK(lake::CheckRequirements(change.requirements_json, base.metadata.get()));
  FIRN_TRY(auto updated, lake::ApplyUpdates(*base.metadata, change.updates_json, NowMs(call)));
  Draft draft;
  draft.step.ident = IdentOf(change.name);
  draft.unchanged = !updated.changed;
  if (draft.unchanged) {
    draft.table = base;
    return draft;
  }
  TableMetadata& metadata = updated.metadata;
  FIRN_CHECK(CheckLocations(call, change, base.metadata.get(), metadata));
  draft.dropped = lake::PushMetadataLog(metadata, {base.location, base.metadata->last_updated_ms});
  draft.step.expected = base.location;
  draft.table.metadata = std::make_shared<const TableMetadata>(std::move(metadata));
  FIRN_CHECK(Write(call, draft, lake::MetadataVersion(base.location) + 1));
  return draft;
}

Result<Tables::Draft> Tables::Prepare(const Call& call, const TableChange& change) {
  FIRN_TRY(const bool creates, lake::RequiresNoTable(change.requirements_json));
  FIRN_TRY(const auto base, Find(call, IdentOf(change.name)));
  if (creates) {
    FIRN_CHECK(
        lake::CheckRequirements(change.requirements_json, base ? base->metadata.get() : nullptr));
    return PrepareNew(call, change);
  }
  if (!base) return NoEntry(change.name, EntryKind::kTable);
  return PrepareNext(call, change, *base);
}

Result<void> Tables::Write(const Call& call, Draft& draft, int version) {
  if (!draft.table.json)
    draft.table.json =
        std::make_shared<const std::string>(lake::MetadataJson(*draft.table.metadata));
  lake::MetadataFile file{*draft.table.metadata, *draft.table.json, version};
  FIRN_TRY(draft.table.location, lake::WriteMetadata(call, *store_, file));
  draft.step.next = draft.table.location;
  return {};
}

Result<CatalogOutcome> Tables::MakeTrue(const Call& call, std::vector<Draft>& drafts,
                                        const lake::CatalogNote& note) {
  FIRN_FAULT_POINT("catalog.commit.after_metadata");
  std::vector<std::string> written;
  std::vector<CatalogStep> steps;
  for (const Draft& draft : drafts) {
    if (draft.unchanged) continue;
    written.push_back(draft.table.location);
    steps.push_back(draft.step);
  }
  if (steps.empty()) return CatalogOutcome();
  FIRN_CHECK(store_->Settle(call, written));
  FIRN_FAULT_POINT("catalog.commit.before_catalog");
  auto applied = catalog_.Apply(steps, note);
  FIRN_FAULT_POINT("catalog.commit.after_catalog");
  if (applied || applied.error().kind() != Kind::kCommitUnknown) return applied;
  return FindOut(call, steps, std::move(applied).error());
}

// The catalog's answer was lost: the rows say what happened. Steps become true together, so one of
// them that did is enough.
Result<CatalogOutcome> Tables::FindOut(const Call& call, const std::vector<CatalogStep>& steps,
                                       Error unknown) {
  const CatalogStep& step = steps.front();
  const auto entry = catalog_.FindEntry(step.ident, step.kind);
  if (!entry || !*entry) return Fail(std::move(unknown));
  if ((*entry)->metadata_location == step.next) return CatalogOutcome();
  if (step.expected && (*entry)->metadata_location == *step.expected)
    return CatalogOutcome(CatalogRefusal{CatalogRefusal::Why::kMoved, 0});
  // Others went on from either state: their log says from which.
  const auto current = ReadFile(call, (*entry)->metadata_location);
  if (!current) return Fail(std::move(unknown));
  const auto& log = current->metadata->metadata_log;
  const bool ours = std::any_of(log.begin(), log.end(),
                                [&](const auto& past) { return past.metadata_file == step.next; });
  if (ours) return CatalogOutcome();
  return CatalogOutcome(CatalogRefusal{CatalogRefusal::Why::kMoved, 0});
}

void Tables::Finish(const Call& call, const std::vector<Draft>& drafts) {
  for (const Draft& draft : drafts) {
    if (draft.unchanged) continue;
    Remember(draft.step.ident, draft.table);
    if (!draft.table.metadata->BoolProperty("write.metadata.delete-after-commit.enabled", false))
      continue;
    for (const std::string& uri : draft.dropped) {
      if (auto removed = store_->Remove(call, uri); !removed)
        log::Warn("catalog.file_not_removed", {{"error", removed.error().OneLine()}});
    }
  }
}

void Tables::Discard(const Call& call, const std::vector<Draft>& drafts) {
  for (const Draft& draft : drafts) {
    if (draft.unchanged || draft.table.location.empty()) continue;
    if (auto removed = store_->Remove(call, draft.table.location); !removed)
      log::Warn("catalog.file_not_removed", {{"error", removed.error().OneLine()}});
  }
}

Result<std::vector<Tables::Draft>> Tables::CommitDrafts(const Call& call,
                                                        const std::vector<TableChange>& changes,
                                                        const lake::CatalogNote& note) {
  std::vector<std::string> keys;
  for (const TableChange& change : changes) keys.push_back(IdentOf(change.name).Text());
  const Turns::Turn turn(turns_, keys);
  for (int attempt = 0;; ++attempt) {
    std::vector<Draft> drafts;
    for (const TableChange& change : changes) {
      auto draft = Prepare(call, change);
      if (!draft) {
        Discard(call, drafts);
        return Fail(std::move(draft).error());
      }
      drafts.push_back(*std::move(draft));
    }
    auto refusal = MakeTrue(call, drafts, note);
    if (!refusal) {
      // Files of a commit that may have become true are never removed.
      if (refusal.error().kind() != Kind::kCommitUnknown) Discard(call, drafts);
      return Fail(std::move(refusal).error());
    }
    if (!*refusal) {
      Finish(call, drafts);
      return drafts;
    }
    Discard(call, drafts);
    const EntryName& name = changes[std::min((*refusal)->step, changes.size() - 1)].name;
    auto lost = Refused(**refusal, name, EntryKind::kTable);
    if ((*refusal)->why != CatalogRefusal::Why::kMoved) return lost;
    FIRN_CHECK(WaitToRetry(call, kRetries, attempt, std::move(lost.value()).RetryWithBackoff()));
  }
}

Result<LoadedTable> Tables::Commit(const Call& call, const TableChange& change,
                                   const lake::CatalogNote& note) {
  FIRN_TRY(std::vector<Draft> drafts, CommitDrafts(call, {change}, note));
  return std::move(drafts.front().table);
}

Result<void> Tables::CommitAll(const Call& call, const std::vector<TableChange>& changes,
                               const lake::CatalogNote& note) {
  if (changes.empty()) return {};
  std::set<std::string> names;
  for (const TableChange& change : changes) {
    if (!names.insert(IdentOf(change.name).Text()).second)
      return BadRequest("the transaction changes `" + Shown(change.name) + "` twice");
  }
  FIRN_CHECK(CommitDrafts(call, changes, note));
  return {};
}

}  // namespace firn::federation
