// USING SCOPE: which scopes an object has, and the condition that each stands for. Pure; any
// thread. Source: SOQL and SOSL Reference, 'USING SCOPE', read 2026-11.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sandbox/schema.h"
#include "sandbox/soql/filter.h"

namespace firn::sandbox::soql {

// As a describe names them, `everything` first. Scopes of features that the org has not turned on
// (territories, teams, scoping rules) are in none.
[[nodiscard]] std::vector<std::string_view> ScopesOf(const ObjectInfo& object);

// What a scope adds to the WHERE clause for this user; nothing of `everything`.
[[nodiscard]] std::optional<Filter> ScopeFilter(std::string_view scope, const ObjectInfo& object,
                                                RowTree& tree, int64_t user_id);

}  // namespace firn::sandbox::soql
