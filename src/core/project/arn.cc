#include "core/project/arn.h"

#include <array>

namespace firn::project {

std::optional<Arn> ParseArn(std::string_view text) {
  if (!text.starts_with("arn:")) return std::nullopt;
  text.remove_prefix(4);
  std::array<std::string, 4> parts;
  for (std::string& part : parts) {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    part = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (parts[0].empty() || parts[1].empty() || text.empty()) return std::nullopt;
  return Arn{parts[0], parts[1], parts[2], parts[3], std::string(text)};
}

}  // namespace firn::project
