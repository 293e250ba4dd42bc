#include "core/net/internal/request_body.h"

namespace firn::net {
namespace {

constexpr size_t kHighWater = 1 << 20;
constexpr size_t kLowWater = kHighWater / 2;

}  // namespace

class RequestBody::ReaderStream final : public BodyStream {
 public:
  explicit ReaderStream(std::shared_ptr<RequestBody> body) : body_(std::move(body)) {}
  ~ReaderStream() override { body_->ReaderGone(); }
  [[nodiscard]] Result<std::string> Read(size_t bytes_max) override {
    return body_->Read(bytes_max);
  }

 private:
  std::shared_ptr<RequestBody> body_;
};

std::unique_ptr<BodyStream> RequestBody::Reader(std::shared_ptr<RequestBody> body) {
  return std::make_unique<ReaderStream>(std::move(body));
}

bool RequestBody::Push(std::string bytes) {
  std::lock_guard lock(mutex_);
  if (reader_gone_ || bytes.empty()) return true;
  buffered_ += bytes.size();
  pieces_.push_back(std::move(bytes));
  changed_.notify_one();
  waiting_ = buffered_ >= kHighWater;
  return !waiting_;
}

void RequestBody::Finish() {
  std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_one();
}

void RequestBody::Fail(Error error) {
  std::lock_guard lock(mutex_);
  if (!finished_ && !error_) error_ = std::move(error);
  changed_.notify_one();
}

Result<std::string> RequestBody::Read(size_t bytes_max) {
  std::string piece;
  bool resume = false;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return finished_ || error_ || !pieces_.empty(); });
    if (pieces_.empty()) {
      if (error_) return firn::Fail(*error_);
      return piece;
    }
    std::string& first = pieces_.front();
    if (offset_ == 0 && first.size() <= bytes_max) {
      piece = std::move(first);
    } else {
      piece = first.substr(offset_, bytes_max);
    }
    offset_ += piece.size();
    if (first.empty() || offset_ >= first.size()) {
      pieces_.pop_front();
      offset_ = 0;
    }
    buffered_ -= piece.size();
    resume = waiting_ && buffered_ <= kLowWater;
    if (resume) waiting_ = false;
  }
  if (resume) resume_();
  return piece;
}

void RequestBody::ReaderGone() {
  bool resume = false;
  {
    std::lock_guard lock(mutex_);
    reader_gone_ = true;
    pieces_.clear();
    buffered_ = 0;
    resume = waiting_;
    waiting_ = false;
  }
  if (resume) resume_();
}

}  // namespace firn::net
