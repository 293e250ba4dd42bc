// Records as the bodies of REST requests carry them.
//
// Pure; a body keeps its texts itself. Source: REST API Developer Guide, "Create", "Upsert by
// External ID", "sObject Collections", "sObject Tree", read 2026-11.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sandbox/mutation.h"

namespace firn::sandbox {

struct ChildList;

struct RecordBody {
  // Cells point into the texts: a body is moved, never copied.
  RecordBody() = default;
  RecordBody(RecordBody&&) noexcept = default;
  RecordBody& operator=(RecordBody&&) noexcept = default;
  RecordBody(const RecordBody&) = delete;
  RecordBody& operator=(const RecordBody&) = delete;
  ~RecordBody() = default;

  std::string type;          // `attributes.type`; empty when it is not told
  std::string reference_id;  // `attributes.referenceId`
  std::string id;            // `id` or `Id`, as the client wrote it
  // Of a multipart collection: the part that holds the bytes of a field.
  std::string binary_part;   // `attributes.binaryPartName`
  std::string binary_field;  // `attributes.binaryPartNameAlias`
  std::deque<std::string> texts;
  std::vector<Cell> cells;  // without the id; parents by external id as `Account.ExternalKey__c`
  std::vector<ChildList> children;
};

struct ChildList {
  std::string relationship;
  std::vector<RecordBody> records;
};

struct RecordsBody {
  bool all_or_none = false;
  std::vector<RecordBody> records;
  // Of a retrieve.
  std::vector<std::string> ids;
  std::vector<std::string> fields;
};

// `{"Name": "Acme", ..}`. Errors: api error JSON_PARSER_ERROR.
[[nodiscard]] Result<RecordBody> ReadRecordBody(std::string_view json);
// `{"allOrNone": true, "records": [..]}`, `{"ids": [..], "fields": [..]}`. Errors: api errors
// JSON_PARSER_ERROR, INVALID_INPUT.
[[nodiscard]] Result<RecordsBody> ReadRecordsBody(std::string_view json);

}  // namespace firn::sandbox
