// PageDecoder: the bytes of CSV pages in, typed Arrow batches out. The inner loop of an export.
//
// It works block by block: quotes and separators of a block are found with vector instructions,
// then each column's cells are parsed by their described type straight into buffers that are used
// again for the next batch. Memory is one block plus one batch, whatever the page's size. A decoder
// belongs to one thread. It never reads and never writes files, and never guesses a type.
//
// Values are canonical (docs/concepts: canonical values): a row read over REST or Bulk is the same
// row, bit for bit. "NA", "null" and "None" are text; an empty cell is null; dates are calendar
// text; decimals take described precision and scale and are never floating point.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/record/layout.h"

namespace firn::record {

struct DecoderOptions {
  char delimiter = ',';
  size_t block_bytes = 512 * 1024;
  // A row larger than this is malformed (400,000 characters a record at most; Salesforce
  // Developer Limits, "API", read 2026-11).
  size_t row_bytes_max = 64 << 20;
  // A batch is ready at so many rows, or text bytes in one column.
  int64_t batch_rows = 8 * 1024;
  int64_t batch_text_bytes = 2 << 20;
  bool vector_instructions = true;  // false: the plain tokeniser, for tests
};

// A row that was not taken, or a value that was changed to fit.
struct RowNote {
  enum class Kind { kRejected, kRounded };
  Kind kind = Kind::kRejected;
  uint64_t row = 0;  // of the page, from 1, the header not counted
  std::string id;    // empty when it could not be read
  std::string field;
  std::string reason;
  std::string text;  // the row as it came; for kRounded the value as it came
};

struct PageCounts {
  int64_t rows_received = 0;
  int64_t rows_kept = 0;
  int64_t rows_rejected = 0;
  int64_t values_rounded = 0;
  int64_t nuls_seen = 0;
  int64_t csv_bytes = 0;
};

class PageDecoder {
 public:
  virtual ~PageDecoder() = default;
  [[nodiscard]] static Result<std::unique_ptr<PageDecoder>> New(const Layout& layout,
                                                                const DecoderOptions& options);

  // Forgets what was left of the page before; rows not yet taken by TakeBatch stay.
  virtual void StartPage() = 0;
  // Where the page's next bytes go (never empty), and how many of them were put there.
  [[nodiscard]] virtual std::span<char> Room() = 0;
  virtual void Filled(size_t bytes) = 0;
  // Decodes the whole rows that are there. `last`: the page ends here. Errors: Corrupt
  // (REC-PAGE-001 cut short, -003 malformed CSV, -004 header differs from the layout); the rows of
  // the page decoded so far are then worth nothing.
  [[nodiscard]] virtual Result<void> Decode(bool last) = 0;
  [[nodiscard]] virtual const PageCounts& counts() const = 0;  // of the page so far
  // Notes since the last call.
  [[nodiscard]] virtual std::vector<RowNote> TakeNotes() = 0;

  [[nodiscard]] virtual int64_t rows_waiting() const = 0;
  [[nodiscard]] virtual bool BatchReady() const = 0;
  // The decoded rows as columns of ArrowSchema(layout.schema). Valid until the next Decode.
  [[nodiscard]] virtual std::shared_ptr<arrow::RecordBatch> TakeBatch() = 0;
  // Throws away decoded rows not yet taken.
  virtual void DropBatch() = 0;
};

}  // namespace firn::record
