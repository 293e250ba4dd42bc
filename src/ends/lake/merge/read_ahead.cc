#include "ends/lake/merge/read_ahead.h"

#include <arrow/record_batch.h>

#include <utility>

namespace firn::lake {

ReadAhead::ReadAhead(const Call& call, std::unique_ptr<internal::ParquetSource> source)
    : source_(std::move(source)),
      thread_([this, call](const std::stop_token& stop) { Run(call, stop); }) {}

void ReadAhead::Run(const Call& call, const std::stop_token& stop) {
  for (;;) {
    auto rows = source_->Next(call);
    if (!rows) {
      (void)parts_.Push(Fail(std::move(rows).error()), stop);
      return;
    }
    const bool last = *rows == nullptr;
    if (!parts_.Push(Part{*std::move(rows), source_->first_row()}, stop) || last) return;
  }
}

Result<ReadAhead::Part> ReadAhead::Next() {
  auto part = parts_.Pop();
  // The queue is never closed: there is always another part until the last.
  FIRN_ASSERT(part.has_value());
  return *std::move(part);
}

}  // namespace firn::lake
