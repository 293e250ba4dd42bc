// Choose: from what the org offers and what firn.yaml and the command line say to the objects that
// a plan or run takes, with everything about names checked on the way.
#pragma once

#include <string>
#include <vector>

#include "patterns/exports/names.h"
#include "patterns/exports/plan.h"

namespace firn::exports {

struct Chosen {
  std::vector<ObjectSpec> specs;
  std::vector<std::string> warnings;  // that belong to no object of the run
};

// Costs a list of the lake's tables, unless the objects were typed by name, and what `CheckNames`
// costs. An object of firn.yaml that was exported once and is away now is passed over with a
// warning. Errors: those of `SelectObjects` and `CheckNames`; of the lake and of the state.
[[nodiscard]] Result<Chosen> ChooseObjects(const Call& call, const ExportParts& parts,
                                           const NamesAsked& asked);

}  // namespace firn::exports
