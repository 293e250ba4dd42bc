// Records of the Ingestion API's streaming requests: JSON bodies read and checked by the schema.
//
// Pure; any thread. Source: Data 360 Ingestion API reference, 'Insert Records', 'Delete Records',
// 'Synchronous Record Validation', read 2026-11.
#pragma once

#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sandbox/data_cloud/lake_store.h"

namespace firn::sandbox {

// Of `{"data": [{..}, ..]}`: records that fit become upserts, the others problems. Fields that the
// schema lacks are passed over, unless `strict` (the validation's word). Errors: api error 400 for
// a body of another form.
[[nodiscard]] Result<LakeBatch> ReadLakeRecords(const LakeObject& object, std::string_view body,
                                                bool strict);
// Keys to delete: `a,b` of the query, or `{"ids": ["a", "b"]}`. Errors: api error 400.
[[nodiscard]] Result<std::vector<std::string>> ReadLakeKeys(std::string_view query,
                                                            std::string_view body);

}  // namespace firn::sandbox
