// FileSink: the local file that a Parquet file is written to, for Arrow and for ourselves. Internal
// to lake. One thread.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/record/schema.h"
#include "ends/lake/data_file.h"

namespace parquet {
class FileMetaData;
}

namespace firn::lake {

class FileSink final : public arrow::io::OutputStream {
 public:
  // Errors: those of base/file.h.
  [[nodiscard]] static Result<std::shared_ptr<FileSink>> Create(const std::string& path);
  FileSink(std::string path, std::unique_ptr<FileWriter> file)
      : path_(std::move(path)), file_(std::move(file)) {}

  [[nodiscard]] Result<void> Put(std::span<const uint8_t> bytes);
  [[nodiscard]] int64_t bytes() const { return static_cast<int64_t>(file_->bytes_written()); }
  [[nodiscard]] const std::string& path() const { return path_; }

  // Syncs the file, whose footer is `footer`, and its folder; what the manifest says of it.
  [[nodiscard]] Result<DataFile> Settle(const parquet::FileMetaData& footer,
                                        const record::Schema& schema);
  // Runs `work`, which calls Arrow and answers an arrow::Status. Errors: that of the file if there
  // was one, else Internal (LAKE-FILE-001).
  template <typename Work>
  [[nodiscard]] Result<void> Guarded(Work&& work);

  // For Arrow, whose Status cannot carry an error of ours: the first one is kept.
  arrow::Status Write(const void* data, int64_t size) override;
  using arrow::io::Writable::Write;
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return bytes(); }

 private:
  [[nodiscard]] Error Unwritable(const std::string& why);

  std::string path_;
  std::unique_ptr<FileWriter> file_;
  std::optional<Error> error_;
  bool closed_ = false;
};

template <typename Work>
Result<void> FileSink::Guarded(Work&& work) {
  try {
    const arrow::Status status = work();
    if (status.ok()) return {};
    return Fail(Unwritable(status.ToString()));
  } catch (const std::exception& error) {  // parquet's
    return Fail(Unwritable(error.what()));
  }
}

}  // namespace firn::lake
