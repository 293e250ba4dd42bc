// `lake` of firn.yaml, checked. Private to project.
#pragma once

#include "core/config/field.h"
#include "core/project/project.h"

namespace firn::project {

// Fills `lake`; the folders must be filled already.
void FillLake(const config::Group& lake, Project* project, config::Problems* problems);

}  // namespace firn::project
