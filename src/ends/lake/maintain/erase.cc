#include "ends/lake/maintain/erase.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "ends/lake/commit/delete_files.h"
#include "ends/lake/commit/lineage.h"
#include "ends/lake/commit/row_delta.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/internal/parquet_source.h"
#include "ends/lake/maintain/expiry.h"
#include "ends/lake/maintain/orphans.h"
#include "ends/lake/merge/key_index_file.h"
#include "ends/lake/merge/write.h"
#include "ends/lake/read/scan.h"
#include "ends/lake/store/object_store.h"

namespace firn::lake {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

constexpr int kBatchRows = 16 * 1024;

Result<record::Field> KeyField(const Table& table, const std::string& column) {
  const record::Field* field = table.schema().Find(column);
  if (field == nullptr) {
    return Fail(Error(Kind::kNotFound, "LAKE-COLUMN-001",
                      "table `" + table.ident().Text() + "` has no column `" + column + "`"));
  }
  if (field->type.id != record::TypeId::kString) {
    return Fail(Error(Kind::kUnsupported, "LAKE-ERASE-001",
                      "column `" + column + "` is no text: records are erased by their Ids")
                    .At(table.ident().Text()));
  }
  return *field;
}

internal::SourceOptions Source(const Table& table, std::vector<record::Field> fields) {
  internal::SourceOptions options;
  options.batch_rows = kBatchRows;
  options.schema = table.schema();
  options.schema.fields = std::move(fields);
  options.hints = internal::HintsOf(table.metadata());
  return options;
}

bool IsPartitioned(const Table& table) {
  const auto& specs = table.metadata().partition_specs;
  return std::any_of(specs.begin(), specs.end(),
                     [](const auto& spec) { return !spec.fields.empty(); });
}

bool TellsPartition(const DataFile& file) {
  return std::any_of(file.partition.begin(), file.partition.end(),
                     [](const auto& value) { return value.has_value(); });
}

// Bounds are cut to 16 characters: a key is outside only if its own beginning is.
bool MayHold(const DataFile& file, int field_id, const std::string& key) {
  const auto lower = file.lower_bounds.find(field_id);
  if (lower != file.lower_bounds.end() && key < lower->second) return false;
  const auto upper = file.upper_bounds.find(field_id);
  if (upper == file.upper_bounds.end()) return true;
  return key.substr(0, upper->second.size()) <= upper->second;
}

// Positions of the key's rows in a data file.
Result<std::vector<int64_t>> Positions(const Call& call, const Table& table, const DataFile& file,
                                       const record::Field& field, const std::string& key) {
  std::vector<int64_t> found;
  FIRN_TRY(const auto source,
           internal::ParquetSource::Open(call, *table.store(), file, Source(table, {field})));
  for (int64_t first = 0;;) {
    FIRN_TRY(const auto batch, source->Next(call));
    if (batch == nullptr) return found;
    const auto& keys = static_cast<const arrow::StringArray&>(*batch->column(0));
    for (int64_t row = 0; row < keys.length(); ++row) {
      if (keys.IsValid(row) && keys.GetView(row) == key) found.push_back(first + row);
    }
    first += batch->num_rows();
  }
}

using Properties = std::map<std::string, std::optional<std::string>>;

std::optional<std::string> PropertyOf(const Table& table, const std::string& name) {
  const auto found = table.properties().find(name);
  return found == table.properties().end() ? std::nullopt : std::optional(found->second);
}

constexpr const char* kHistoryRules[] = {kMaxSnapshots, kMinSnapshots, kDeleteGrace};

// The table's rules for its history are others while a key is erased. What they were stands in the
// table too, so that the next erasure puts them back if this one is killed.
std::string KeptName(const char* rule) { return "firn.erase.was." + std::string(rule); }

Properties EraseRules(const Table& table, int64_t snapshots) {
  Properties changes = {
      {kMaxSnapshots, std::to_string(snapshots)}, {kMinSnapshots, "1"}, {kDeleteGrace, "0"}};
  for (const char* rule : kHistoryRules) {
    const std::string kept = KeptName(rule);
    if (!PropertyOf(table, kept)) changes[kept] = PropertyOf(table, rule).value_or("");
  }
  return changes;
}

Properties FormerRules(const Table& table) {
  Properties changes;
  for (const char* rule : kHistoryRules) {
    const auto was = PropertyOf(table, KeptName(rule));
    if (!was) continue;
    changes[rule] = was->empty() ? std::nullopt : was;
    changes[KeptName(rule)] = std::nullopt;
  }
  return changes;
}

Result<std::vector<DataFile>> EqualityDeletesOf(const Call& call, const Table& table,
                                                int64_t snapshot_id) {
  std::vector<DataFile> files;
  FIRN_TRY(const auto manifests,
           LoadManifests(call, *table.store(), *table.metadata().FindSnapshot(snapshot_id)));
  for (const ManifestFile& manifest : manifests) {
    if (manifest.content == ManifestFile::Content::kData || !manifest.has_live_files()) continue;
    FIRN_CHECK(EachEntry(call, *table.store(), manifest, [&](ManifestEntry entry) -> Result<void> {
      if (entry.live() && entry.file.content == DataFile::Content::kEqualityDeletes)
        files.push_back(std::move(entry.file));
      return {};
    }));
  }
  return files;
}

class Finder {
 public:
  Finder(const Call& call, const Table& table, record::Field field, const std::string& key)
      : call_(call), table_(table), field_(std::move(field)), key_(key) {}

