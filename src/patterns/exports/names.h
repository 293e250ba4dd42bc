// Names: whether the objects and fields that firn.yaml or the command line names are there, before
// anything is exported. A misspelt `exclude` would give away what it was to keep back.
//
// What was there once is remembered in the shared state of the project: a name that fitted before
// and fits no more is drift of the org, which a nightly run survives with a warning; one that never
// fitted is refused (docs/decisions/0191-names-that-fit-nothing.md). Names that are remembered cost
// no call.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "patterns/exports/plan.h"

namespace firn::exports {

struct NamesAsked {
  const project::Project& project;
  const project::Org& org;
  const std::vector<salesforce::ObjectInfo>& offered;
  const Selection& selection;
};

// What `SelectObjects` made of them, checked: one describe for each object whose rule has names
// that were not seen yet. The answer: warnings that belong to no single object. Errors: BadInput
// EXPORT-PLAN-001 for an object, -006 for a field, at its place in firn.yaml and with the nearest
// name; those of describe.
[[nodiscard]] Result<std::vector<std::string>> CheckNames(const Call& call,
                                                          const ExportParts& parts,
                                                          const NamesAsked& asked,
                                                          const std::vector<ObjectSpec>& specs);

// The same without the org, by the describes that were kept the last time: for `config check`.
// Answers problems as far as they can be known; what was never described is passed over. `tables`:
// of the lake; nothing: not known.
[[nodiscard]] std::vector<Error> CheckNamesOffline(
    const project::Project& project, state::SharedState& shared,
    const std::optional<std::vector<std::string>>& tables);

// Names of the spec's own lists that fit no described field, each as a warning. Only of lists that
// are for this object alone.
[[nodiscard]] std::vector<std::string> UnfittingNames(const ObjectSpec& spec,
                                                      const std::string& describe);

}  // namespace firn::exports
