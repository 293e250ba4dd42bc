// The shapes of the admin endpoints' answers. Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "sandbox/answer.h"

namespace firn::sandbox {

inline std::string DumpJson(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}
inline Answer AdminError(int status, std::string_view what) {
  return JsonAnswer(status, "{\"error\":" + JsonString(what) + "}");
}
inline Answer AdminError(const Error& error) {
  const int status = error.kind() == Kind::kNotFound ? 404 : 400;
  return AdminError(status, error.what() + (error.why().empty() ? "" : ": " + error.why()));
}

}  // namespace firn::sandbox
