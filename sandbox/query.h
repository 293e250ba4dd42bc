// Answers of SOQL: a cursor over typed rows, and the two writers that turn rows into bytes.
//
// A cursor reads from its own connection on a snapshot taken when it was opened; it holds one row
// at a time (a sort holds its keys). One thread at a time; it keeps the catalogue and the store's
// file alive by itself and must be destroyed before the Org. Source of the behaviour: SOQL and SOSL
// Reference; REST API Developer Guide, 'Query'; Bulk API 2.0 Developer Guide, 'Get Results'; read
// 2026-11.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sandbox/schema.h"
#include "sandbox/value.h"

namespace firn::sandbox {

class RowCursor;

// Where the rest of a long child sub-select goes: the locator it can be had by, and its rows.
struct KeptRows {
  std::string locator;
  uint64_t rows = 0;
};

struct QueryOptions {
  bool all_rows = false;    // queryAll: rows in the recycle bin too
  int api_version = 67;     // whole number of vNN.0; decides attributes.url and field visibility
  bool see_hidden = false;  // ignore field-level security (the org's own work)
  std::string user_id;      // 18 characters; may be empty
  // Of a child sub-select, so many rows stand in the parent's answer; `keep_rest` takes the others,
  // told how many stand there. Without it all stand there.
  uint64_t child_rows_max = 2000;
  std::function<Result<KeptRows>(RowCursor& rest, uint64_t shown)> keep_rest;
};

struct Column {
  std::string name;               // `Account.Owner.Name`, alias, `expr0`, child relationship name
  std::vector<std::string> path;  // {"Account", "Owner", "Name"}, as the catalogue writes them
  const FieldInfo* field = nullptr;    // nullptr for aggregates and subqueries
  const ObjectInfo* object = nullptr;  // that the field belongs to
  FieldType type = FieldType::kString;
  bool aggregate = false;
  bool subquery = false;  // its values are kJson
  // Of a sub-select or TYPEOF: its own columns, for `columns=true`.
  std::vector<Column> columns;
};

class RowCursor {
 public:
  virtual ~RowCursor() = default;
  [[nodiscard]] virtual const ObjectInfo& object() const = 0;
  // In the order asked for. Empty for a bare COUNT().
  [[nodiscard]] virtual const std::vector<Column>& columns() const = 0;
  // True for `SELECT COUNT() ..`: no rows, only count().
  [[nodiscard]] virtual bool count_only() const = 0;
  // Records are AggregateResult: attributes without url.
  [[nodiscard]] virtual bool aggregate() const = 0;
  // The answer to a bare COUNT().
  [[nodiscard]] virtual uint64_t count() const = 0;
  // Moves to the next row. False: no more. Errors: Corrupt, Timeout.
  [[nodiscard]] virtual Result<bool> Next() = 0;
  // The current row, one value a column; views live until Next.
  [[nodiscard]] virtual std::span<const Value> row() const = 0;
  // The record on the way to a column: level 0 is the queried record, level 1 the first parent of
  // the column's path .. Null when a relationship is null. For `attributes`.
  [[nodiscard]] virtual Value parent_id(size_t column, size_t level) const = 0;
  // And its object; nullptr when parent_id is null.
  [[nodiscard]] virtual const ObjectInfo* parent_object(size_t column, size_t level) const = 0;
  // True when the way there may lead to several objects: its `attributes` name the type `Name`.
  [[nodiscard]] virtual bool parent_is_name(size_t, size_t) const { return false; }
  // Rows of child sub-selects in the current row; they count towards a page.
  [[nodiscard]] virtual uint64_t child_rows() const { return 0; }
  // FOR VIEW or FOR REFERENCE: the records count as recently used.
  [[nodiscard]] virtual bool marks_recent() const { return false; }
};

// Why the Bulk API refuses to run a query, as job errorMessage; nothing when it takes it.
// Source: Bulk API 2.0 Developer Guide, 'SOQL Considerations', read 2026-11.
[[nodiscard]] std::optional<Error> BulkRefusal(std::string_view soql, const Catalogue& catalogue);

// ---- CSV ---------------------------------------------------------------------------------------

struct CsvOptions {
  char delimiter = ',';
  bool crlf = false;
};
// Header line for a cursor's columns: every name quoted.
void AppendCsvHeader(const RowCursor& cursor, const CsvOptions& options, std::string& out);
// The current row: every value quoted, null empty (`""`), quotes doubled, line end at the end.
void AppendCsvRow(const RowCursor& cursor, const CsvOptions& options, std::string& out);

// A result's rows in a file, without header, and where rows begin.
struct CsvIndex {
  static constexpr uint64_t kRowsPerMark = 1000;
  uint64_t rows = 0;
  uint64_t bytes = 0;
  std::vector<uint64_t> marks;  // byte offset of row 0, 1000, 2000 ..
};
// Runs the cursor to its end into `path` (written anew, not synced row by row). `go_on` is asked
// every few thousand rows with the rows so far; false stops with Cancelled (SBX-QUERY-002).
[[nodiscard]] Result<CsvIndex> WriteCsvFile(RowCursor& cursor, const CsvOptions& options,
                                            const std::string& path,
                                            const std::function<bool(uint64_t rows)>& go_on);
struct ByteRange {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t rows = 0;
};
// The bytes of `rows_max` rows from row `first` on (fewer at the end; none past it).
[[nodiscard]] Result<ByteRange> FindCsvRows(const std::string& path, const CsvIndex& index,
                                            uint64_t first, uint64_t rows_max);

// ---- JSON --------------------------------------------------------------------------------------

// The current row as a REST query answers it: `{"attributes":{..},"Id":"..","Account":{..}}`.
void AppendJsonRow(const RowCursor& cursor, int api_version, std::string& out);

}  // namespace firn::sandbox
