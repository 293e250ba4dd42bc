// What the Bulk API 2.0 does not run.
// Source: Bulk API 2.0 and Bulk API Developer Guide, 'SOQL Considerations' and 'Query Jobs' limits,
// read 2026-11.
#include <algorithm>

#include "sandbox/api_error.h"
#include "sandbox/query.h"
#include "sandbox/soql/parse.h"

namespace firn::sandbox {
namespace {

Error Refuse(std::string_view code, std::string what) {
  return ApiError(400, code, std::move(what));
}

std::optional<Error> RefuseItem(const soql::SelectItem& item, const ObjectInfo* object) {
  using Kind = soql::SelectItem::Kind;
  switch (item.kind) {
    case Kind::kSubquery:
      return Refuse("FEATURENOTENABLED", "Nested queries are not supported in Bulk Query");
    case Kind::kTypeof:
      return Refuse("FEATURENOTENABLED", "TYPEOF is not supported in Bulk Query");
    case Kind::kFieldsAll:
    case Kind::kFieldsCustom:
    case Kind::kFieldsStandard:
      return Refuse("MALFORMED_QUERY",
                    "The SOQL FIELDS function is not supported with an unbounded number of rows in "
                    "this API");
    case Kind::kField:
      break;
  }
  if (!item.field.function.empty() && item.field.function != "TOLABEL" &&
      item.field.function != "DISTANCE") {
    return Refuse("FEATURENOTENABLED", "Aggregate queries are not supported in Bulk Query");
  }
  const FieldInfo* field = object != nullptr && item.field.path.size() == 1
                               ? object->Field(item.field.path[0])
                               : nullptr;
  if (field == nullptr) return std::nullopt;
  if (field->type == FieldType::kAddress || field->type == FieldType::kLocation) {
    return Refuse("FEATURENOTENABLED", "Selecting compound data not supported in Bulk Query");
  }
  if (field->type == FieldType::kBase64) {
    return Refuse("FEATURENOTENABLED", "Selecting binary data not supported in Bulk Query");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> BulkRefusal(std::string_view text, const Catalogue& catalogue) {
  const auto query = soql::Parse(text);
  if (!query) return query.error();
  if (query->count_only || !query->group_by.empty()) {
    return Refuse("FEATURENOTENABLED", "Aggregate queries are not supported in Bulk Query");
  }
  if (query->offset) {
    return Refuse("FEATURENOTENABLED", "OFFSET is not supported in Bulk Query");
  }
  const ObjectInfo* object = catalogue.Object(query->object);
  for (const auto& item : query->select) {
    if (auto refusal = RefuseItem(item, object)) return refusal;
  }
  return std::nullopt;
}

}  // namespace firn::sandbox
