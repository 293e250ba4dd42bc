// JSON text with line breaks and indents, for `X-PrettyPrint: 1`. Values stay as they are written.
// Pure; any thread. Source: REST API Developer Guide, "HTTP Headers", read 2026-11.
#pragma once

#include <string>
#include <string_view>

namespace firn::sandbox {

// What is not JSON comes out with its own bytes in the same order.
[[nodiscard]] std::string PrettyJson(std::string_view json);

}  // namespace firn::sandbox
