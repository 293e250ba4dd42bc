// EventText: a text that may take parts of an event: written out, a path (`$.detail-type`), or a
// text with paths in braces (`salesforce.{$.detail.payload.ChangeEventHeader.entityName}`). A
// value.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/error.h"
#include "core/expr/json_path.h"

namespace firn::project {

class EventText {
 public:
  using Piece = std::variant<std::string, expr::JsonPath>;

  // Errors: BadInput EXPR-PATH-001 for a path that is none, or whose brace is not closed.
  [[nodiscard]] static Result<EventText> Parse(std::string_view text);
  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }
  // The same for every event.
  [[nodiscard]] bool constant() const;

 private:
  std::vector<Piece> pieces_;
};

}  // namespace firn::project
