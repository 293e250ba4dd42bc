// Bytes in records: base64 fields read as they are, and written by multipart requests.
//
// Stateless; any thread. Source: REST API Developer Guide, "sObject Blob Get", "Insert or Update
// Blob Data", read 2026-11.
#pragma once

#include "sandbox/api_request.h"
#include "sandbox/rest/body.h"

namespace firn::sandbox {

[[nodiscard]] bool IsMultipart(const ApiRequest& request);
// The record of a request's body: JSON, or multipart with the fields in a JSON part and the bytes
// of a base64 field in another that has the field's name. Errors: api errors JSON_PARSER_ERROR,
// INVALID_MULTIPART_REQUEST.
[[nodiscard]] Result<RecordBody> RecordBodyOf(const ApiRequest& request);
// The records of a collection; in a multipart body the first part holds them and the others the
// bytes that they name. Errors: api errors JSON_PARSER_ERROR, INVALID_INPUT,
// INVALID_MULTIPART_REQUEST. Source: REST API Developer Guide, "Insert or Update Blob Data", read
// 2026-11.
[[nodiscard]] Result<RecordsBody> RecordsBodyOf(const ApiRequest& request);
// `sobjects/X/{id}/{field}`
[[nodiscard]] Answer BlobAnswer(ApiParts& parts, const ApiRequest& request,
                                const ObjectInfo& object, const FieldInfo& field);

}  // namespace firn::sandbox
