// Merger: changes of records become the rows of a mirror table, without rewriting the table.
//
// Changes are fed in the order in which they happened and are kept in memory until Commit, which
// makes ONE snapshot of them: one data file with the changed rows as they now are, position deletes
// for where they stood before (merged with those that were there), and the checkpoints of whoever
// consumed them. Several changes of one key become one row. Where a row stands is known from a key
// index (merge/key_index.h), which is rebuilt from the key column whenever it does not fit the
// table; a partial change is put onto the current row, which comes from the rows written last or is
// read from its data file. Small files and rows deleted before are folded into larger files as
// commits go by, so that readers stay fast without waiting for a compaction.
//
// One Merger belongs to one thread; several, in this or other processes, may work on one table:
// whoever comes second works its changes out again on the first one's table. Memory: the index (at
// most 40 bytes a row), `row_cache_bytes`, and the changes since the last commit.
// It never reads Salesforce, never writes an equality delete, and never writes a row of which it
// knows only a part.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/table.h"

namespace firn::lake {

// Columns of a table in soft-delete mode.
inline constexpr std::string_view kDeletedColumn = "__deleted";       // boolean
inline constexpr std::string_view kDeletedAtColumn = "__deleted_at";  // timestamptz

// A column whose value follows from other columns of its row. A partial change of one of those need
// not name it: it is put together anew.
struct FollowingColumn {
  enum class Kind {
    kStruct,  // its parts are the sources, by place; a source that is no column: null
    kWords,   // the sources' texts with blanks between them; as it was when all are null
  };
  Kind kind = Kind::kStruct;
  std::string column;
  std::vector<std::string> sources;
};

struct MergeOptions {
  TableIdent table;
  // Column whose value names a row: string, int or long, one row a value, never null. Salesforce
  // Ids have their canonical 18 characters.
  std::string key = "Id";
  // What a delete does: kHard takes the row away, kSoft sets `__deleted` and `__deleted_at` (both
  // columns are added to the table when it lacks them).
  enum class Deletes { kHard, kSoft };
  Deletes deletes = Deletes::kHard;
  // Column that holds a row's ordering number (SystemModstamp as microseconds, or a long): then
  // even after a restart no older change overwrites a newer row. Empty: numbers are remembered for
  // the keys changed last (`orders_kept`), by this Merger and in the index file.
  std::string order_column;
  size_t orders_kept = 1 << 20;
  std::vector<FollowingColumn> following;
  int64_t row_cache_bytes = 64LL << 20;
  // Fold small files and deleted rows as commits go by. Off: maintenance does it.
  bool fold = true;
  // Rows that one commit writes again for that, at most, so that none takes long (these about two
  // seconds of a core): a large file is folded by several commits, one part each. Up to twice as
  // many in a commit that changes more than an eighth of them. Rows of more than 128 bytes count
  // for several.
  int64_t fold_rows_max = 1 << 20;
  // Whether what a commit changes is appended to `<table>__changelog`, one row a change (insert,
  // update with the changed columns and their former values, delete): as the table's property
  // `firn.changelog` says; on from now on, which sets it; off from now on. Current rows are read
  // for it, so whole rows cost what partial ones do.
  enum class Changelog { kAsTable, kOn, kOff };
  Changelog changelog = Changelog::kAsTable;
  // Where the index is kept between runs; empty: beside the table's folder, in `.firn/`.
  std::string index_path;
  bool plain_encoding = false;  // for readers without delta encodings
};

// Ordering numbers of a batch's changes, one a row: larger is newer. A change with a smaller number
// than its row has is left out and counted as stale; an equal one is applied again. Empty: the
// changes have no number and are always applied. kNoOrder: that row has none.
using Orders = std::span<const int64_t>;
inline constexpr int64_t kNoOrder = INT64_MIN;

struct UpsertOptions {
  Orders orders;
  // What a column of the table that the batch lacks becomes in a row that exists: null, or as it
  // was. In a new row it is null either way.
  enum class Absent { kNull, kKeep };
  Absent absent = Absent::kNull;
};

// Which columns each row of a batch changes; a changed column that is null in the batch is set to
// null. Row i changes columns[offsets[i]] up to columns[offsets[i + 1]], each an index into the
// batch's columns. Empty `offsets`: every row changes all columns of the batch.
struct ChangedColumns {
  std::vector<uint32_t> offsets;
  std::vector<int> columns;
};

struct UpdateOptions {
  Orders orders;
  ChangedColumns changed;
  // A key that the table does not have: wait for its whole row (Merger::Pending), or leave the
  // change out and count it (a refresh of formula fields, the backfill of a new column).
  enum class Unknown { kPending, kSkip };
  Unknown unknown = Unknown::kPending;
};

struct DeleteOptions {
  Orders orders;
  int64_t deleted_at_us = 0;  // soft mode: UTC microseconds; 0: now
};

struct MergeCommit {
  // By consumer (`cdc:/data/AccountChangeEvent`, `export:Account`): where it goes on after these
  // changes. Stands in the snapshot as `firn.checkpoint.<consumer>`.
  std::map<std::string, std::string> checkpoints;
  // The lease that allows this commit (LeaseTerm). A table that has seen a larger one refuses it.
  std::optional<int64_t> lease_epoch;
  std::string lease;
  std::map<std::string, std::string> summary;  // more members of the snapshot's summary
  // Where the changes come from, for the changelog: columns `__source` and `__position` there.
  struct Source {
    std::string consumer;  // `cdc:/data/AccountChangeEvent`
    std::string position;  // the last replay id, the end of the window
  };
  Source source;
  // Partial changes whose row is unknown: refuse the commit as a whole, or commit the others and
  // keep those for a later one. Whoever leaves them must not let its checkpoint pass them.
  enum class Pending { kRefuse, kLeave };
  Pending pending = Pending::kRefuse;
};

struct MergeReport {
  int64_t rows_inserted = 0;
  int64_t rows_updated = 0;   // soft deletes and undeletes included
  int64_t rows_deleted = 0;   // taken away, or set to deleted
  int64_t changes = 0;        // fed since the last commit
  int64_t changes_stale = 0;  // older than what the row has
  // Of keys the table does not have: deletes and skipped updates.
  int64_t changes_without_row = 0;
  std::vector<std::string> pending;  // keys that need their whole row; Pending::kLeave only

