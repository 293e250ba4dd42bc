// Who asks where it is nobody: filters that the org applies by itself.
#pragma once

#include <memory>

#include "sandbox/soql/expression.h"

namespace firn::sandbox::soql {

[[nodiscard]] inline std::shared_ptr<const Locals> UtcLocals() {
  auto locals = std::make_shared<Locals>();
  locals->zone = TimeZone::Find("UTC");
  return locals;
}

}  // namespace firn::sandbox::soql
