// SHA-256, HMAC and comparison without a tell-tale in its timing. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace firn::net {

// 32 bytes.
[[nodiscard]] std::string Sha256(std::string_view bytes);
[[nodiscard]] std::string HmacSha256(std::string_view key, std::string_view bytes);
// True when equal; the time taken depends on the length only. For tokens and signatures.
[[nodiscard]] bool EqualInConstantTime(std::string_view a, std::string_view b);

}  // namespace firn::net
