// ColumnRead: some columns of every record, read again and held against the table, so that only the
// rows that differ are merged: formula fields, whose changes move no stamp (R3), and new columns.
// Internal to exports.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "patterns/exports/export.h"
#include "patterns/exports/object/staged_read.h"

namespace arrow {
class RecordBatch;
}

namespace firn::exports {

struct ColumnRequest {
  const ObjectSpec& spec;
  const lake::Table& table;       // with the columns in its schema
  const record::Layout& columns;  // `Id` and what is read again
  std::string folder;             // private to the run
};

class ColumnRead {
 public:
  // Asks the org and compares. Errors: of requests and files; Corrupt EXPORT-VERIFY-001.
  [[nodiscard]] static Result<ColumnRead> Read(const Call& call, const ExportParts& parts,
                                               const ExportOptions& options,
                                               const ColumnRequest& request);

  [[nodiscard]] int64_t rows_read() const { return staged_.rows_received; }
  [[nodiscard]] const record::Schema& schema() const { return schema_; }
  // Batches of the rows that differ, columns as in schema(). Past kIdsKept differing rows, those
  // that agree come too: merging them changes nothing.
  [[nodiscard]] Result<void> EachDifferent(
      const Call& call,
      const std::function<Result<void>(const std::shared_ptr<arrow::RecordBatch>&)>& each) const;

  static constexpr int64_t kIdsKept = 1'000'000;

 private:
  StagedRows staged_;
  record::Schema schema_;
  int64_t differ_ = 0;
  std::set<std::string, std::less<>> ids_;
};

}  // namespace firn::exports
