// CloudCsv: rows as the CSV parts that Data Cloud's Ingestion API takes, each in a file of its own
// (0600: they hold personal data), each with the header row (deletes have none), none larger than
// asked for.
//
// UTF-8, RFC 4180 with commas; null and the empty text are empty; dates `yyyy-MM-dd`, instants
// `yyyy-MM-ddTHH:mm:ss.SSSZ`. One thread. Memory: a batch and a line.
// Source: Data 360 Developer Guide, "Bulk Ingestion", "Prepare CSV Files"; "Upload Job Data", "CSV
// File Layouts for each Operation", read 2026-11.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/record/schema.h"

namespace firn::federation {

struct CloudPart {
  std::string file;  // name in the work folder
  int64_t bytes = 0;
  int64_t rows = 0;
};

class CloudCsv {
 public:
  struct Options {
    std::string folder;
    int64_t part_bytes = 0;            // at most, header included
    std::vector<std::string> columns;  // which go out, in this order; empty: all
    bool header = true;
  };
  CloudCsv(record::Schema schema, Options options);

  // Whether Data Cloud has a type for every column. Errors: BadInput (PUB-CLOUD-001).
  [[nodiscard]] static Result<void> CheckTypes(const record::Schema& schema,
                                               const std::string& where);
  // Errors: BadInput (PUB-CLOUD-002) for a value that cannot be sent, by column and row;
  // LimitReached when the disk is full.
  [[nodiscard]] Result<void> Write(const arrow::RecordBatch& rows);
  // Every part, closed and synced.
  [[nodiscard]] Result<std::vector<CloudPart>> Close();
  [[nodiscard]] int64_t rows() const { return rows_; }
  [[nodiscard]] static bool full() { return false; }  // bulk takes any number of rows
  // Instants with more than milliseconds, which Data Cloud does not take: the rest was cut off.
  [[nodiscard]] int64_t instants_cut() const { return instants_cut_; }

 private:
  struct Column {
    int index = 0;
    record::Field field;
  };
  [[nodiscard]] Result<void> AppendCell(std::string text, const record::Field& field);
  [[nodiscard]] Result<void> PutLine();
  [[nodiscard]] Result<void> OpenPart();
  [[nodiscard]] Result<void> ClosePart();

  record::Schema schema_;
  Options options_;
  std::vector<Column> columns_;
  std::string header_;
  std::string line_;
  std::string buffer_;
  std::unique_ptr<FileWriter> file_;
  std::vector<CloudPart> parts_;
  int64_t rows_ = 0;
  int64_t instants_cut_ = 0;
};

}  // namespace firn::federation
