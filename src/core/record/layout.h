// Layout: how an object's described fields become source columns (what is selected) and table
// fields (what is stored). The one place that knows which type of the lake each type of the org
// becomes.
//
// Every described field gives one table field. Scalars come from the CSV column of their name.
// Compound fields (address, location) are never selected: they are rebuilt as structs from their
// component columns, which stay fields of their own. A reference with several targets gets a
// sibling
// `<name>__type` (string), filled from the Id's key prefix. A base64 field is not selected (Bulk
// refuses it): it becomes the URI that REST serves it under, and `<name>__length` where the object
// has a length field.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/record/schema.h"

namespace firn::record {

// `type` of a described field (SOAP API Developer Guide, "Field Types").
enum class DescribeType {
  kId,
  kReference,
  kBoolean,
  kInt,
  kLong,
  kDouble,
  kPercent,
  kCurrency,
  kDate,
  kDateTime,
  kTime,
  kString,
  kPicklist,
  kMultipicklist,
  kCombobox,
  kEmail,
  kPhone,
  kUrl,
  kTextarea,
  kEncryptedString,
  kDataCategoryGroupReference,
  kComplexValue,
  kAddress,
  kLocation,
  kBase64,
  kAnyType,
  kJson,
  kUnknown,
};

struct SourceColumn {
  std::string name;  // API name, as selected and as in the CSV header
  DescribeType type = DescribeType::kString;
  int length = 0;
  int precision = 0;
  int scale = 0;
  bool nillable = true;
  int field_index = -1;     // into Layout::schema.fields
  bool dictionary = false;  // few distinct values by describe (picklist, boolean-like, reference)
};

// A table field that no source column fills directly.
struct DerivedField {
  enum class Kind {
    kCompound,       // struct of `sources`, in the order of the struct's children
    kReferenceType,  // object name of the Id in sources[0]
    kBlobUri,        // string: where REST serves the bytes, built from the Id in sources[0]
    kBlobLength,     // long, from the length column in sources[0]
  };
  Kind kind = Kind::kCompound;
  int field_index = -1;
  std::vector<int> sources;  // into Layout::columns; -1: that child is not described, always null
  std::string uri_before;    // kBlobUri: what stands before and after the Id
  std::string uri_after;
};

struct Layout {
  std::string object;
  Schema schema;
  std::vector<SourceColumn> columns;
  std::vector<DerivedField> derived;
  std::map<std::string, std::string> key_prefixes;  // `003` -> `Contact`
  std::vector<std::string> warnings;                // unknown types and the like
  std::vector<std::string> skipped;                 // fields left out, with the reason

  // `SELECT <columns> FROM <object>`, without WHERE.
  [[nodiscard]] std::string Soql() const;
  // Index into `columns` by exact name; -1 when absent.
  [[nodiscard]] int ColumnIndex(std::string_view name) const;
};

struct LayoutOptions {
  std::vector<std::string> include;  // globs on field names; empty: all
  std::vector<std::string> exclude;
  std::vector<std::string> always;  // names taken whatever the two say, where described
  bool multipicklist_as_list = true;
  std::map<std::string, std::string> key_prefixes;  // of the org, from the global describe
  std::string api_version = "v62.0";                // in the URIs of base64 fields
  // The table's present schema: fields keep their ids by name, new ones get ids above
  // `last_column_id`.
  const Schema* existing = nullptr;
  int last_column_id = 0;
  // A field whose type can no longer become that of its column: false: it starts anew under its
  // name; true: the column stays as it is and the field goes on in a new one, `Amount__v2`, then
  // `Amount__v3`. The highest version that exists is the one in use.
  bool version_columns = false;
};

// `Amount__v2` -> `Amount`; empty for a name that is no version of another.
[[nodiscard]] std::string_view VersionedColumnBase(std::string_view column);

// `describe_json`: the body of /sobjects/X/describe. Errors: Corrupt (REC-LAYOUT-001) when it is no
// describe result. An unknown field type becomes a string and a warning, never an error.
[[nodiscard]] Result<Layout> LayoutFromDescribe(std::string_view describe_json,
                                                const LayoutOptions& options);

}  // namespace firn::record
