// Stable field ids: a field that a table already has keeps its id, found by name; new fields get
// ids never used before. Internal to record; pure.
#pragma once

#include "core/record/layout.h"

namespace firn::record {

// Fills the ids of layout.schema. A field whose type changed in a way that Iceberg's schema
// evolution does not allow gets a new id and a warning: its old values stay readable in old
// snapshots. `existing` may be null.
void AssignFieldIds(const Schema* existing, int last_column_id, Layout& layout);

}  // namespace firn::record
