// The fields of the principals file (who may sign in to the catalog server, and what they may do).
// `firn help config` prints them.
#pragma once

#include <span>

#include "core/config/field.h"

namespace firn::federation {

[[nodiscard]] std::span<const config::Field> PrincipalsFields();

}  // namespace firn::federation
