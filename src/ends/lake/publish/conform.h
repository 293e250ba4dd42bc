// Conformer: holds rows against what was promised of them, and gives them the promised form.
//
// Columns are found by name. A value takes the declared type only where nothing of it is lost; a
// column that is missing or not declared, a value that does not fit, a null where none may be and a
// key that two rows share are refused, with the column and the row's number, never with a value.
// One thread. Memory: one batch, and what KeyCheck takes.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/record/column_hash.h"
#include "core/record/schema.h"
#include "ends/lake/publish/row_stream.h"

namespace firn::lake {

struct RowContract {
  record::Schema schema;         // columns of primitive types, in their order
  std::vector<std::string> key;  // of required columns; empty: none
};

class Conformer {
 public:
  virtual ~Conformer() = default;
  // `spill`: a folder of this machine for KeyCheck. Errors: BadInput (LAKE-CONTRACT-001) naming
  // every column that is missing, not declared, or of a type that cannot become the declared one.
  [[nodiscard]] static Result<std::unique_ptr<Conformer>> New(
      RowContract contract, const std::vector<StreamColumn>& columns, std::string spill);

  // The rows in the contract's order and types. Errors: BadInput (LAKE-CONTRACT-001, -002 a value
  // that does not fit, -003 a null).
  [[nodiscard]] virtual Result<std::shared_ptr<arrow::RecordBatch>> Take(
      const arrow::RecordBatch& batch) = 0;
  // After the last batch. Errors: BadInput (LAKE-CONTRACT-004) when rows share a key.
  [[nodiscard]] virtual Result<void> Finish() = 0;

  [[nodiscard]] virtual int64_t rows() const = 0;
  [[nodiscard]] virtual const record::ColumnHashes& hashes() const = 0;
};

}  // namespace firn::lake
