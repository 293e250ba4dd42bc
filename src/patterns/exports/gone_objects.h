// Objects that were exported once and that the org shows no more: dropped, or hidden from this
// user. Their tables stay; a run without them goes on and says so, and the first one after they
// come back compares all Ids, since nobody told what was removed meanwhile.
#pragma once

#include <string>
#include <vector>

#include "patterns/exports/plan.h"

namespace firn::exports {

struct GoneObject {
  std::string object;
  std::string table;
  bool excepted = false;  // by `--except`: nobody needs to be told
};

// Of the tables of this org's namespace, by the property `firn.object`: those whose object the org
// does not offer, and that the selection would have taken. Tables whose object is offered are not
// read. What was typed on the command line without a pattern is looked for by nobody: a name that
// is not there is an error then. Errors: of the lake.
[[nodiscard]] Result<std::vector<GoneObject>> FindGoneObjects(
    const ExportParts& parts, const project::Project& project, const project::Org& org,
    const std::vector<salesforce::ObjectInfo>& offered, const Selection& selection);

// What happened, and what to do.
[[nodiscard]] std::string GoneText(const GoneObject& gone);

// Remembers that it was away; whether it was, since its table was merged into the last time;
// forgets it. Without a shared state nothing is remembered. Errors: of the state.
[[nodiscard]] Result<void> NoteGone(state::SharedState* shared, const std::string& org_id,
                                    const std::string& object);
[[nodiscard]] Result<bool> WasGone(state::SharedState* shared, const std::string& org_id,
                                   const std::string& object);
[[nodiscard]] Result<void> NoteBack(state::SharedState* shared, const std::string& org_id,
                                    const std::string& object);

}  // namespace firn::exports
