#include "ends/lake/merge/files.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "ends/lake/format/metadata.h"
#include "ends/lake/internal/parquet_source.h"

namespace firn::lake {
namespace {

constexpr size_t kDuplicatesMax = 1'000'000;
constexpr int kScanBatchRows = 16 * 1024;

using DeleteNames = std::vector<std::pair<std::string, int64_t>>;

DeleteNames NamesOfDeletes(const LiveFile& entry) {
  DeleteNames out;
  for (const DataFile& file : entry.deletes)
    out.emplace_back(file.path, file.content_offset.value_or(0));
  for (const EqualityDelete& one : entry.equality) out.emplace_back(one.file.path, -1);
  std::sort(out.begin(), out.end());
  return out;
}

Result<RowBits> ReadDead(const Call& call, const Table& table, const LiveFile& entry) {
  RowBits dead;
  FIRN_TRY(const auto rows, DeadPositions(call, table, entry));
  for (const int64_t row : rows) {
    if (row < 0 || row >= entry.file.record_count)
      return Fail(Error(Kind::kCorrupt, "LAKE-READ-001", "the delete file is damaged")
                      .At(entry.file.path)
                      .Because("it names row " + std::to_string(row) + " of `" + entry.file.path +
                               "`, which has " + std::to_string(entry.file.record_count)));
    dead.Set(static_cast<uint64_t>(row));
  }
  return dead;
}

}  // namespace

struct MergeFiles::Changes {
  std::vector<bool> removed;         // by ordinal
  std::vector<const RowBits*> dead;  // by ordinal; nullptr: as before
  std::vector<uint32_t> scan;
  bool any = false;
};

uint32_t MergeFiles::Add(LiveFile entry) {
  uint32_t ordinal = 0;
  if (free_.empty()) {
    ordinal = static_cast<uint32_t>(files_.size());
    files_.emplace_back();
  } else {
    ordinal = free_.back();
    free_.pop_back();
  }
  by_path_[entry.file.path] = ordinal;
  files_[ordinal] = {true, std::move(entry), {}};
  return ordinal;
}

void MergeFiles::Remove(uint32_t ordinal) {
  by_path_.erase(files_[ordinal].entry.file.path);
  files_[ordinal] = {};
  free_.push_back(ordinal);
}

void MergeFiles::Restore(const HashSeed& seed, std::vector<MergeFile> files, KeyIndex index) {
  seed_ = seed;
  files_ = std::move(files);
  index_ = std::move(index);
  duplicates_.clear();
  by_path_.clear();
  free_.clear();
  for (uint32_t at = 0; at < files_.size(); ++at) by_path_[files_[at].entry.file.path] = at;
}

Result<MergeFiles::Changes> MergeFiles::Compare(const Call& call, const Table& table,
                                                std::vector<LiveFile> now) {
  Changes changes;
  changes.removed.assign(files_.size(), true);
  for (uint32_t at = 0; at < files_.size(); ++at) changes.removed[at] = files_[at].live;
  std::vector<LiveFile> added;
  for (LiveFile& entry : now) {
    if (entry.file.record_count > UINT32_MAX)
      return Fail(Error(Kind::kUnsupported, "LAKE-MERGE-001",
                        "table `" + table.ident().Text() + "` cannot be merged into")
                      .At(entry.file.path)
                      .Because("the data file holds more than 4,294,967,295 rows"));
    const auto known = by_path_.find(entry.file.path);
    if (known == by_path_.end()) {
      added.push_back(std::move(entry));
      continue;
    }
    MergeFile& file = files_[known->second];
    changes.removed[known->second] = false;
    file.entry.file = std::move(entry.file);
    file.entry.sequence_number = entry.sequence_number;
    const bool same = NamesOfDeletes(file.entry) == NamesOfDeletes(entry);
    if (same && file.dead_known) continue;
    file.entry.deletes = std::move(entry.deletes);
    file.entry.equality = std::move(entry.equality);
    FIRN_TRY(file.dead, ReadDead(call, table, file.entry));
    file.dead_known = true;
    if (same) continue;
    changes.dead.resize(files_.size(), nullptr);
    changes.dead[known->second] = &file.dead;
    changes.any = true;
  }
  followed_.files_removed = std::count(changes.removed.begin(), changes.removed.end(), true);
  // Index entries go before the numbers of removed files are given away again.
  if (followed_.files_removed > 0) changes.any = true;
  if (changes.any) EraseGone(changes);
  for (uint32_t at = 0; at < changes.removed.size(); ++at) {
    if (changes.removed[at]) Remove(at);
  }
  for (LiveFile& entry : added) {
    FIRN_TRY(RowBits dead, ReadDead(call, table, entry));
    const uint32_t ordinal = Add(std::move(entry));
    files_[ordinal].dead = std::move(dead);
    changes.scan.push_back(ordinal);
  }
  return changes;
}

void MergeFiles::EraseGone(const Changes& changes) {
  const auto gone = [&](RowPlace place) {
    // A place beyond all files can only come from an index file that lies.
    if (place.file >= changes.removed.size() || changes.removed[place.file]) return true;
    return place.file < changes.dead.size() && changes.dead[place.file] != nullptr &&
           changes.dead[place.file]->Has(place.row);
  };
  index_.EraseIf(gone);
  for (auto at = duplicates_.begin(); at != duplicates_.end();)
    at = gone(at->second) ? duplicates_.erase(at) : std::next(at);
  // Of rows that shared a key, one that is still there takes the place of one that is not.
  for (auto at = duplicates_.begin(); at != duplicates_.end();) {
    if (index_.Find(at->first)) {
      ++at;
    } else {
      index_.Set(at->first, at->second);
      at = duplicates_.erase(at);
    }
  }
}

// A file of which the index has fewer rows than there are holds rows that came back (a rollback).
// More rows than there are can only come from an index file that does not tell the truth.
void MergeFiles::AddMiscounted(Changes& changes) {
  std::vector<int64_t> counted(files_.size(), 0);
  index_.Each([&](const MergeKey&, RowPlace place) { ++counted[place.file]; });
  for (const auto& [key, place] : duplicates_) ++counted[place.file];
  bool lies = false;
  for (uint32_t at = 0; at < files_.size(); ++at)
    lies = lies || counted[at] > (files_[at].live ? files_[at].rows_live() : 0);
  if (lies) {
    index_.Clear();
    duplicates_.clear();
    std::fill(counted.begin(), counted.end(), 0);
  }
  for (uint32_t at = 0; at < files_.size(); ++at) {
    if (files_[at].live && counted[at] != files_[at].rows_live() &&
        std::find(changes.scan.begin(), changes.scan.end(), at) == changes.scan.end())
      changes.scan.push_back(at);
  }
}

Result<void> MergeFiles::Follow(const Call& call, const Table& table) {
  followed_ = {};
  FIRN_TRY(auto now, LiveFiles(call, table));
  const bool restored = !files_.empty();
  FIRN_TRY(Changes changes, Compare(call, table, std::move(now)));
  if (restored) AddMiscounted(changes);
  int64_t rows = 0;
  for (const MergeFile& file : files_) rows += file.live ? file.rows_live() : 0;
  index_.Reserve(rows);
  for (const uint32_t ordinal : changes.scan) FIRN_CHECK(Scan(call, table, ordinal));
  followed_.files_scanned = static_cast<int64_t>(changes.scan.size());
  return {};
}

Result<void> MergeFiles::Scan(const Call& call, const Table& table, uint32_t ordinal) {
  const MergeFile& file = files_[ordinal];
  internal::SourceOptions options;
  options.batch_rows = kScanBatchRows;
  options.schema.fields = {*table.schema().Find(key_column_)};
  options.hints = internal::HintsOf(table.metadata());
  FIRN_TRY(const auto source,
           internal::ParquetSource::Open(call, *table.store(), file.entry.file, options));
  uint32_t row = 0;
  for (;;) {
    FIRN_TRY(const auto batch, source->Next(call));
    if (batch == nullptr) break;
    FIRN_CHECK(EnterBatch(*batch->column(0), ordinal, row));
    row += static_cast<uint32_t>(batch->num_rows());
    followed_.rows_scanned += batch->num_rows();
  }
  return {};
}

Result<void> MergeFiles::EnterBatch(const arrow::Array& keys, uint32_t ordinal, uint32_t first) {
  std::vector<std::pair<MergeKey, uint32_t>> live;
  live.reserve(static_cast<size_t>(keys.length()));
  for (int64_t i = 0; i < keys.length(); ++i) {
    const uint32_t row = first + static_cast<uint32_t>(i);
    if (files_[ordinal].dead.Has(row)) continue;
    if (const auto key = KeyAt(keys, i, seed_)) live.emplace_back(*key, row);
  }
  for (size_t i = 0; i < live.size(); ++i) {
    if (const size_t later = i + KeyIndex::kKeysAhead; later < live.size())
      index_.Expect(live[later].first);
    FIRN_CHECK(Enter(live[i].first, {ordinal, live[i].second}));
  }
  return {};
}

Result<void> MergeFiles::Enter(const MergeKey& key, RowPlace place) {
  const auto there = index_.Set(key, place);
  if (!there || *there == place) return {};
  // The row written last stays the key's row.
  const auto age = [this](RowPlace at) { return files_[at.file].entry.sequence_number; };
  RowPlace other = *there;
  if (age(other) > age(place)) {
    index_.Set(key, other);
    other = place;
  }
  const auto [begin, end] = duplicates_.equal_range(key);
  for (auto at = begin; at != end; ++at) {
    if (at->second == other) return {};
  }
  if (duplicates_.size() >= kDuplicatesMax)
    return Fail(
        Error(Kind::kBadInput, "LAKE-MERGE-002", "column `" + key_column_ + "` does not name rows")
            .At(files_[place.file].entry.file.path)
            .Because("more than 1,000,000 rows have a value that other rows have too")
            .Hint("choose the column whose values are unique with --key"));
  duplicates_.emplace(key, other);
  return {};
}

}  // namespace firn::lake
