// The mirrors of a project: which there are, and one brought up to date. Any thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/config/secret_ref.h"
#include "core/project/project.h"
#include "ends/lake/table.h"
#include "patterns/federation/mirror.h"

namespace firn::engine {

// Those named, in the project's order; no names: all. Errors: NotFound (ENGINE-MIRROR-001) with the
// nearest name.
[[nodiscard]] Result<std::vector<const project::MirrorSettings*>> MirrorsNamed(
    const project::Project& project, const std::vector<std::string>& names);

struct RunMirrorOptions {
  bool dry_run = false;
  std::vector<std::string> tables;  // of those of the mirror; empty: all
};
// Errors: of signing in to the second catalog, and of MirrorTables.
[[nodiscard]] Result<std::vector<federation::MirrorRow>> RunMirror(
    const Call& call, lake::Lake& lake, const project::MirrorSettings& mirror,
    config::SecretResolver& secrets, const RunMirrorOptions& options);

// All mirrors after a run that may have committed. What fails is a warning for the log and is made
// up for by the next run: the rows are safe in the first catalog.
void MirrorAfterRun(const Call& call, lake::Lake& lake, const project::Project& project,
                    config::SecretResolver& secrets);

}  // namespace firn::engine
