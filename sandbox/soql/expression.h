// What a column, a condition or an order looks at in a row: a field, with the functions around it.
//
// Pure over the RowTree's current row; one thread at a time, like the tree.
// Source: SOQL and SOSL Reference, 'Date Functions', 'toLabel()', 'FORMAT()', 'Location-Based SOQL
// Queries', read 2026-11.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sandbox/soql/ast.h"
#include "sandbox/soql/date_range.h"
#include "sandbox/soql/row_tree.h"
#include "sandbox/time_zone.h"

namespace firn::sandbox::soql {

// Who asks, as far as answers depend on it.
struct Locals {
  int64_t user_id = 0;                   // 0: nobody, the org itself
  std::shared_ptr<const TimeZone> zone;  // never null
  FiscalYear fiscal;
};

struct Expression {
  FieldRef field;
  std::string function;  // upper case, empty for none
  bool format = false;
  std::shared_ptr<const Locals> locals;  // where the function or the format needs it
  bool user_zone = false;
  // Of DISTANCE: the point, the parts of the field.
  double from_latitude = 0;
  double from_longitude = 0;
  bool miles = false;
  FieldRef latitude;
  FieldRef longitude;

  // A field and nothing around it that changes its value.
  [[nodiscard]] bool plain() const { return function.empty() && !format; }
  [[nodiscard]] bool Same(const Expression& other) const;
};

[[nodiscard]] bool IsAggregate(std::string_view function);

// The value in the current row, before an aggregate and before FORMAT. Texts live until the next
// SetRow.
[[nodiscard]] Value Evaluate(const Expression& expression, RowTree& tree);

// `1,234.50`, `11/24/2026`, `11/24/2026, 2:56 AM`: as an en_US user reads it, times in the user's
// zone.
void AppendFormatted(const Value& value, FieldType type, int scale, const TimeZone& zone,
                     std::string& out);

// Great-circle distance of two points. Source of the radius: IUGG mean radius 6371.0088 km.
[[nodiscard]] double DistanceKm(double latitude_a, double longitude_a, double latitude_b,
                                double longitude_b);

}  // namespace firn::sandbox::soql
