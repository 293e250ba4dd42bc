// Which tables of a project follow which objects, and by which topic. Pure but for reading the
// catalog.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/project/project.h"
#include "ends/lake/table.h"
#include "patterns/events/lake/table.h"

namespace firn::events {

// The objects named, or without any: every table of the org's namespace that a rule of firn.yaml
// (or none at all) lets an export write. Errors: NotFound (EVENT-TABLE-001) when nothing is left;
// BadConfig (EVENT-TABLE-003) for an object whose rule has a condition: an event does not tell
// whether its record fits it.
[[nodiscard]] Result<std::vector<FollowedTable>> FollowedTables(
    lake::Lake& lake, const project::Project& project, const project::Org& org,
    const std::vector<std::string>& objects);

// `Account` -> `/data/AccountChangeEvent`, `Widget__c` -> `/data/Widget__ChangeEvent`.
[[nodiscard]] std::string TopicOfObject(std::string_view object);
inline constexpr std::string_view kAllChanges = "/data/ChangeEvents";

}  // namespace firn::events
