// A request's body on its way from a loop to the handler's thread: a bounded hand-over.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/net/http.h"

namespace firn::net {

class RequestBody {
 public:
  // `resume` is called, from the reader's thread, when a sender that was told to wait may go on.
  explicit RequestBody(std::function<void()> resume) : resume_(std::move(resume)) {}

  // The sender's side, on the loop. Push answers false when no more should come until `resume`.
  [[nodiscard]] bool Push(std::string bytes);
  void Finish();
  void Fail(Error error);

  // The reader's side; made once.
  [[nodiscard]] static std::unique_ptr<BodyStream> Reader(std::shared_ptr<RequestBody> body);

 private:
  class ReaderStream;
  [[nodiscard]] Result<std::string> Read(size_t bytes_max);
  void ReaderGone();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> pieces_;
  size_t offset_ = 0;  // into the first piece
  size_t buffered_ = 0;
  bool waiting_ = false;
  bool finished_ = false;
  bool reader_gone_ = false;
  std::optional<Error> error_;
  std::function<void()> resume_;
};

}  // namespace firn::net
