#include "patterns/federation/request_body.h"

#include <nlohmann/json.hpp>

#include "core/base/json_depth.h"
#include "patterns/federation/refusals.h"

namespace firn::federation {

Result<nlohmann::ordered_json> ParseRequestBody(std::string_view text) {
  if (NestsDeeperThan(text, kJsonDepthMax)) return BadRequest("the body is nested too deeply");
  auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  if (json.is_discarded()) return BadRequest("the body is no JSON");
  if (!json.is_object()) return BadRequest("the body is no JSON object");
  return json;
}

}  // namespace firn::federation
