#include "patterns/federation/request_body.h"

#include <nlohmann/json.hpp>

#include "patterns/federation/refusals.h"

namespace firn::federation {
namespace {

// Schemas nest; nothing else does much. Deeper text is meant to exhaust something.
constexpr int kDepthMax = 200;

// The deepest nesting, seen without building anything.
bool TooDeep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDepthMax) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<nlohmann::ordered_json> ParseRequestBody(std::string_view text) {
  if (TooDeep(text)) return BadRequest("the body is nested too deeply");
  auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  if (json.is_discarded()) return BadRequest("the body is no JSON");
  if (!json.is_object()) return BadRequest("the body is no JSON object");
  return json;
}

}  // namespace firn::federation
