// What the lanes of one Ingest share, and a lane's making. Internal to lake.
#pragma once

#include <memory>
#include <string>

#include "ends/lake/ingest/ingest.h"
#include "ends/lake/ingest/rejects_file.h"

namespace firn::lake {

struct IngestShared {
  record::Layout layout;
  IngestOptions options;
  std::string local_folder;  // of options.data_folder
  IngestObserver& observer;
  RejectsFile rejects;
};

// The decoder's error as that of a page which has a name.
[[nodiscard]] Error PageError(const Error& error, const PageRef& page);

// `shared` outlives the lane.
[[nodiscard]] Result<std::unique_ptr<IngestLane>> OpenLane(IngestShared& shared, int lane);

}  // namespace firn::lake
