// Why rows of the lake are not in the org: asked of the org by their Ids. Internal to exports.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "patterns/exports/verify/deep_verify.h"

namespace firn::exports {

struct ExtraQuestion {
  const std::string& describe;
  std::optional<UtcMicros> since;  // what came before must be in the lake; nothing: not known
  const std::string& mark;         // what that is: `watermark`
};

// Fills `explanation` of the rows that were deleted at or after `since`, and `stamp` where
// the org tells it. Costs a call for every 200 rows, and one for those that are gone for good.
// Errors: those of the requests.
[[nodiscard]] Result<void> ExplainExtras(const Call& call, const ExportParts& parts,
                                         const ObjectSpec& spec, const ExtraQuestion& question,
                                         std::vector<DifferentRow>& rows);

}  // namespace firn::exports
