// A scan's filter in the REST catalog's JSON: checked as a whole, and the part of it that can leave
// out whole files in the words of lake's filter. Pure.
// Source: REST catalog spec, `Expression`, read 2026-11.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/record/schema.h"
#include "ends/lake/read/filter.h"

namespace firn::federation {

struct ScanFilter {
  // Each holds for every row that is wanted; of what stands under `or` and `not` none is taken.
  std::vector<lake::Filter> conjuncts;
  bool nothing = false;  // the filter is `false`
};

// `case_sensitive`: how names are matched. Errors: BadInput (CAT-PLAN-001): an expression that is
// malformed or nested too deeply, a column that is not there.
struct ScanFilterOptions {
  bool case_sensitive = true;
};
[[nodiscard]] Result<ScanFilter> ReadScanFilter(const nlohmann::ordered_json& filter,
                                                const record::Schema& schema,
                                                const ScanFilterOptions& options);

// The field of a name, whose parts are separated by dots; nullptr when it is not there.
[[nodiscard]] const record::Field* FindField(const record::Schema& schema, const std::string& name,
                                             const ScanFilterOptions& options);

}  // namespace firn::federation