  Result<KeyTraces> Run() {
    const auto current = table_.current_snapshot();
    for (const SnapshotInfo& snapshot : table_.history()) {
      const bool is_current = current && current->snapshot_id == snapshot.snapshot_id;
      FIRN_TRY(const auto files, LiveFiles(call_, table_, snapshot.snapshot_id));
      bool holds = false;
      for (const LiveFile& live : files) {
        FIRN_TRY(const auto positions, PositionsIn(live.file));
        if (positions.empty()) continue;
        holds = true;
        (is_current ? live_ : old_).insert(live.file.path);
        if (is_current) FIRN_CHECK(SeeWhetherVisible(live, positions));
      }
      FIRN_TRY(const bool deletes, DeletesNameIt(snapshot.snapshot_id, is_current));
      if (holds || deletes) holding_.insert(snapshot.snapshot_id);
    }
    // Only now are all files known that held it.
    for (const SnapshotInfo& snapshot : table_.history()) {
      FIRN_TRY(const bool tells, TellsOf(snapshot.snapshot_id));
      if (tells || holding_.contains(snapshot.snapshot_id))
        out_.snapshots.push_back(snapshot.snapshot_id);
    }
    for (const std::string& path : live_) old_.erase(path);
    out_.live_files.assign(live_.begin(), live_.end());
    out_.old_files.assign(old_.begin(), old_.end());
    out_.delete_files.assign(deletes_.begin(), deletes_.end());
    AddRefs();
    out_.rules_aside = !FormerRules(table_).empty();
    FIRN_CHECK(AddUnused());
    return std::move(out_);
  }

 private:
  Result<std::vector<int64_t>> PositionsIn(const DataFile& file) {
    if (!MayHold(file, field_.id, key_)) return std::vector<int64_t>();
    const auto known = seen_.find(file.path);
    if (known != seen_.end()) return known->second;
    FIRN_TRY(auto positions, Positions(call_, table_, file, field_, key_));
    seen_[file.path] = positions;
    return positions;
  }

  // Whether a live equality delete file of the snapshot has the key among its values.
  Result<bool> DeletesNameIt(int64_t snapshot_id, bool is_current) {
    bool any = false;
    FIRN_TRY(const auto files, EqualityDeletesOf(call_, table_, snapshot_id));
    for (const DataFile& file : files) {
      FIRN_TRY(const auto positions, PositionsIn(file));
      if (positions.empty()) continue;
      any = true;
      if (is_current) deletes_.insert(file.path);
    }
    return any;
  }

