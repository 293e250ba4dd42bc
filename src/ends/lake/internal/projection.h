// Projection: a data file's columns turned into the table's, by field id.
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/record/schema.h"
#include "ends/lake/internal/field_hints.h"

namespace firn::lake::internal {

// The Arrow type of a field of the table.
[[nodiscard]] std::shared_ptr<arrow::Field> ArrowFieldOf(const record::Field& field);

// Whether the file's field is the table's: by id, or by mapped name when it has none.
[[nodiscard]] bool IsField(const arrow::Field& source, const record::Field& target,
                           const FieldHints& hints);

// Columns of a file or batch by what they are matched by. Objects have thousands of columns:
// looking each one up among all others would take millions of comparisons for every batch.
class FieldFinder {
 public:
  explicit FieldFinder(const std::vector<std::shared_ptr<arrow::Field>>& columns);
  // The place of the column that IsField the target, -1 when there is none.
  [[nodiscard]] int Find(const record::Field& target, const FieldHints& hints) const;

 private:
  std::map<int, int> by_id_;
  std::map<std::string, int> by_name_;  // of columns without an id
};

// The column of the table for `source` (nullptr: the file lacks it, so that it holds the
// partition's value, the field's default, or nulls), `rows` long. Errors: the file's type cannot be
// widened to the table's (text of the reason).
[[nodiscard]] Result<std::shared_ptr<arrow::Array>> ProjectColumn(
    const std::shared_ptr<arrow::Array>& source, const record::Field& target,
    const FieldHints& hints, int64_t rows);

}  // namespace firn::lake::internal
