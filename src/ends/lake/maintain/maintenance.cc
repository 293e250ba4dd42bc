#include "ends/lake/maintain/maintenance.h"

#include <chrono>

#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "ends/lake/commit/snapshot_change.h"
#include "ends/lake/format/manifest.h"
#include "ends/lake/maintain/expiry.h"
#include "ends/lake/merge/changelog.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

constexpr int64_t kSnapshotAgeMs = 5LL * 24 * 3600 * 1000;  // as the Java reference has it

int64_t NowMs(const Call& call) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(call.clock->Now().time_since_epoch())
      .count();
}

ExpiryRules RulesFor(const Call& call, const Table& table, const MaintainOptions& options) {
  ExpiryRules rules = InlineRules(table.metadata(), NowMs(call)).value_or(ExpiryRules{});
  rules.now_ms = NowMs(call);
  rules.snapshots_min = std::max<int64_t>(1, table.metadata().LongProperty(kMinSnapshots, 1));
  if (options.snapshots_max) rules.snapshots_max = options.snapshots_max;
  if (options.snapshot_age_ms) rules.older_than_ms = rules.now_ms - *options.snapshot_age_ms;
  if (!rules.snapshots_max && !rules.older_than_ms)
    rules.older_than_ms =
        rules.now_ms - table.metadata().LongProperty(kMaxSnapshotAge, kSnapshotAgeMs);
  return rules;
}

Result<std::vector<ObjectInfo>> OldOrphans(const Call& call, const Table& table,
                                           const MaintainOptions& options) {
  FIRN_TRY(auto orphans, OrphanFiles(call, table));
  const int64_t before_ms = NowMs(call) - options.orphan_age_ms;
  std::erase_if(orphans, [&](const ObjectInfo& file) { return file.modified_ms >= before_ms; });
  return orphans;
}

Result<int64_t> CountManifests(const Call& call, const Table& table) {
  FIRN_TRY(const Snapshot* snapshot, SnapshotOf(table, {}));
  if (snapshot == nullptr) return 0;
  FIRN_TRY(const auto lines, LoadManifests(call, *table.store(), *snapshot));
  return static_cast<int64_t>(lines.size());
}

Result<void> CheckOptions(const MaintainOptions& options) {
  if (!options.orphans || options.orphan_age_ms >= kOrphanAgeMinMs) return {};
  return Fail(Error(Kind::kBadInput, "LAKE-MAINTAIN-001", "the age of orphans is too small")
                  .Because("files younger than a day may belong to a write in progress")
                  .Hint("give 24h or more"));
}

}  // namespace

Result<MaintainPlan> PlanMaintenance(const Call& call, const Table& table,
                                     const MaintainOptions& options) {
  FIRN_CHECK(CheckOptions(options));
  MaintainPlan plan;
  if (options.compact) {
    FIRN_TRY(plan.groups, PlanCompaction(call, table, options.compaction));
    FIRN_TRY(const auto files, table.Files(call));
    plan.files_left = static_cast<int64_t>(files.size());
    for (const CompactGroup& group : plan.groups)
      plan.files_left -= static_cast<int64_t>(group.files.size());
  }
  if (options.expire) {
    TableMetadata metadata = table.metadata();
    plan.snapshots_expiring =
        static_cast<int64_t>(Expired(metadata, RulesFor(call, table, options)).size());
  }
  FIRN_TRY(plan.manifests, CountManifests(call, table));
  plan.manifests_after = plan.manifests;
  if (options.manifests) {
    FIRN_TRY(plan.manifests_after, ManifestsTogether(call, table));
  }
  if (options.orphans) {
    FIRN_TRY(plan.orphans, OldOrphans(call, table, options));
  }
  return plan;
}

Result<MaintainReport> Maintain(const Call& call, Lake& lake, const TableIdent& ident,
                                const MaintainOptions& options) {
  FIRN_CHECK(CheckOptions(options));
  // A file that a killed merge wrote for a changelog is no orphan.
  FIRN_CHECK(SettleChangelog(call, lake, ident));
  MaintainReport report;
  FIRN_TRY(Table table, lake.Load(ident));
  if (options.compact) {
    FIRN_TRY(const auto groups, PlanCompaction(call, table, options.compaction));
    for (const CompactGroup& group : groups) {
      FIRN_CHECK(call.Check());
      FIRN_CHECK(Compact(call, lake, table, group, options.compaction, report.compaction));
    }
    FIRN_TRY(table, lake.Load(ident));
  }
  FIRN_TRY(report.manifests_before, CountManifests(call, table));
  if (options.manifests) {
    FIRN_TRY(table, lake.RewriteManifests(call, ident));
  }
  FIRN_TRY(report.manifests_after, CountManifests(call, table));
  if (options.expire) {
    const auto before = static_cast<int64_t>(table.history().size());
    FIRN_TRY(table, lake.ExpireSnapshots(call, ident, RulesFor(call, table, options)));
    report.snapshots_expired =
        std::max<int64_t>(0, before - static_cast<int64_t>(table.history().size()));
  }
  if (!options.orphans) return report;
  FIRN_TRY(const auto orphans, OldOrphans(call, table, options));
  for (const ObjectInfo& file : orphans) {
    FIRN_CHECK(call.Check());
    FIRN_CHECK(table.store()->Remove(call, file.uri));
    FIRN_FAULT_POINT("lake.maintain.orphan_removed");
    ++report.orphans_removed;
    report.orphan_bytes += file.bytes;
  }
  return report;
}

}  // namespace firn::lake
