// The file of rejected rows and rounded values of one run: JSON lines, mode 0600, since it holds
// records as they came. Internal to lake; any thread.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/record/page_decoder.h"
#include "ends/lake/ingest/ingest.h"

namespace firn::lake {

// One line: page, row, kind, id, field, reason, and `text` (or `text_hex` when it is not UTF-8).
[[nodiscard]] std::string RejectLine(const PageRef& page, const record::RowNote& note);

class RejectsFile {
 public:
  explicit RejectsFile(std::string path) : path_(std::move(path)) {}
  // Appends and syncs. Nothing is done without a path or lines.
  [[nodiscard]] Result<void> Append(std::string_view lines);

 private:
  std::string path_;
  std::mutex mutex_;
};

}  // namespace firn::lake
