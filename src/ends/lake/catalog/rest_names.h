// The names of a REST catalog's calls, and of what they are told. Source: Iceberg REST catalog
// spec, "CatalogConfig" (`endpoints`), read 2026-11. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/call.h"

namespace firn::lake {
namespace rest {

inline constexpr std::string_view kListNamespaces = "GET /v1/{prefix}/namespaces";
inline constexpr std::string_view kCreateNamespace = "POST /v1/{prefix}/namespaces";
inline constexpr std::string_view kLoadNamespace = "GET /v1/{prefix}/namespaces/{namespace}";
inline constexpr std::string_view kListTables = "GET /v1/{prefix}/namespaces/{namespace}/tables";
inline constexpr std::string_view kCreateTable = "POST /v1/{prefix}/namespaces/{namespace}/tables";
inline constexpr std::string_view kLoadTable =
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}";
inline constexpr std::string_view kUpdateTable =
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}";
inline constexpr std::string_view kDropTable =
    "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}";
inline constexpr std::string_view kRenameTable = "POST /v1/{prefix}/tables/rename";
inline constexpr std::string_view kRegisterTable =
    "POST /v1/{prefix}/namespaces/{namespace}/register";
inline constexpr std::string_view kCredentials =
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials";
inline constexpr std::string_view kSign =
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/sign";

}  // namespace rest

// Levels of a namespace as text: `.` between them, one inside of them as `%2E`.
[[nodiscard]] std::vector<std::string> NamespaceLevels(const std::string& ns);
[[nodiscard]] std::string NamespaceOfLevels(const std::vector<std::string>& levels);

// A version 7 UUID (RFC 9562, section 5.7), as idempotency keys are asked to be.
[[nodiscard]] std::string NewTimedUuid(const Call& call);

}  // namespace firn::lake
