// Stable field ids: a field that a table already has keeps its id, found by name; new fields get
// ids never used before. Internal to record; pure.
#pragma once

#include "core/record/layout.h"

namespace firn::record {

// Fills the ids of layout.schema by `options.existing`, which may be null. A field whose type
// changed in a way that Iceberg's schema evolution does not allow gets a new id and a warning: its
// old values stay readable in old snapshots or, with `version_columns`, in the old column.
void AssignFieldIds(const LayoutOptions& options, Layout& layout);

}  // namespace firn::record
