// The Ingestion API of Data Cloud over HTTP: `/services/a360/token`, `/api/v1/ingest/..`.
//
// Stateless; any thread. Source: Data 360 Ingestion API reference, read 2026-11; where it is
// silent (texts of errors), our own words in the form it shows.
#pragma once

#include "sandbox/api_request.h"

namespace firn::sandbox {

// How a session of Data Cloud is told from one of the org: by a scope that no app can be given.
inline constexpr std::string_view kCloudSession = "a360!";

[[nodiscard]] bool IsDataCloudPath(std::string_view path);
// Trades an access token of the org for one of Data Cloud.
[[nodiscard]] Answer DataCloudToken(ApiParts& parts, const net::ServerRequest& request);
// Everything below `/api/v1/ingest/`. `segments`: those of the path, decoded. Notes in `line` who
// asks.
[[nodiscard]] Answer HandleDataCloud(ApiParts& parts, const net::ServerRequest& request,
                                     const std::vector<std::string>& segments, RequestLine& line);
// `/sandbox/data_cloud/..`: connectors, rows, problems, limits.
[[nodiscard]] Answer HandleDataCloudAdmin(ApiParts& parts, const net::ServerRequest& request,
                                          const std::vector<std::string>& segments);

}  // namespace firn::sandbox
