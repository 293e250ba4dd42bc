// What only the door, the admin endpoints and the server's upkeep need beside ApiParts: the org's
// activity log, its traffic, and what happens to it from outside.
//
// Made once by the server and outlives every request; each part is thread-safe by itself.
#pragma once

#include <atomic>
#include <functional>

#include "sandbox/life/activity_log.h"
#include "sandbox/life/traffic.h"
#include "sandbox/tooling/tooling_door.h"

namespace firn::sandbox {

struct LifeParts {
  ActivityLog& activity;
  Traffic& traffic;
  ToolingDoor& tooling;
  // Whether the TLS door shall show a certificate of a CA nobody knows; the upkeep sees to it.
  std::atomic<bool> certificate_swapped{false};
  // Told when the org is moved to another instance: whoever holds replay ids makes new ones.
  std::function<void()> on_org_migrated = nullptr;
};

}  // namespace firn::sandbox
