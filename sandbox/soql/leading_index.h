// Which index a query's rows are found by, for those who explain queries.
#pragma once

#include "sandbox/schema.h"

namespace firn::sandbox::soql {

// Cursors over records are one of these.
class LeadingIndex {
 public:
  virtual ~LeadingIndex() = default;
  // The indexed field whose values lead to the rows; nullptr when all rows are looked at.
  [[nodiscard]] virtual const FieldInfo* leading_index() const = 0;
};

}  // namespace firn::sandbox::soql
