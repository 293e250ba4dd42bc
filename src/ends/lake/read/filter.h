// Filter: which rows are wanted, in the words of SQL's simplest predicates.
//
// `Amount > 100 AND Name IN ('a', 'b') AND Closed IS NULL`: comparisons of a column with a literal,
// joined by AND. A filter says of a file's or row group's statistics whether any row may match, and
// of a batch which rows do. A comparison with null matches nothing, as in SQL. Immutable; any
// thread. Source of the statistics' meaning: Iceberg spec, "Scan Planning", read 2026-11.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/record/schema.h"
#include "ends/lake/data_file.h"

namespace firn::lake {

struct TableMetadata;
struct Transform;

class Filter {
 public:
  // Top-level columns of `schema`. Errors: BadInput (LAKE-FILTER-001) with what was expected where;
  // NotFound (LAKE-COLUMN-001) with the nearest name.
  [[nodiscard]] static Result<Filter> Parse(std::string_view text, const record::Schema& schema);

  [[nodiscard]] const std::vector<record::Field>& fields() const { return fields_; }  // each once
  // False: no row of it matches. Unknown statistics may match.
  [[nodiscard]] bool MayMatch(const DataFile& statistics) const;
  // False: no row of a data file of that partition matches, by the values its rows were placed by.
  // Transforms unknown here may match. Source: Iceberg spec, "Scan Planning" (inclusive
  // projection).
  [[nodiscard]] bool MayMatchPartition(const TableMetadata& metadata, const DataFile& file) const;
  // One value a row. `rows` has the filter's columns by name.
  [[nodiscard]] Result<std::vector<bool>> Matches(const arrow::RecordBatch& rows) const;

 private:
  enum class Op { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kNull, kNotNull };
  struct Predicate {
    size_t field = 0;  // into fields_
    Op op = Op::kEqual;
    std::vector<std::shared_ptr<arrow::Scalar>> values;  // kEqual: any of them
  };
  friend class FilterParser;

  bool MayMatch(const Predicate& predicate, const DataFile& statistics) const;
  bool MayMatch(const Predicate& predicate, const Transform& transform,
                const std::optional<std::string>& value) const;

  std::vector<record::Field> fields_;
  std::vector<Predicate> predicates_;
};

}  // namespace firn::lake
