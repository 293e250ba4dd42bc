#include "core/project/event_text.h"

#include <algorithm>

namespace firn::project {

Result<EventText> EventText::Parse(std::string_view text) {
  EventText parsed;
  if (text.starts_with('$')) {
    FIRN_TRY(auto path, expr::JsonPath::Parse(text));
    parsed.pieces_.emplace_back(std::move(path));
    return parsed;
  }
  while (!text.empty()) {
    const size_t open = text.find("{$");
    if (open > 0) parsed.pieces_.emplace_back(std::string(text.substr(0, open)));
    if (open == std::string_view::npos) break;
    const size_t close = text.find('}', open);
    if (close == std::string_view::npos) {
      return Fail(Error(Kind::kBadInput, "EXPR-PATH-001", "a path in braces has no end")
                      .Because("`}` is missing behind `" + std::string(text.substr(open)) + "`"));
    }
    FIRN_TRY(auto path, expr::JsonPath::Parse(text.substr(open + 1, close - open - 1)));
    parsed.pieces_.emplace_back(std::move(path));
    text.remove_prefix(close + 1);
  }
  return parsed;
}

bool EventText::constant() const {
  return std::all_of(pieces_.begin(), pieces_.end(),
                     [](const Piece& piece) { return std::holds_alternative<std::string>(piece); });
}

}  // namespace firn::project
