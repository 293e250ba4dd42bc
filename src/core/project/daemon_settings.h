// `schedules` and `daemon` of firn.yaml, checked. Private to project.
#pragma once

#include "core/config/field.h"
#include "core/project/project.h"

namespace firn::project {

// Fills `schedules` and `daemon`; the orgs must be filled already.
void FillDaemon(const config::Group& root, Project* project, config::Problems* problems);

}  // namespace firn::project
