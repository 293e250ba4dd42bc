#include <nlohmann/json.hpp>

#include "patterns/federation/idempotency.h"
#include "patterns/federation/routes.h"

namespace firn::federation {

// The server holds one warehouse, so that whatever `warehouse` asks for is that one.
Result<Answer> GetConfig(Desk&, const Exchange&) {
  nlohmann::ordered_json endpoints = nlohmann::ordered_json::array();
  for (const Route& route : Routes()) {
    if (route.path == "/v1/config") continue;
    endpoints.push_back(std::string(route.method) + " " + std::string(route.path));
  }
  return JsonAnswer({{"defaults", nlohmann::ordered_json::object()},
                     {"overrides", nlohmann::ordered_json::object()},
                     {"endpoints", endpoints},
                     {"idempotency-key-lifetime", kIdempotencyLifetimeText}});
}

}  // namespace firn::federation
