// The lake of a project: its catalog's secrets resolved, its places named. Any thread.
#pragma once

#include <memory>

#include "core/base/call.h"
#include "core/config/secret_ref.h"
#include "core/project/project.h"
#include "ends/lake/catalog/rest_options.h"
#include "ends/lake/table.h"

namespace firn::engine {

// Errors: of Resolve.
[[nodiscard]] Result<lake::RestCatalogOptions> RestOptionsOf(
    const Call& call, const project::RestCatalogSettings& settings,
    config::SecretResolver& secrets);
struct OpenLakeSettings {
  bool create = true;  // the warehouse's folder and the embedded catalog, where they are missing
};
// Errors: also those of Lake::Open and OpenRestLake.
[[nodiscard]] Result<std::unique_ptr<lake::Lake>> OpenLakeOf(const Call& call,
                                                             const project::Project& project,
                                                             config::SecretResolver& secrets,
                                                             const OpenLakeSettings& settings = {});

}  // namespace firn::engine
