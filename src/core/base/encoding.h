// Text forms of bytes: hex, base64 and base64url (RFC 4648), percent encoding (RFC 3986), form
// bodies. Pure functions. Decoders refuse what the RFC refuses (BASE-ENC-001, kind BadInput).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace firn {

[[nodiscard]] std::string Hex(std::string_view bytes);
[[nodiscard]] Result<std::string> FromHex(std::string_view text);
[[nodiscard]] std::string Base64(std::string_view bytes);
[[nodiscard]] Result<std::string> FromBase64(std::string_view text);
[[nodiscard]] std::string Base64Url(std::string_view bytes);  // without padding
[[nodiscard]] Result<std::string> FromBase64Url(std::string_view text);
// Everything but unreserved characters becomes %XX.
[[nodiscard]] std::string PercentEncode(std::string_view text);
[[nodiscard]] Result<std::string> PercentDecode(std::string_view text, bool plus_is_space);

using FormFields = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] std::string FormEncode(const FormFields& fields);
[[nodiscard]] Result<FormFields> FormDecode(std::string_view body);

// True when the bytes are well-formed UTF-8 (no surrogates, no overlong forms).
[[nodiscard]] bool IsUtf8(std::string_view bytes);

}  // namespace firn
