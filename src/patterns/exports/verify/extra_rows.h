// Why rows of the lake are not in the org: asked of the org by their Ids. Internal to exports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "patterns/exports/verify/deep_verify.h"
#include "patterns/exports/verify/spill_buckets.h"

namespace firn::exports {

struct ExtraQuestion {
  const std::string& describe;
  std::optional<UtcMicros> since;  // what came before must be in the lake; nothing: not known
  const std::string& mark;         // what that is: `watermark`
  const std::string& folder;       // private; exists
  size_t rows_named_max = 100;
};

struct ExtraRows {
  int64_t explained = 0;  // deleted, or changed out of the condition, at or after `since`
  int64_t unasked = 0;    // too many to be asked for one by one: not explained
  // The first of each kind, at most rows_named_max; with the org's stamp where it tells one.
  std::vector<DifferentRow> named;
};

// The org's list of deletes explains any number of rows by a call or a few; those that it does not
// tell are asked for by Id, 200 a call, up to kExtrasAsked. Errors: those of the requests and of
// files.
[[nodiscard]] Result<ExtraRows> ExplainExtras(const Call& call, const ExportParts& parts,
                                              const ObjectSpec& spec, const ExtraQuestion& question,
                                              std::vector<IdText> ids);
inline constexpr size_t kExtrasAsked = 20'000;

}  // namespace firn::exports
