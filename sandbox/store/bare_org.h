// An org without the built-in objects and people: what its options define and nothing else.
#pragma once

#include <memory>

#include "sandbox/org.h"

namespace firn::sandbox {

// As Org::Open, for data that can be made again at any time: it is not synced to the disk commit by
// commit.
[[nodiscard]] Result<std::unique_ptr<Org>> OpenBareOrg(Org::Options options);

}  // namespace firn::sandbox
