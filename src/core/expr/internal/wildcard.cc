#include "core/expr/internal/wildcard.h"

#include <fmt/format.h>

namespace firn::expr {

tl::expected<std::vector<std::string>, std::string> WildcardPieces(std::string_view text) {
  std::vector<std::string> pieces(1);
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (c == '*') {
      if (next == '*') {
        return tl::unexpected(fmt::format("Consecutive wildcard characters at pos {}", at));
      }
      pieces.emplace_back();
    } else if (c == '\\') {
      if (next != '*' && next != '\\') {
        return tl::unexpected(fmt::format("Invalid escape character at pos {}", at));
      }
      pieces.back() += next;
      ++at;
    } else {
      pieces.back() += c;
    }
  }
  return pieces;
}

bool MatchesWildcard(std::span<const std::string> pieces, std::string_view text) {
  if (pieces.size() == 1) return text == pieces.front();
  if (!text.starts_with(pieces.front())) return false;
  text.remove_prefix(pieces.front().size());
  if (!text.ends_with(pieces.back())) return false;
  text.remove_suffix(pieces.back().size());
  for (const std::string& piece : pieces.subspan(1, pieces.size() - 2)) {
    const size_t found = text.find(piece);
    if (found == std::string_view::npos) return false;
    text.remove_prefix(found + piece.size());
  }
  return true;
}

}  // namespace firn::expr
