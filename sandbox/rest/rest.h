// The REST API below `/services/data/vNN.0`: one function a family of resources.
//
// Stateless; any thread. Source: REST API Developer Guide, "Reference", read 2026-11.
#pragma once

#include <string>

#include "sandbox/api_request.h"

namespace firn::sandbox {

inline constexpr int kVersionOldest = 31;
inline constexpr int kVersionNewest = 67;

// `GET /services/data`, the one resource that needs no session.
[[nodiscard]] Answer VersionsAnswer();
// Picks the family by the first segment after the version.
[[nodiscard]] Answer HandleRest(ApiParts& parts, ApiRequest& request);

// sobjects: global describe, object describe, records.
[[nodiscard]] Answer HandleSobjects(ApiParts& parts, ApiRequest& request);
[[nodiscard]] Answer GlobalDescribe(ApiParts& parts, const ApiRequest& request);
[[nodiscard]] Answer BasicObjectInfo(ApiParts& parts, const ApiRequest& request);
[[nodiscard]] Answer ObjectDescribe(ApiParts& parts, const ApiRequest& request);
// `/sobjects/X/describe/layouts`, `../compactLayouts`, `../approvalLayouts`; `/compactLayouts?q=`.
[[nodiscard]] Answer DescribeLayouts(ApiParts& parts, const ApiRequest& request);
[[nodiscard]] Answer CompactLayoutList(ApiParts& parts, const ApiRequest& request);
// `/event/eventSchema/{id}`, `/sobjects/{event}/eventSchema`.
[[nodiscard]] Answer EventSchemaById(ApiParts& parts, const ApiRequest& request);
[[nodiscard]] Answer EventSchemaByName(ApiParts& parts, const ApiRequest& request);
// `/sobjects/X` POST, `/sobjects/X/{id}`, `/sobjects/X/{field}/{value}`, `../{id}/{blob field}`.
[[nodiscard]] Answer HandleRecord(ApiParts& parts, ApiRequest& request);
// `/sobjects/X/{id}/{relationship}`.
[[nodiscard]] Answer FollowRelationship(ApiParts& parts, ApiRequest& request,
                                        const ObjectInfo& object, int64_t id);
// `/sobjects/X/updated` and `/deleted`.
[[nodiscard]] Answer HandleReplication(ApiParts& parts, ApiRequest& request);
// query, queryAll and their next pages; also what the tooling API is asked.
[[nodiscard]] Answer HandleQuery(ApiParts& parts, ApiRequest& request, bool all_rows);
[[nodiscard]] Answer HandleSearch(ApiParts& parts, const ApiRequest& request);
[[nodiscard]] Answer HandleParameterizedSearch(ApiParts& parts, const ApiRequest& request);
[[nodiscard]] Answer HandleGraphql(ApiParts& parts, const ApiRequest& request);
// `search/scopeOrder`, `search/layout`, `search/suggestions`.
[[nodiscard]] Answer HandleSearchPages(ApiParts& parts, const ApiRequest& request);
[[nodiscard]] Answer ExplainQuery(ApiParts& parts, const ApiRequest& request);
[[nodiscard]] Answer HandleLimits(ApiParts& parts, ApiRequest& request);
// `composite`, `composite/batch`, `composite/graph`, and on to the two below.
[[nodiscard]] Answer HandleComposite(ApiParts& parts, ApiRequest& request);
// `composite/sobjects`: create, update, upsert, delete and retrieve lists of records.
[[nodiscard]] Answer HandleCollections(ApiParts& parts, ApiRequest& request);
// `composite/tree/X`.
[[nodiscard]] Answer HandleTree(ApiParts& parts, ApiRequest& request);
// `jobs/query`.
[[nodiscard]] Answer HandleBulkQuery(ApiParts& parts, ApiRequest& request);
// `jobs/ingest`.
[[nodiscard]] Answer HandleBulkIngest(ApiParts& parts, ApiRequest& request);
// True for requests whose body may be large and is read piece by piece.
[[nodiscard]] bool StreamsBody(std::string_view method, std::string_view path);

// The object's definition if clients of this version may see it; nullptr otherwise.
[[nodiscard]] const ObjectInfo* VisibleObject(const Catalogue& catalogue, std::string_view name);
[[nodiscard]] bool VisibleField(const FieldInfo& field, int version);

}  // namespace firn::sandbox
