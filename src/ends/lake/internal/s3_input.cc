#include "ends/lake/internal/s3_input.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <arrow/status.h>

#include <algorithm>
#include <cstring>
#include <mutex>

namespace firn::lake::internal {
namespace {

// The end of a Parquet file is read two or three times (footer length, footer): one range has it.
constexpr int64_t kTailBytes = 64 << 10;

class S3Input final : public arrow::io::RandomAccessFile {
 public:
  S3Input(Call call, std::shared_ptr<aws::AwsClient> client, aws::S3Name name, int64_t bytes)
      : call_(std::move(call)), client_(std::move(client)), name_(std::move(name)), bytes_(bytes) {
    call_.deadline = SteadyTime::max();
  }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> GetSize() override { return bytes_; }
  arrow::Result<int64_t> Tell() const override { return at_; }
  arrow::Status Seek(int64_t position) override {
    at_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> Read(int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(at_, bytes, out));
    at_ += got;
    return got;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(at_, bytes));
    at_ += buffer->size();
    return buffer;
  }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const auto buffer, ReadAt(position, bytes));
    std::memcpy(out, buffer->data(), static_cast<size_t>(buffer->size()));
    return buffer->size();
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t bytes) override {
    const int64_t count = std::clamp<int64_t>(bytes_ - position, 0, bytes);
    if (count == 0) return std::make_shared<arrow::Buffer>(nullptr, 0);
    const int64_t tail_start = std::max<int64_t>(0, bytes_ - kTailBytes);
    if (position >= tail_start) {
      ARROW_RETURN_NOT_OK(FetchTail(tail_start));
      return arrow::SliceBuffer(tail_, position - tail_start, count);
    }
    return Fetch(position, count);
  }

 private:
  arrow::Status FetchTail(int64_t start) {
    const std::lock_guard lock(mutex_);
    if (tail_) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(tail_, Fetch(start, bytes_ - start));
    return arrow::Status::OK();
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Fetch(int64_t position, int64_t count) const {
    auto bytes = aws::GetS3Object(call_, *client_, name_, aws::S3Range{position, count},
                                  static_cast<uint64_t>(count) + 1024);
    if (!bytes) return arrow::Status::IOError(bytes.error().OneLine());
    if (static_cast<int64_t>(bytes->size()) != count) {
      return arrow::Status::IOError("S3 gave ", bytes->size(), " bytes of a range of ", count);
    }
    return arrow::Buffer::FromString(*std::move(bytes));
  }

  Call call_;
  const std::shared_ptr<aws::AwsClient> client_;
  const aws::S3Name name_;
  const int64_t bytes_;
  std::mutex mutex_;
  std::shared_ptr<arrow::Buffer> tail_;
  int64_t at_ = 0;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<arrow::io::RandomAccessFile> NewS3Input(const Call& call,
                                                        std::shared_ptr<aws::AwsClient> client,
                                                        aws::S3Name name, int64_t bytes) {
  return std::make_shared<S3Input>(call, std::move(client), std::move(name), bytes);
}

}  // namespace firn::lake::internal
