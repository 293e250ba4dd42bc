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

enum class RowOrder { kNone, kId, kIdDescending, kModstamp, kModstampDescending };

struct AccessPath {
  std::string where;               // SQL over the object's table; empty: a scan
  std::vector<Value> parameters;   // numbers, or folded texts
  std::vector<std::string> texts;  // what text parameters point to
  bool exact = false;              // the path alone decides, no filter is needed
};

// `filter` may be null. Errors: those of SQLite.
[[nodiscard]] Result<AccessPath> ChooseAccess(const ObjectInfo& object, const Filter* filter,
                                              RowOrder order, Reader& reader);

// `SELECT n, del, mod, row FROM ..` with the parameters bound.
[[nodiscard]] Result<Statement> OpenRows(const ObjectInfo& object, const AccessPath& access,
                                         RowOrder order, bool all_rows, Reader& reader);
// `SELECT count(*)` over an exact path.
[[nodiscard]] Result<uint64_t> CountRows(const ObjectInfo& object, const AccessPath& access,
                                         bool all_rows, Reader& reader);

}  // namespace firn::sandbox::soql
