// Row text: a batch's cells as text, for people, CSV and JSON. Pure; any thread.
//
// Values are written as they are stored: decimals with all their digits, instants as ISO 8601 with
// `Z`, binary as base64. Structs, lists and maps are JSON in every form.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/record/schema.h"

namespace firn::lake {

class RowText {
 public:
  // Both must outlive this. The batch's columns stand in the order of `schema`.
  RowText(const arrow::RecordBatch& batch, const record::Schema& schema)
      : batch_(batch), schema_(schema) {}

  [[nodiscard]] int64_t rows() const;
  // Plain text; nothing for null.
  [[nodiscard]] std::optional<std::string> Cell(int64_t row, int column) const;
  // `{"Id":"001..","Amount":12.50}`, without a line end. Long and decimal numbers keep every digit.
  [[nodiscard]] std::string JsonObject(int64_t row) const;
  // The same of some columns.
  [[nodiscard]] std::string JsonObject(int64_t row, std::span<const int> columns) const;
  // One line with its end (RFC 4180, `\n`); null is empty, the empty text is `""`.
  [[nodiscard]] std::string CsvLine(int64_t row) const;
  [[nodiscard]] static std::string CsvHeader(const record::Schema& schema);

 private:
  const arrow::RecordBatch& batch_;
  const record::Schema& schema_;
};

}  // namespace firn::lake
