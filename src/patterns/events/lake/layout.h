// How a followed object's fields become columns: the layout its exports have. Internal to events;
// pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/record/layout.h"
#include "ends/lake/merge/merge.h"
#include "ends/lake/table.h"
#include "patterns/events/lake/name_order.h"

namespace firn::events {

struct LayoutWish {
  const std::vector<std::string>& include;
  const std::vector<std::string>& exclude;
  const std::string& api_version;
  const std::map<std::string, std::string>& key_prefixes;
  const std::string& stamp_field;
};
// Errors: Corrupt (REC-LAYOUT-*).
[[nodiscard]] Result<record::Layout> FollowedLayout(const std::string& describe,
                                                    const LayoutWish& wish,
                                                    const lake::Table& table);
// The table's fields, with those of the layout laid over and new ones behind: a stream never drops
// a column.
[[nodiscard]] record::Schema MergedSchema(const record::Schema& table,
                                          const record::Schema& layout);
// A name in `exclude` that is misspelt shows when the stream would add the column that was meant:
// one that the table never had and that is nearly called so. Fields that the org dropped pass.
// Errors: BadConfig (EVENT-TABLE-004).
[[nodiscard]] Result<void> RefuseNearMiss(const std::string& describe,
                                          const std::vector<std::string>& exclude,
                                          const record::Schema& table,
                                          const record::Layout& layout);
// The field by which changed records are found: SystemModstamp where the object has it.
[[nodiscard]] std::string StampFieldOf(const std::string& describe);
// Whether records of the object are persons: `Name` is made of `FirstName` and `LastName`.
[[nodiscard]] bool HasPersonNames(const record::Layout& layout, const std::string& describe);
// Compound fields by their parts, and the name of a person by its words.
[[nodiscard]] std::vector<lake::FollowingColumn> FollowingColumns(const record::Layout& layout,
                                                                  const std::string& describe,
                                                                  NameOrder order);

}  // namespace firn::events
