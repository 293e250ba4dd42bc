// What became of the entries of a batch call: services take some and refuse others.
#pragma once

#include <optional>
#include <vector>

#include "core/base/error.h"

namespace firn::aws {

// One for each entry, in their order; nothing for an entry that was taken. Whether trying again can
// help stands in the error.
using EntryOutcomes = std::vector<std::optional<Error>>;

}  // namespace firn::aws
