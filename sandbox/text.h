// Small work on texts that several parts of the org do. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace firn::sandbox {

// The pieces between separators; empty ones are left out.
[[nodiscard]] std::vector<std::string> Pieces(std::string_view text, char separator);
// UTF-8 of a code point (RFC 3629); a lone surrogate comes as three bytes.
void AppendUtf8(uint32_t code_point, std::string& out);

}  // namespace firn::sandbox