  int64_t snapshot_id = 0;  // of this commit; the current one when nothing changed
  std::string metadata_location;
  int64_t data_files_added = 0;
  std::vector<std::string> data_files;  // those, as URIs
  int64_t data_files_removed = 0;       // folded
  int64_t rows_folded = 0;              // written again for that
  int64_t delete_files_added = 0;
  int64_t bytes_written = 0;   // data and delete files
  int64_t rows_from_file = 0;  // current rows that were read from data files
  int64_t rows_from_cache = 0;
  int attempts = 1;  // more than one: others committed in between
};

struct MergerState {
  int64_t rows = 0;  // live rows
  int64_t data_files = 0;
  int64_t rows_dead = 0;  // deleted rows that still stand in data files
  int64_t index_bytes = 0;
  int64_t index_bytes_peak = 0;  // while growing
  int64_t row_cache_bytes = 0;
  int64_t duplicate_keys = 0;  // rows of others with a key that is there; go with its next change
  enum class Index { kLoaded, kRepaired, kRebuilt };
  Index index = Index::kRebuilt;  // how the index came about
};

// Rows by key, as of the last commit or Refresh.
struct CurrentRows {
  std::shared_ptr<arrow::RecordBatch> rows;  // nullptr when there are none
  std::vector<int64_t> at;                   // by key asked for: its row; -1: no such row
};

class Merger {
 public:
  virtual ~Merger() = default;

  // Loads, repairs or rebuilds the index, and appends to a changelog what a killed merge left.
  // Errors: NotFound (LAKE-TABLE-001; LAKE-COLUMN-001 for the
  // key or order column); Unsupported (LAKE-MERGE-001) for a key of another type;
  // (LAKE-COMMIT-005) for tables that cannot be written, partition transforms that are unknown
  // among them; BadInput
  // (LAKE-MERGE-002) when more rows share a key than the index can hold; Corrupt naming a damaged
  // data file.
  [[nodiscard]] static Result<std::unique_ptr<Merger>> Open(const Call& call, Lake& lake,
                                                            const MergeOptions& options);

  // The table as of the last commit or Refresh.
  [[nodiscard]] virtual const Table& table() const = 0;
  [[nodiscard]] virtual MergerState state() const = 0;

