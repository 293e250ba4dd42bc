// The sandbox's own endpoints below `/sandbox/`: status, faults, clock, log, limits, apps, fields.
//
// They need no session: the sandbox listens on loopback and holds made-up data. A request that a
// web page of another origin sent is refused, since a browser can reach loopback too.
#pragma once

#include "sandbox/api_request.h"
#include "sandbox/life/life_parts.h"

namespace firn::sandbox {

[[nodiscard]] Answer HandleAdmin(ApiParts& parts, LifeParts& life,
                                 const net::ServerRequest& request);

// The page at `/`, made of page/index.html.
[[nodiscard]] std::string_view PageHtml();

// What one fault does at once to the org (sessions, quota, clock, fields, a late commit). Those
// that shape an answer do nothing here.
void CarryOut(ApiParts& parts, const FaultEffect& effect);

}  // namespace firn::sandbox