  // Whether a snapshot's manifests still name a file as removed that held the key: with its bounds,
  // which are values of its rows.
  Result<bool> TellsOf(int64_t snapshot_id) {
    bool tells = false;
    const Snapshot& snapshot = *table_.metadata().FindSnapshot(snapshot_id);
    // One that was killed: the file it took out is gone, and whose partition that was nobody knows.
    const bool erasure = snapshot.summary.contains("firn.erased");
    FIRN_TRY(const auto manifests, LoadManifests(call_, *table_.store(), snapshot));
    for (const ManifestFile& manifest : manifests) {
      if (manifest.deleted_files == 0) continue;
      const auto known = telling_.find(manifest.path);
      if (known == telling_.end()) {
        bool one = false;
        FIRN_CHECK(EachEntry(
            call_, *table_.store(), manifest, [&](const ManifestEntry& entry) -> Result<void> {
              one = one || (!entry.live() &&
                            (HeldIt(entry.file) || (erasure && TellsPartition(entry.file))));
              return {};
            }));
        telling_[manifest.path] = one;
      }
      tells = tells || telling_[manifest.path];
    }
    return tells;
  }

  bool HeldIt(const DataFile& removed) {
    if (removed.lower_bounds.empty() && removed.upper_bounds.empty() && !TellsPartition(removed))
      return false;
    if (const auto positions = PositionsIn(removed); positions) return !positions->empty();
    // The file is gone: its bounds are all that is left of it.
    const auto begins = [&](const std::map<int, std::string>& bounds) {
      const auto bound = bounds.find(field_.id);
      return bound != bounds.end() && !bound->second.empty() && key_.starts_with(bound->second);
    };
    return begins(removed.lower_bounds) || begins(removed.upper_bounds);
  }

  Result<void> SeeWhetherVisible(const LiveFile& live, const std::vector<int64_t>& positions) {
    FIRN_TRY(const auto dead, DeadPositions(call_, table_, live));
    for (const int64_t row : positions)
      out_.visible = out_.visible || !std::binary_search(dead.begin(), dead.end(), row);
    return {};
  }

  void AddRefs() {
    for (const auto& [name, ref] : table_.metadata().refs) {
      const bool keeps = std::find(out_.snapshots.begin(), out_.snapshots.end(), ref.snapshot_id) !=
                         out_.snapshots.end();
      if (name != "main" && keeps) out_.refs.push_back(name);
    }
  }

  Result<void> AddUnused() {
    FIRN_TRY(const auto orphans, OrphanFiles(call_, table_));
    for (const ObjectInfo& orphan : orphans) {
      if (!orphan.uri.ends_with(".parquet")) continue;
      DataFile file;
      file.path = orphan.uri;
      file.file_size_bytes = orphan.bytes;
      // One that is being written, or was cut short, cannot be read: it is no committed row.
      const auto rows = CountDataFileRows(call_, *table_.store(), orphan.uri);
      if (!rows) continue;
      file.record_count = *rows;
      const auto positions = Positions(call_, table_, file, field_, key_);
      if (positions && !positions->empty()) out_.unused_files.push_back(orphan.uri);
    }
    return {};
  }

