// Tables whose files are encrypted with keys of their own (Iceberg version 3): they are known, so
// that they are not taken for damaged ones, and not read.
#pragma once

#include <string>

#include "core/base/error.h"

namespace firn::lake::internal {

// Unsupported (LAKE-READ-005) for a file that is.
[[nodiscard]] inline Error EncryptedFile(const std::string& path) {
  return Error(Kind::kUnsupported, "LAKE-READ-005", "`" + path + "` cannot be read")
      .At(path)
      .Because("it is encrypted with a key of the table, which this version of Firn does not read")
      .Hint("read the table with the engine that wrote it");
}

// Whether the manifest list of a snapshot, which stands in the metadata as `snapshot_json`, is
// (spec, "Snapshots": `key-id`).
[[nodiscard]] bool HasKey(const std::string& snapshot_json);

}  // namespace firn::lake::internal
