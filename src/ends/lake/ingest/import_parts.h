// What the kinds of import share. Internal to lake.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/net/http.h"
#include "core/record/layout.h"
#include "ends/lake/ingest/import.h"

namespace firn::lake {

// A page on disk; `on_bytes` (ImportOptions) is told of what is read. Errors: NotFound or Denied
// (LAKE-IMPORT-001).
[[nodiscard]] Result<std::unique_ptr<net::BodyStream>> OpenPage(
    const std::string& path, std::function<void(int64_t bytes)> on_bytes = {});

// Pages into a table by key (ImportOptions::Mode::kUpsert). The table has every column of the
// layouts; files may have different ones.
struct UpsertSource {
  const ImportOptions& options;
  const std::vector<record::Layout>& layouts;
  const std::vector<std::string>& files;
  const std::vector<size_t>& layout_of;  // by file
  const std::string& rejects_path;
};
[[nodiscard]] Result<ImportReport> UpsertPages(const Call& call, Lake& lake,
                                               const UpsertSource& source);

}  // namespace firn::lake