  const Call& call_;
  const Table& table_;
  const record::Field field_;
  const std::string& key_;
  std::map<std::string, std::vector<int64_t>> seen_;
  std::map<std::string, bool> telling_;  // by manifest
  std::set<int64_t> holding_;            // snapshots
  std::set<std::string> live_;
  std::set<std::string> old_;
  std::set<std::string> deletes_;
  KeyTraces out_;
};

// A data file's rows that are not deleted, without the key's, in a new file.
Result<void> WriteWithout(const Call& call, const Table& table, const LiveFile& live,
                          const std::vector<int64_t>& positions, RowDelta& delta) {
  FIRN_TRY(const auto dead, DeadPositions(call, table, live));
  std::set<int64_t> gone(dead.begin(), dead.end());
  gone.insert(positions.begin(), positions.end());
  for (const DataFile& deletes : live.deletes) {
    // One that names several data files stays: it says nothing about the new one.
    if (deletes.referenced_data_file) delta.removed_deletes.push_back(deletes);
  }
  delta.removed_rows.push_back(live.file);
  const Table written = WithLineage(table);
  FIRN_TRY(const auto source,
           internal::ParquetSource::Open(call, *table.store(), live.file,
                                         Source(table, written.schema().fields)));
  MergeFileWriter writer(written, {});
  for (int64_t first = 0;;) {
    FIRN_TRY(BatchPtr batch, source->Next(call));
    if (batch == nullptr) break;
    if (KeepsLineage(table)) {
      FIRN_TRY(batch, WithRowIds(std::move(batch), live, source->first_row()));
    }
    const int64_t end = first + batch->num_rows();
    // The runs of rows between those that go.
    int64_t from = first;
    for (auto at = gone.lower_bound(first); at != gone.end() && *at < end; ++at) {
      if (*at > from) FIRN_CHECK(writer.Write(call, batch->Slice(from - first, *at - from)));
      from = *at + 1;
    }
    if (from < end) FIRN_CHECK(writer.Write(call, batch->Slice(from - first, end - from)));
    first = end;
  }
  if (writer.rows() == 0) return {};
  FIRN_TRY(auto file, writer.Close());
  file.spec_id = live.file.spec_id;
  file.partition = live.file.partition;
  delta.added_rows.push_back(std::move(file));
  return {};
}

// By path, of the current state.
Result<std::map<std::string, DataFile>> EqualityDeletesThatName(const Call& call,
                                                                const Table& table,
                                                                const record::Field& field,
                                                                const std::string& key) {
  std::map<std::string, DataFile> found;
  const auto current = table.current_snapshot();
  if (!current) return found;
  FIRN_TRY(auto files, EqualityDeletesOf(call, table, current->snapshot_id));
  for (DataFile& file : files) {
    FIRN_TRY(const auto positions, Positions(call, table, file, field, key));
    if (!positions.empty()) found.emplace(file.path, std::move(file));
  }
  return found;
}

Result<RowDelta> DeltaWithout(const Call& call, const Table& table, const record::Field& field,
                              const std::string& key) {
  RowDelta delta;
  FIRN_TRY(const auto gone, EqualityDeletesThatName(call, table, field, key));
  FIRN_TRY(const auto files, LiveFiles(call, table));
  for (const LiveFile& live : files) {
    const bool carried_out =
        std::any_of(live.equality.begin(), live.equality.end(),
                    [&](const EqualityDelete& one) { return gone.contains(one.file.path); });
    if (!carried_out && !MayHold(live.file, field.id, key)) continue;
    FIRN_TRY(const auto positions, Positions(call, table, live.file, field, key));
    if (carried_out || !positions.empty())
      FIRN_CHECK(WriteWithout(call, table, live, positions, delta));
  }
  // No data file is left that they hold for.
  for (const auto& [path, file] : gone) delta.removed_deletes.push_back(file);
  return delta;
}

// The file of a merge's key index has the key too; the next merge makes it again.
// Whichever column is the key: the others' values are the record's too.
Result<void> RemoveKeyIndexes(const Table& table) {
  for (const record::Field& field : table.schema().fields) {
    const auto path = DefaultIndexPath(table, {table.metadata().table_uuid, field.id});
    if (path && FileExists(*path)) FIRN_CHECK(RemoveFile(*path));
  }
  return {};
}

// On a local disk the folders of partitions have values for names.
void RemoveEmptyFolders(const KeyTraces& traces) {
  for (const auto* files : {&traces.live_files, &traces.old_files, &traces.unused_files}) {
    for (const std::string& uri : *files) {
      const auto path = LocalPath(uri);
      if (!path) return;
      std::error_code in_use;
      for (auto folder = std::filesystem::path(*path).parent_path();
           folder.filename().string().find('=') != std::string::npos && !in_use;
           folder = folder.parent_path())
        std::filesystem::remove(folder, in_use);  // only an empty one
    }
  }
}

// Snapshots from the current one back that do not have the key: those may stay.
int64_t CleanNewest(const Table& table, const KeyTraces& traces) {
  int64_t clean = 0;
  const auto history = table.history();
  for (auto snapshot = history.rbegin(); snapshot != history.rend(); ++snapshot, ++clean) {
    if (std::find(traces.snapshots.begin(), traces.snapshots.end(), snapshot->snapshot_id) !=
        traces.snapshots.end())
      break;
  }
  return clean;
}

}  // namespace

