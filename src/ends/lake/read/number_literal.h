// A number as somebody wrote it, as a bound of a column that holds fewer digits: `> 1.005` of a
// column of two fraction digits is `> 1.00`. Values only; any thread.
#pragma once

#include <arrow/type_fwd.h>

#include <optional>
#include <string>
#include <string_view>

namespace firn::lake {

struct NumberLiteral {
  // The greatest value of the column's type that is not greater; of a number below all of them,
  // the least.
  std::string floor;
  bool exact = true;   // it is the number itself
  bool below = false;  // the number is below every value of the type
};

// Of a column of decimals, ints or longs; nothing for others, and for what is no number.
[[nodiscard]] std::optional<NumberLiteral> ReadNumber(std::string_view text,
                                                      const arrow::DataType& type);

}  // namespace firn::lake
