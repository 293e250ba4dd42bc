// CloudRequests: rows as the bodies of streaming requests to Data Cloud's Ingestion API, one a line
// in files of their own (0600: they hold personal data), none larger than it takes.
//
// Upserts are `{"data":[{..},..]}` with every column of the contract, null where there is nothing;
// deletes `{"ids":[..]}`. One thread. Memory: a batch and a request.
// Source: Data 360 Developer Guide, "Streaming Ingestion", "Insert Records" (every field of the
// schema must be there), "Delete Records" (200 records), "Streaming Ingestion Walkthrough" (less
// than 200 KB), read 2026-11.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/record/schema.h"
#include "patterns/federation/publish/cloud_csv.h"

namespace firn::federation {

class CloudRequests {
 public:
  struct Options {
    std::string folder;
    std::vector<std::string> keys;  // of deletes: the one column that names records; else empty
    int64_t body_bytes = 0;         // of a request, at most
    int64_t requests_most = 0;      // 0: as many as it takes
  };
  CloudRequests(record::Schema schema, Options options);

  // Errors: BadInput (PUB-CLOUD-002) for a value that cannot be sent, by column and row;
  // LimitReached (PUB-CLOUD-002) for a row larger than a request; LimitReached when the disk is
  // full. Nothing is written any more once it is `full`.
  [[nodiscard]] Result<void> Write(const arrow::RecordBatch& rows);
  // More than `requests_most` would be needed.
  [[nodiscard]] bool full() const { return full_; }
  // Every part, closed and synced. `CloudPart::rows` counts its requests' rows.
  [[nodiscard]] Result<std::vector<CloudPart>> Close();
  [[nodiscard]] int64_t requests() const { return requests_; }
  [[nodiscard]] int64_t instants_cut() const { return instants_cut_; }

 private:
  struct Column {
    int index = 0;
    record::Field field;
    std::string name;  // quoted, with its colon; empty in deletes
  };
  [[nodiscard]] Result<void> PutRow();
  [[nodiscard]] Result<void> EndRequest();
  [[nodiscard]] Result<void> OpenPart();
  [[nodiscard]] Result<void> ClosePart();

  record::Schema schema_;
  Options options_;
  std::vector<Column> columns_;
  std::string begin_;
  std::string row_;
  std::string body_;
  int64_t rows_in_body_ = 0;
  std::unique_ptr<FileWriter> file_;
  int64_t requests_in_file_ = 0;
  std::vector<CloudPart> parts_;
  int64_t rows_ = 0;
  int64_t requests_ = 0;
  int64_t instants_cut_ = 0;
  bool full_ = false;
};

}  // namespace firn::federation
