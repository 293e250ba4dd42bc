// What the sources of the REST client share. Private to the room.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ends/salesforce/internal/connection.h"
#include "ends/salesforce/rest.h"

namespace firn::salesforce {

// `66`, `v66.0` -> `66.0`.
[[nodiscard]] std::string NormalVersion(std::string_view version);

struct RestParts {
  Connection* connection = nullptr;
  DescribeCache* cache = nullptr;  // may be null
  std::string version;             // `66.0`
  std::string org_id;
};
[[nodiscard]] std::unique_ptr<RestClient> NewRestClient(RestParts parts);

// GET /services/data without a session. `date`, where given, gets the answer's Date header.
[[nodiscard]] Result<std::vector<ApiVersion>> FetchVersions(const Call& call,
                                                            net::Transport& transport,
                                                            const std::string& instance_url,
                                                            const std::string& org,
                                                            std::string* date = nullptr);

// Query.cc: the stream over the pages of one query.
[[nodiscard]] Result<std::unique_ptr<RecordStream>> OpenQuery(const Call& call,
                                                              Connection& connection,
                                                              const std::string& version,
                                                              const QueryOptions& options);
// The same over the objects of the Tooling API.
[[nodiscard]] Result<std::unique_ptr<RecordStream>> OpenToolingQuery(const Call& call,
                                                                     RestClient& rest,
                                                                     const QueryOptions& options);
// wide_query.cc
[[nodiscard]] Result<std::unique_ptr<RecordStream>> OpenWideQuery(const Call& call,
                                                                  Connection& connection,
                                                                  const std::string& version,
                                                                  const WideQuery& query);

// Splits fields so that each query's address stays below kUriBytesMax. Every part begins with `Id`
// and the stamp field (when not empty). Errors: BadInput SF-REST-005 when even one field is too
// long beside the WHERE.
[[nodiscard]] Result<std::vector<std::vector<std::string>>> SplitFields(const WideQuery& query);
[[nodiscard]] std::string SoqlOf(const WideQuery& query, const std::vector<std::string>& fields,
                                 std::string_view more_where, std::string_view tail);

}  // namespace firn::salesforce
