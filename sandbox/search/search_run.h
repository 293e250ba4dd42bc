// Runs a search: every record of each object is read once, in the order its clauses ask for, and
// kept by its id when it matches; what is answered of it is read by id afterwards. Memory: the ids
// and the answers of at most 2,000 records.
#pragma once

#include <string>
#include <vector>

#include "sandbox/org.h"
#include "sandbox/search/sosl.h"

namespace firn::sandbox {

struct SearchAnswer {
  std::vector<std::string> records;  // rendered JSON objects
  // Of each object that was searched: its name and the fields asked for.
  std::vector<std::pair<std::string, std::vector<std::string>>> fields;
};

// Errors: api errors INVALID_TYPE, INVALID_FIELD, MALFORMED_QUERY as of SOQL, MALFORMED_SEARCH.
[[nodiscard]] Result<SearchAnswer> RunSearch(Org& org, const SoslQuery& query,
                                             const QueryOptions& options);
// What text searches look through. Source: SOQL and SOSL Reference, 'IN SearchGroup'; the
// `searchable` of describe answers.
[[nodiscard]] bool IsSearched(const ObjectInfo& object, const FieldInfo& field, SearchGroup group,
                              int api_version);

}  // namespace firn::sandbox
