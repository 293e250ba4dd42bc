// Lake and Table: Iceberg tables of one warehouse and its embedded catalog.
//
// A Lake owns the SQLite catalog (tables of PyIceberg's and Java's SQL catalogs) and may be used
// from any thread. A Table is a value: the metadata as it was loaded; commits are optimistic,
// compare and swap on the metadata location, and are retried on the newest metadata where that is
// safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/record/schema.h"
#include "ends/lake/data_file.h"

namespace firn::lake {

struct TableIdent {
  std::string ns;  // namespace, levels separated by `.`
  std::string name;
  [[nodiscard]] std::string Text() const { return ns + "." + name; }
  auto operator<=>(const TableIdent&) const = default;
};
// `salesforce.Account`. Errors: BadInput (LAKE-NAME-001).
[[nodiscard]] Result<TableIdent> ParseTableIdent(std::string_view text);

struct SnapshotInfo {
  int64_t snapshot_id = 0;
  std::optional<int64_t> parent_id;
  int64_t sequence_number = 0;
  int64_t timestamp_ms = 0;
  std::string operation;  // append, overwrite, replace, delete
  std::map<std::string, std::string> summary;
  std::string manifest_list;
  int schema_id = 0;
  std::optional<int64_t> first_row_id;  // v3
  std::optional<int64_t> added_rows;    // v3: row ids taken
};

inline constexpr std::string_view kMainBranch = "main";

// The shape of a table that a change was worked out on; what is left out is not compared. A change
// of the shape that was worked out on another one than the table has by now would give one column
// id to two columns. Source: Iceberg REST catalog, `TableRequirement`, read 2026-11.
struct TableShape {
  std::optional<int> schema_id;          // assert-current-schema-id
  std::optional<int> last_column_id;     // assert-last-assigned-field-id
  std::optional<int> spec_id;            // assert-default-spec-id
  std::optional<int> last_partition_id;  // assert-last-assigned-partition-id
  std::optional<int> sort_order_id;      // assert-default-sort-order-id
};

// The turn of a lease that allows a commit. Each lease counts its own turns: those of an export and
// of a stream into one table have nothing to do with each other.
struct LeaseTerm {
  std::string lease;  // `` or a word; stands in the summary as `firn.lease-epoch[.<lease>]`
  int64_t epoch = 0;
};

struct CommitOptions {
  // Goes into the snapshot summary: `firn.job-id`, `firn.watermark`, `firn.run-id`, ...
  std::map<std::string, std::string> summary;
  // ReplaceAll: rows that somebody else committed after this snapshot are not thrown away, the call
  // fails instead. Nothing: after the snapshot that is current when the call begins. -1: after the
  // empty table.
  std::optional<int64_t> since_snapshot;
  // The branch that gets the snapshot; made from main when it is not there yet.
  std::string branch = std::string(kMainBranch);
  // Errors of the commit: also Conflict (LAKE-MERGE-005) when a later turn has committed.
  std::optional<LeaseTerm> lease;
  // ReplaceAll with a schema: what that was derived from.
  TableShape derived_from;
};

// A name for a snapshot: a tag stays at it, a branch is written to. Retention as in the spec,
// "Snapshot References"; nothing: the table's properties say.
struct RefOptions {
  enum class Kind { kBranch, kTag };
  Kind kind = Kind::kTag;
  std::optional<int64_t> snapshot;  // nothing: the current one
  std::optional<int> min_snapshots_to_keep;
  std::optional<int64_t> max_snapshot_age_ms;
  std::optional<int64_t> max_ref_age_ms;
};

struct ExpiryRules;      // maintain/expiry.h
struct PartitionField;   // format/metadata.h
struct RowDelta;         // commit/row_delta.h
struct RowDeltaOptions;  // commit/row_delta.h
struct SortField;        // format/metadata.h
struct TableMetadata;    // lake's own; format/metadata.h
class ObjectStore;

class Table {
 public:
  [[nodiscard]] const TableIdent& ident() const;
  [[nodiscard]] const record::Schema& schema() const;
  [[nodiscard]] int last_column_id() const;
  [[nodiscard]] TableShape shape() const;
  [[nodiscard]] const std::string& location() const;           // URI
  [[nodiscard]] const std::string& metadata_location() const;  // URI
  [[nodiscard]] std::optional<SnapshotInfo> current_snapshot() const;
  [[nodiscard]] std::vector<SnapshotInfo> history() const;  // oldest first
  [[nodiscard]] const std::map<std::string, std::string>& properties() const;
  // Live data files of a snapshot (the current one by default). Errors: Corrupt naming the file.
  [[nodiscard]] Result<std::vector<DataFile>> Files(const Call& call,
                                                    std::optional<int64_t> snapshot = {}) const;
  [[nodiscard]] const TableMetadata& metadata() const { return *metadata_; }
  [[nodiscard]] const std::shared_ptr<const TableMetadata>& shared_metadata() const {
    return metadata_;
  }
  [[nodiscard]] const std::shared_ptr<ObjectStore>& store() const { return store_; }

  Table(TableIdent ident, std::shared_ptr<const TableMetadata> metadata,
        std::string metadata_location, std::shared_ptr<ObjectStore> store);

 private:
  TableIdent ident_;
  std::shared_ptr<const TableMetadata> metadata_;
  std::string metadata_location_;
  std::shared_ptr<ObjectStore> store_;
};

struct LakeOptions {
  std::string warehouse;     // `file:///..` or a path
  std::string catalog_path;  // SQLite file; empty: <warehouse>/catalog.db
  std::string catalog_name = "firn";
  bool create = true;
  int busy_timeout_ms = 5000;  // how long a locked catalog is waited for
};

class Lake {
 public:
  virtual ~Lake() = default;
  [[nodiscard]] static Result<std::unique_ptr<Lake>> Open(const LakeOptions& options);

