// The way to a query's rows: which index to use and in which order rows come.
//
// The whole WHERE is evaluated on every row that an access path yields, so a path only has to be
// wide enough. Pure but for one look at an index's ends.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandbox/soql/ast.h"
#include "sandbox/soql/filter.h"
#include "sandbox/store/tables.h"

namespace firn::sandbox::soql {

// Rows in the order of a column that has an index and no nulls, equal ones by record number.
struct RowOrder {
  std::string column;  // empty: in any order
  bool descending = false;
};
// The column that repeats a field's values, empty when there is none.
[[nodiscard]] std::string IndexedColumn(const FieldInfo& field);

struct AccessPath {
  std::string column;              // whose index it is
  std::string where;               // SQL over the object's table; empty: a scan
  std::vector<Value> parameters;   // numbers, or folded texts
  std::vector<std::string> texts;  // what text parameters point to
  bool exact = false;              // the path alone decides, no filter is needed
  bool selective = false;          // few rows: better sorted than read in another index's order
};

// `filter` may be null. Errors: those of SQLite.
[[nodiscard]] Result<AccessPath> ChooseAccess(const ObjectInfo& object, const Filter* filter,
                                              const RowOrder& order, Reader& reader);

// `SELECT n, del, mod, row FROM ..` with the parameters bound.
[[nodiscard]] Result<Statement> OpenRows(const ObjectInfo& object, const AccessPath& access,
                                         const RowOrder& order, bool all_rows, Reader& reader);
// `SELECT count(*)` over an exact path.
[[nodiscard]] Result<uint64_t> CountRows(const ObjectInfo& object, const AccessPath& access,
                                         bool all_rows, Reader& reader);

}  // namespace firn::sandbox::soql
