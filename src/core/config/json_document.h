// Strict JSON as the same tree of nodes that YAML gives: each value remembers its line and column,
// duplicate keys are refused with both places.
//
// For files whose language is JSON (event rules, API destinations). A value under a key of
// `raw_keys` stays text: another language that brings its own rules, such as event patterns.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/config/document.h"

namespace firn::config {

struct JsonOptions {
  ParseLimits limits;
  // An object or list under such a key becomes a scalar that holds its JSON text as written, not
  // marked as quoted; a string there stays what it is, quoted.
  std::set<std::string, std::less<>> raw_keys;
};

// Errors, all BadConfig with file:line:col: CONFIG-JSON-001 not JSON, CONFIG-YAML-002 duplicate
// key, -004 a limit of ParseLimits.
[[nodiscard]] Result<Document> ParseJson(std::string_view text, std::string file,
                                         const JsonOptions& options = {});

}  // namespace firn::config