  [[nodiscard]] virtual Result<std::vector<std::string>> Namespaces() = 0;
  [[nodiscard]] virtual Result<void> CreateNamespace(const std::string& ns) = 0;  // existing: fine
  [[nodiscard]] virtual Result<std::vector<TableIdent>> Tables(
      const std::string& ns) = 0;  // "": all
  // Errors: NotFound (LAKE-TABLE-001), Corrupt (LAKE-META-001) naming the metadata file.
  [[nodiscard]] virtual Result<Table> Load(const TableIdent& ident) = 0;
  // A location below the warehouse is chosen; properties may set format details, and the format
  // version by `format-version` (2 or 3, default 2). Errors: Conflict; Unsupported (LAKE-META-002)
  // for other versions.
  [[nodiscard]] virtual Result<Table> Create(
      const Call& call, const TableIdent& ident, const record::Schema& schema,
      const std::map<std::string, std::string>& properties) = 0;
  [[nodiscard]] virtual Result<void> Drop(const TableIdent& ident) = 0;  // files stay

  // The table with `schema` as its newest (fields matched by id; add, drop, reorder, safe
  // widening). Errors: Conflict (LAKE-COMMIT-007) when the table is not of the shape any more that
  // it was derived from: read the table and derive it again; BadInput (LAKE-SCHEMA-001) for a
  // change that rows written before do not allow.
  [[nodiscard]] virtual Result<Table> EvolveSchema(const Call& call, const TableIdent& ident,
                                                   const record::Schema& schema,
                                                   const TableShape& derived_from) = 0;
  // The same with the deriving done here: called with the newest state, again when others got in
  // between. Its errors end the call.
  using DeriveSchema = std::function<Result<record::Schema>(const Table& now)>;
  [[nodiscard]] virtual Result<Table> EvolveSchema(const Call& call, const TableIdent& ident,
                                                   const DeriveSchema& derive) = 0;
  // The table with these partition fields for files to come; older files keep theirs. `field_id` of
  // a field is not looked at: fields that were there before get their ids again, others new ones.
  // Errors: Conflict (LAKE-COMMIT-007); BadInput (LAKE-SPEC-001) for a field that cannot be.
  [[nodiscard]] virtual Result<Table> EvolveSpec(const Call& call, const TableIdent& ident,
                                                 const std::vector<PartitionField>& fields,
                                                 const TableShape& derived_from) = 0;
  // The table with this order for files to come; no fields: none. Errors: as of EvolveSpec.
  [[nodiscard]] virtual Result<Table> EvolveSortOrder(const Call& call, const TableIdent& ident,
                                                      const std::vector<SortField>& fields,
                                                      const TableShape& derived_from) = 0;
  // Sets and removes table properties; `format-version` upgrades the table and is not kept.
  // `schema.name-mapping.default` follows the schema by itself.
  [[nodiscard]] virtual Result<Table> SetProperties(
      const Call& call, const TableIdent& ident,
      const std::map<std::string, std::optional<std::string>>& changes) = 0;
  // Makes or moves a branch or tag; nothing: removes it. Errors: NotFound (LAKE-SNAPSHOT-001,
  // LAKE-REF-001); BadInput (LAKE-REF-002) for removing main, or main as a tag; Conflict
  // (LAKE-REF-002) when the name is of the other kind.
  [[nodiscard]] virtual Result<Table> SetRef(const Call& call, const TableIdent& ident,
                                             const std::string& name,
                                             const std::optional<RefOptions>& ref) = 0;
  // The commits below: Errors: NotFound (a data file is missing), Conflict (LAKE-COMMIT-001) after
  // the retries, -003 when others' rows would be lost; CommitUnknown (LAKE-COMMIT-002) when the
  // outcome could not be found out: look at history() before trying again; Unsupported
  // (LAKE-COMMIT-005) for partitioned and for v1 and v3 tables.
  // One snapshot that adds `files`. No files: a snapshot that only carries its summary.
  [[nodiscard]] virtual Result<Table> Append(const Call& call, const TableIdent& ident,
                                             const std::vector<DataFile>& files,
                                             const CommitOptions& options) = 0;
  // One snapshot in which `files` stand for all rows. With `schema`, that schema becomes current in
  // the same commit (a full refresh after the object changed).
  [[nodiscard]] virtual Result<Table> ReplaceAll(const Call& call, const TableIdent& ident,
                                                 const std::vector<DataFile>& files,
                                                 const record::Schema* schema,
                                                 const CommitOptions& options) = 0;
  // One snapshot that puts rows in and takes rows out. Errors: also Conflict (LAKE-COMMIT-006) when
  // others changed the same rows since the delta was worked out and it cannot be again.
  [[nodiscard]] virtual Result<Table> CommitRowDelta(const Call& call, const TableIdent& ident,
                                                     const RowDelta& delta,
                                                     const RowDeltaOptions& options) = 0;
  // Lets snapshots go. Their files are removed once no reader should be at them any more.
  [[nodiscard]] virtual Result<Table> ExpireSnapshots(const Call& call, const TableIdent& ident,
                                                      const ExpiryRules& rules) = 0;
  // Puts manifests together; the rows stay as they are.
  [[nodiscard]] virtual Result<Table> RewriteManifests(const Call& call,
                                                       const TableIdent& ident) = 0;
};

}  // namespace firn::lake