  // The calls below take batches whose columns are fields of the table, matched by field id
  // (`PARQUET:field_id`, as record::ArrowSchema gives) or else by name; narrower types are widened.
  // A batch is held, not copied, until it is committed: memory that will be reused is copied first
  // (OwnedBatch). Errors of each: BadInput (LAKE-MERGE-003): no key column, a null key, a column
  // the table does not have, a type that does not fit, orders or offsets of another length; then
  // nothing of the batch is taken.

  // Whole rows: each becomes the row of its key, whatever there was. Where the table has
  // `__deleted`, the row counts as not deleted unless the batch has it too.
  [[nodiscard]] virtual Result<void> Upsert(std::shared_ptr<arrow::RecordBatch> batch,
                                            const UpsertOptions& options) = 0;
  // Some columns of rows that exist. Key, and the columns that change.
  [[nodiscard]] virtual Result<void> Update(std::shared_ptr<arrow::RecordBatch> batch,
                                            const UpdateOptions& options) = 0;
  // Keys as text; of an int or long key in decimal.
  [[nodiscard]] virtual Result<void> Delete(std::span<const std::string> keys,
                                            const DeleteOptions& options) = 0;
  // Soft mode: the row counts again. Hard mode: the row is gone, its whole row is needed (Pending).
  [[nodiscard]] virtual Result<void> Undelete(std::span<const std::string> keys, Orders orders) = 0;

  [[nodiscard]] virtual int64_t changes_waiting() const = 0;
  [[nodiscard]] virtual int64_t bytes_waiting() const = 0;  // of the batches held, about
  // Keys whose partial changes found no row: fetch the rows and Upsert them before Commit. Looks at
  // the table as last seen.
  [[nodiscard]] virtual Result<std::vector<std::string>> Pending(const Call& call) = 0;

  // The rows of these keys, without the changes that wait. Errors: as of reading.
  [[nodiscard]] virtual Result<CurrentRows> Current(const Call& call,
                                                    std::span<const std::string> keys) = 0;
  // One snapshot of everything fed. Nothing fed: a snapshot that only carries the checkpoints; no
  // checkpoints either: nothing. Errors: Conflict (LAKE-MERGE-004) when keys are pending and
  // `pending` is kRefuse, (LAKE-MERGE-005) when the lease epoch is older than the table's: nothing
  // was committed, the changes are still held. CommitUnknown (LAKE-COMMIT-002): look at the table's
  // checkpoint before feeding anything again; the changes are dropped, Refresh first. Others: those
  // of the commit (table.h); the changes are still held and Commit may be called again.
  [[nodiscard]] virtual Result<MergeReport> Commit(const Call& call, const MergeCommit& commit) = 0;
  // Forgets everything fed since the last commit.
  virtual void Drop() = 0;
  // Loads the table anew, with what others committed, and brings the index up to it.
  [[nodiscard]] virtual Result<void> Refresh(const Call& call) = 0;
  // Writes the index file, so that the next Open need not scan. Losing it costs time, never rows.
  [[nodiscard]] virtual Result<void> SaveIndex(const Call& call) = 0;
};

// The newest checkpoint of `consumer`: that of the newest snapshot, going back from the current
// one, that carries it. Nothing: it has never committed.
[[nodiscard]] std::optional<std::string> CheckpointOf(const Table& table,
                                                      std::string_view consumer);
// Of all consumers.
[[nodiscard]] std::map<std::string, std::string> CheckpointsOf(const Table& table);
// The epoch of that lease in the newest snapshot that carries one.
[[nodiscard]] std::optional<int64_t> LeaseEpochOf(const Table& table, std::string_view lease = {});

// Whether a table is the changelog of another by its name: no object is exported into it.
[[nodiscard]] bool IsChangelogName(std::string_view table);

// `schema` with `__deleted` and `__deleted_at` at its end when it lacks them; new fields get ids
// above `last_column_id`.
[[nodiscard]] record::Schema WithSoftDeleteColumns(record::Schema schema, int last_column_id);

// A copy of a batch whose memory others will write over (PageDecoder::TakeBatch). Errors: Internal
// (LAKE-MERGE-006).
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> OwnedBatch(
    const arrow::RecordBatch& batch);

}  // namespace firn::lake
