// The columns of an object's table: describe, the spec's fields and the table's own schema, put
// together the same way wherever rows are read. Internal to exports; pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/record/layout.h"
#include "ends/lake/table.h"
#include "patterns/exports/export.h"

namespace firn::exports {

// Where the fetched files of a blob field lie: beside the table, not below it.
[[nodiscard]] std::string BlobFolder(const std::string& table_location, const std::string& field);

struct LayoutRequest {
  const ObjectSpec& spec;
  const std::string& describe;     // the org's answer
  const std::string& api_version;  // `66.0`
  const std::map<std::string, std::string>& key_prefixes;
  const lake::Table* table = nullptr;  // null: there is none yet
  // Instead of the spec's fields; `Id` is always among them.
  std::vector<std::string> only = {};
};
// Errors: those of LayoutFromDescribe.
[[nodiscard]] Result<record::Layout> LayoutFor(const LayoutRequest& request);

// The first of SystemModstamp, LastModifiedDate, CreatedDate and LoginTime that is described;
// empty: the object has none (Bulk and REST clients agree on this order, R1).
[[nodiscard]] std::string CursorFieldOf(const std::string& describe);

// Fields of the spec whose values change without moving the cursor (R3): those that describe calls
// calculated, and those that fit `refresh_fields`. In describe's order.
[[nodiscard]] std::vector<std::string> SilentFieldsOf(const std::string& describe,
                                                      const ObjectSpec& spec);

// What of a table's columns the layout does not fill.
struct UnfilledColumns {
  std::vector<std::string> vanished;    // no longer described: hidden from the user, or deleted
  std::vector<std::string> superseded;  // the field goes on in a newer version of the column
};
// Columns that Firn made itself (`__deleted`) are in neither list.
[[nodiscard]] UnfilledColumns CompareColumns(const record::Schema& table,
                                             const record::Schema& layout);

// `vanished` of them, once more apart: what the org still describes was left out by the spec.
struct SplitColumns {
  std::vector<std::string> vanished;
  std::vector<std::string> left_out;
};
[[nodiscard]] SplitColumns SplitUnfilled(const std::vector<std::string>& unfilled,
                                         const std::string& describe);
// What becomes of the columns of fields that a spec leaves out, for the report.
[[nodiscard]] std::string LeftOutWarning(const std::vector<std::string>& names, ExportMode mode);

// API names of the fields, in describe's order; none when it is no describe result.
[[nodiscard]] std::vector<std::string> DescribedFields(const std::string& describe);

}  // namespace firn::exports
