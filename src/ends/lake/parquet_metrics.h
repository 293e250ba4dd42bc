// What a Parquet footer tells of a data file, in the terms of an Iceberg manifest. Internal to
// lake; pure.
#pragma once

#include "core/record/schema.h"
#include "ends/lake/data_file.h"

namespace parquet {
class FileMetaData;
}

namespace firn::lake {

// Fills counts, sizes, bounds and split offsets; path and file size are the caller's. Columns are
// matched to `schema` by field id. Columns inside lists have counts but no bounds, as in Iceberg's
// Java writer.
[[nodiscard]] DataFile MetricsOf(const parquet::FileMetaData& footer, const record::Schema& schema);

}  // namespace firn::lake
