// What a selection of records asks for, as SOQL.
//
// Pure but for the catalogue, which must outlive it. Source: GraphQL API Developer Guide, "Query
// Objects", "Filter Results", "Order Results", "Paginate Results"; read 2026-11.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sandbox/graphql/document.h"
#include "sandbox/schema.h"

namespace firn::sandbox::graphql {

// One member of an answered record.
struct RecordPart {
  enum class Kind { kId, kTypeName, kField, kParent, kChildren };
  Kind kind = Kind::kField;
  const Selection* selection = nullptr;
  const FieldInfo* field = nullptr;
  std::string key;                // in the row that SOQL answers
  std::string display;            // the key of its formatted text; empty: not asked for
  std::vector<RecordPart> parts;  // of a parent, or of the children
  std::string on_type;            // of a parent that may be of several objects
};

struct ConnectionQuery {
  std::string soql;        // without LIMIT at the top, with it in child sub-selects
  std::string count_soql;  // empty: no total was asked for
  std::vector<RecordPart> parts;
  uint64_t first = 10;
  uint64_t after = 0;  // rows before
};

// Errors: api error VALIDATION_ERROR with a sentence for the answer's `errors`.
[[nodiscard]] Result<ConnectionQuery> PlanRecords(const Catalogue& catalogue,
                                                  const ObjectInfo& object,
                                                  const Selection& connection, int version);
// The condition of a `where` argument, without the word WHERE; empty for an empty object.
[[nodiscard]] Result<std::string> WhereText(const Catalogue& catalogue, const ObjectInfo& object,
                                            const nlohmann::json& where, const std::string& prefix);
[[nodiscard]] Result<std::string> OrderText(const ObjectInfo& object, const nlohmann::json& order,
                                            const std::string& prefix, const Catalogue& catalogue);
[[nodiscard]] Error ValidationError(const Place& place, const std::string& what);
// `first` of a connection, 1 to 2000, 10 by default.
[[nodiscard]] Result<uint64_t> FirstOf(const Selection& connection);
// The cursor behind row `rows` (from 1), and back. Errors: VALIDATION_ERROR.
[[nodiscard]] std::string CursorText(uint64_t rows);
[[nodiscard]] Result<uint64_t> CursorRows(const Selection& connection);

}  // namespace firn::sandbox::graphql
