// Rows of SOQL as the members that a GraphQL selection asks for. Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sandbox/graphql/record_query.h"

namespace firn::sandbox::graphql {

// A row's answer, and a connection's around the nodes of its rows.
struct ConnectionFacts {
  uint64_t before = 0;  // rows before the first node
  bool more = false;
  uint64_t total = 0;
};
[[nodiscard]] nlohmann::ordered_json NodeJson(const std::vector<RecordPart>& parts,
                                              const nlohmann::ordered_json& row);
[[nodiscard]] nlohmann::ordered_json ConnectionJson(const Selection& connection,
                                                    const std::vector<RecordPart>& parts,
                                                    const nlohmann::ordered_json& rows,
                                                    const ConnectionFacts& facts);

}  // namespace firn::sandbox::graphql
