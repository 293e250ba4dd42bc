// Who asks, for SOQL: the user's time zone and the org's fiscal year, read from their records.
#pragma once

#include <memory>
#include <string_view>

#include "sandbox/soql/expression.h"
#include "sandbox/store/tables.h"

namespace firn::sandbox {

// Nobody (an empty id) lives in UTC. What cannot be read is as for nobody. On the caller's reader.
[[nodiscard]] std::shared_ptr<const soql::Locals> ReadLocals(const Catalogue& catalogue,
                                                             Reader& reader,
                                                             std::string_view user_id,
                                                             std::string_view org_id);

}  // namespace firn::sandbox
