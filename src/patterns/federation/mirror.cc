#include "patterns/federation/mirror.h"

#include <algorithm>
#include <chrono>

#include "core/base/fault_point.h"
#include "core/project/project.h"
#include "ends/lake/format/metadata.h"

namespace firn::federation {
namespace {

int64_t NowMs(const Call& call) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(call.clock->Now().time_since_epoch())
      .count();
}

Error Foreign(const MirrorRow& row, std::string why) {
  return Error(Kind::kConflict, "FED-MIRROR-001",
               "`" + row.there.Text() + "` of the other catalog is another table")
      .Because(std::move(why))
      .Hint("drop or rename it there, or give the mirror a `namespace` of its own");
}

// Whether the entry can be an older state of the table.
bool IsOfTable(const MirrorEntry& entry, const lake::Table& table) {
  if (!entry.table_uuid.empty()) return entry.table_uuid == table.metadata().table_uuid;
  std::string location = entry.location;
  while (location.ends_with('/')) location.pop_back();
  if (location == table.location()) return true;
  return entry.metadata_location.starts_with(table.location() + "/");
}

// Commits after the one that the entry shows, by its snapshot or by its metadata file.
void CountBehind(const Call& call, const lake::Table& table, const MirrorEntry& entry,
                 MirrorRow& row) {
  row.commits_behind.reset();
  const lake::TableMetadata& metadata = table.metadata();
  int64_t count = 1;
  int64_t oldest_ms = metadata.last_updated_ms;
  for (auto at = metadata.metadata_log.rbegin(); at != metadata.metadata_log.rend(); ++at) {
    if (at->metadata_file == entry.metadata_location) {
      row.commits_behind = count;
      break;
    }
    ++count;
    oldest_ms = at->timestamp_ms;
  }
  if (!row.commits_behind && entry.snapshot_id) {
    count = 0;
    oldest_ms = metadata.last_updated_ms;
    const lake::Snapshot* at = metadata.current_snapshot();
    while (at != nullptr && at->snapshot_id != *entry.snapshot_id) {
      ++count;
      oldest_ms = at->timestamp_ms;
      at = at->parent_id ? metadata.FindSnapshot(*at->parent_id) : nullptr;
    }
    if (at != nullptr) row.commits_behind = count;
  }
  row.ms_behind = std::max<int64_t>(0, NowMs(call) - oldest_ms);
}

class Mirroring {
 public:
  Mirroring(const Call& call, lake::Lake& lake, MirrorTarget& target, const MirrorOptions& options)
      : call_(call), lake_(lake), target_(target), options_(options) {}

  Result<void> Run(MirrorRow& row) {
    FIRN_TRY(const lake::Table table, lake_.Load(row.table));
    FIRN_TRY(const auto entry, target_.Find(call_, row.there));
    if (!entry) {
      row.state = MirrorState::kMissing;
      row.commits_behind.reset();
      row.ms_behind = std::max<int64_t>(0, NowMs(call_) - table.metadata().last_updated_ms);
      if (options_.dry_run) return {};
      FIRN_FAULT_POINT("federation.mirror.before_register");
      FIRN_CHECK(target_.Create(call_, row.there, table));
    } else if (!IsOfTable(*entry, table)) {
      row.state = MirrorState::kForeign;
      row.commits_behind.reset();
      return Fail(Foreign(row, entry->table_uuid.empty()
                                   ? "its files are at `" + entry->location + "`"
                                   : "its id is " + entry->table_uuid));
    } else if (entry->metadata_location != table.metadata_location()) {
      row.state = MirrorState::kBehind;
      CountBehind(call_, table, *entry, row);
      if (row.commits_behind == 0) {  // it wrote a metadata file of its own of the same state
        row.state = MirrorState::kCurrent;
        row.ms_behind = 0;
        return {};
      }
      if (options_.dry_run) return {};
      FIRN_FAULT_POINT("federation.mirror.before_update");
      FIRN_CHECK(target_.Update(call_, row.there, table, *entry));
    } else {
      return {};
    }
    FIRN_FAULT_POINT("federation.mirror.after_update");
    row.done = true;
    return {};
  }

 private:
  const Call& call_;
  lake::Lake& lake_;
  MirrorTarget& target_;
  const MirrorOptions& options_;
};

bool Wanted(const lake::TableIdent& ident, const std::vector<std::string>& patterns) {
  if (patterns.empty()) return true;
  const std::string text = ident.Text();
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return project::GlobMatches(pattern, text);
  });
}

}  // namespace

std::string_view MirrorStateName(MirrorState state) {
  switch (state) {
    case MirrorState::kMissing:
      return "missing";
    case MirrorState::kBehind:
      return "behind";
    case MirrorState::kForeign:
      return "foreign";
    case MirrorState::kCurrent:
      break;
  }
  return "current";
}

Result<std::vector<MirrorRow>> MirrorTables(const Call& call, lake::Lake& lake,
                                            MirrorTarget& target, const MirrorOptions& options) {
  FIRN_TRY(const auto idents, lake.Tables(""));
  std::vector<MirrorRow> rows;
  Mirroring mirroring(call, lake, target, options);
  for (const lake::TableIdent& ident : idents) {
    if (!Wanted(ident, options.tables)) continue;
    FIRN_CHECK(call.Check());
    MirrorRow row;
    row.table = ident;
    row.there = target.NameOf(ident);
    if (auto done = mirroring.Run(row); !done) {
      if (done.error().kind() == Kind::kCancelled) return Fail(std::move(done).error());
      row.error = std::move(done).error().Doing("mirroring " + ident.Text());
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace firn::federation
