// Comparing texts without regard to case, as event-ruler does it: each character of the pattern
// stands for its lower-case or its upper-case form, character by character, in no locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::expr {

class CaselessText {
 public:
  explicit CaselessText(std::string_view text);

  // How many bytes of `text` this stands for at its beginning; nothing when it does not.
  [[nodiscard]] std::optional<size_t> MatchPrefix(std::string_view text) const;
  [[nodiscard]] bool MatchesEnd(std::string_view text) const;
  [[nodiscard]] bool Matches(std::string_view text) const {
    return MatchPrefix(text) == text.size();
  }

 private:
  struct Forms {
    std::string lower;
    std::string upper;
  };
  std::vector<Forms> forms_;
};

// A key that is the same for all texts which a CaselessText may match (and for a few more).
[[nodiscard]] std::string FoldCase(std::string_view text);

}  // namespace firn::expr