Result<KeyTraces> FindKey(const Call& call, const Table& table, const std::string& column,
                          const std::string& key) {
  FIRN_TRY(auto field, KeyField(table, column));
  return Finder(call, table, std::move(field), key).Run();
}

int64_t SnapshotsKept(const Table& table) {
  return table.metadata().LongProperty(kMaxSnapshots, 0);
}

Result<EraseReport> EraseKey(const Call& call, Lake& lake, const TableIdent& ident,
                             const std::string& column, const std::string& key) {
  EraseReport report;
  FIRN_TRY(auto table, lake.Load(ident));
  FIRN_TRY(const auto field, KeyField(table, column));
  FIRN_TRY(report.before, FindKey(call, table, column, key));
  report.after = report.before;
  FIRN_CHECK(RemoveKeyIndexes(table));
  if (!report.before.any()) return report;
  auto snapshots_made = static_cast<int64_t>(table.history().size());
  if (!report.before.snapshots.empty()) {
    const bool twice = IsPartitioned(table);
    const int64_t kept = twice ? 1 : CleanNewest(table, report.before) + 1;
    FIRN_TRY(table, lake.SetProperties(call, ident, EraseRules(table, kept)));
    FIRN_FAULT_POINT("lake.erase.prepared");
    FIRN_TRY(const RowDelta delta, DeltaWithout(call, table, field, key));
    report.files_rewritten = static_cast<int64_t>(delta.removed_rows.size());
    RowDeltaOptions options;
    options.commit.summary = {{"firn.erased", std::to_string(report.files_rewritten)}};
    options.resolve = [&](const Call& again, const Table& now) {
      return DeltaWithout(again, now, field, key);
    };
    const bool removes = !delta.removed_rows.empty() || !delta.removed_deletes.empty();
    auto committed = removes ? lake.CommitRowDelta(call, ident, delta, options)
                             : lake.Append(call, ident, {}, options.commit);
    FIRN_FAULT_POINT("lake.erase.committed");
    ++snapshots_made;
    const bool again = committed && removes && twice;
    snapshots_made += again ? 1 : 0;
    if (again) committed = lake.Append(call, ident, {}, options.commit);
    RemoveEmptyFolders(report.before);
    // Whatever came of it, the table's own rules hold again.
    FIRN_TRY(table, lake.SetProperties(call, ident, FormerRules(table)));
    if (!committed) return Fail(std::move(committed).error());
    report.snapshots_expired = snapshots_made - static_cast<int64_t>(table.history().size());
  } else if (report.before.rules_aside) {
    FIRN_TRY(table, lake.SetProperties(call, ident, FormerRules(table)));
  }
  FIRN_TRY(report.after, FindKey(call, table, column, key));
  for (const std::string& uri : report.after.unused_files) {
    FIRN_CHECK(table.store()->Remove(call, uri));
  }
  report.after.unused_files.clear();
  return report;
}

}  // namespace firn::lake
