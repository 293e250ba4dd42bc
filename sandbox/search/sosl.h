// A SOSL statement: what to look for, in which fields, what to answer of which objects.
//
// Pure; any thread. The clauses within RETURNING are kept as text: they are SOQL and checked as
// such when they run. Source: SOQL and SOSL Reference, 'SOSL Syntax', 'RETURNING FieldSpec', 'IN
// SearchGroup', 'LIMIT n', read 2026-11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sandbox/search/search_expression.h"

namespace firn::sandbox {

enum class SearchGroup { kAll, kName, kEmail, kPhone, kSidebar };
[[nodiscard]] std::optional<SearchGroup> SearchGroupByName(std::string_view name);

// `Account(Id, Name WHERE Industry = 'Energy' ORDER BY Name LIMIT 5 OFFSET 5)`
struct SearchTarget {
  std::string object;
  std::string fields;  // as written; empty: the id
  std::string where;
  std::string order_by;
  std::optional<uint64_t> limit;
  uint64_t offset = 0;
};

struct SoslQuery {
  std::optional<SearchExpression> expression;
  SearchGroup group = SearchGroup::kAll;
  std::vector<SearchTarget> targets;  // empty: every searchable object
  uint64_t limit = 2000;
  bool metadata = false;  // WITH METADATA = 'LABELS'
};

// Errors: api error MALFORMED_SEARCH.
[[nodiscard]] Result<SoslQuery> ParseSosl(std::string_view text);

}  // namespace firn::sandbox
