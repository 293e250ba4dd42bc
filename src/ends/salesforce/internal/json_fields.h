// Lenient reading of small JSON answers: a member that is missing or of another type is its type's
// empty value, because the vendor adds, drops and retypes members between releases. Private.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace firn::salesforce {

using Json = nlohmann::json;

[[nodiscard]] inline std::string TextOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
[[nodiscard]] inline bool TrueOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}
[[nodiscard]] inline int64_t NumberOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<int64_t>() : 0;
}
[[nodiscard]] inline Json ParseOrDiscard(std::string_view text) {
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}
// The answer is not what the address promises: a proxy's page, or a changed API.
[[nodiscard]] inline Error NotAsDocumented(const std::string& org, std::string_view what) {
  return Error(Kind::kCorrupt, "SF-REST-006",
               "the org's answer is not " + std::string(what) + " as documented")
      .At("org `" + org + "`");
}

}  // namespace firn::salesforce
