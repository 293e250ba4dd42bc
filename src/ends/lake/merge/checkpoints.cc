// What the merges of a table left in its snapshots' summaries, read back.
#include "ends/lake/merge/checkpoints.h"

#include <charconv>
#include <functional>

#include "core/record/schema.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/merge/merge.h"

namespace firn::lake {
namespace {

constexpr std::string_view kCheckpointPrefix = "firn.checkpoint.";
constexpr std::string_view kLeaseEpoch = "firn.lease-epoch";

// From `snapshot` back through its parents, until `look` answers true. What stands on other
// branches, or was rolled back, is nobody's checkpoint.
void EachAncestor(const TableMetadata& metadata, const Snapshot* snapshot,
                  const std::function<bool(const Snapshot&)>& look) {
  // No longer than there are snapshots, should the parents of a damaged file go in a circle.
  for (size_t seen = 0; snapshot != nullptr && seen < metadata.snapshots.size(); ++seen) {
    if (look(*snapshot)) return;
    snapshot = snapshot->parent_id ? metadata.FindSnapshot(*snapshot->parent_id) : nullptr;
  }
}

}  // namespace

std::optional<std::string> CheckpointOf(const Table& table, std::string_view consumer) {
  const std::string key = std::string(kCheckpointPrefix) + std::string(consumer);
  std::optional<std::string> found;
  EachAncestor(table.metadata(), table.metadata().current_snapshot(),
               [&](const Snapshot& snapshot) {
                 const auto at = snapshot.summary.find(key);
                 if (at != snapshot.summary.end()) found = at->second;
                 return found.has_value();
               });
  return found;
}

std::map<std::string, std::string> CheckpointsOf(const Table& table) {
  std::map<std::string, std::string> out;
  EachAncestor(
      table.metadata(), table.metadata().current_snapshot(), [&](const Snapshot& snapshot) {
        for (auto at = snapshot.summary.lower_bound(std::string(kCheckpointPrefix));
             at != snapshot.summary.end() && at->first.starts_with(kCheckpointPrefix); ++at)
          out.emplace(at->first.substr(kCheckpointPrefix.size()), at->second);
        return false;
      });
  return out;
}

std::string LeaseKey(std::string_view lease) {
  std::string key(kLeaseEpoch);
  if (!lease.empty()) key.append(".").append(lease);
  return key;
}

std::optional<int64_t> LeaseEpochOf(const Table& table, std::string_view lease) {
  const std::string key = LeaseKey(lease);
  std::optional<int64_t> epoch;
  EachAncestor(table.metadata(), table.metadata().current_snapshot(),
               [&](const Snapshot& snapshot) {
                 const auto at = snapshot.summary.find(key);
                 if (at == snapshot.summary.end()) return false;
                 int64_t value = 0;
                 const char* end = at->second.data() + at->second.size();
                 const auto [stop, error] = std::from_chars(at->second.data(), end, value);
                 if (error == std::errc() && stop == end) epoch = value;
                 return epoch.has_value();
               });
  return epoch;
}

Result<void> CheckLeaseEpoch(const Table& table, const LeaseTerm& term) {
  const auto seen = LeaseEpochOf(table, term.lease);
  if (!seen || *seen <= term.epoch) return {};
  return Fail(Error(Kind::kConflict, "LAKE-MERGE-005",
                    "another process has taken over table `" + table.ident().Text() + "`")
                  .Because("its lease has epoch " + std::to_string(*seen) + ", this one " +
                           std::to_string(term.epoch))
                  .Hint("stop this process: the other one goes on from the last checkpoint"));
}

void CarryCheckpoints(const TableMetadata& metadata, const Snapshot* parent,
                      std::map<std::string, std::string>& summary) {
  EachAncestor(metadata, parent, [&](const Snapshot& snapshot) {
    for (auto at = snapshot.summary.lower_bound(std::string(kCheckpointPrefix));
         at != snapshot.summary.end() && at->first.starts_with(kCheckpointPrefix); ++at)
      summary.insert(*at);
    for (auto at = snapshot.summary.lower_bound(std::string(kLeaseEpoch));
         at != snapshot.summary.end() && at->first.starts_with(kLeaseEpoch); ++at)
      summary.insert(*at);
    return false;
  });
}

record::Schema WithSoftDeleteColumns(record::Schema schema, int last_column_id) {
  const auto add = [&](std::string_view name, record::TypeId type) {
    if (schema.Find(name) != nullptr) return;
    record::Field field;
    field.id = ++last_column_id;
    field.name = name;
    field.type.id = type;
    schema.fields.push_back(std::move(field));
  };
  add(kDeletedColumn, record::TypeId::kBoolean);
  add(kDeletedAtColumn, record::TypeId::kTimestamptz);
  return schema;
}

}  // namespace firn::lake
