// Bodies that are put together from texts and slices of a file, and their gzip form.
//
// One reader, one thread. The file stays open while the stream lives, so that a deleted result can
// still be read to its end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/net/http.h"

namespace firn::sandbox {

class SliceStream final : public net::BodyStream {
 public:
  // Errors: NotFound when the file is not there.
  [[nodiscard]] static Result<std::unique_ptr<SliceStream>> Open(const std::string& path);
  void AddText(std::string text);
  void AddFile(uint64_t offset, uint64_t bytes);
  [[nodiscard]] uint64_t bytes() const { return bytes_; }
  // Bytes of the file, for those who change them before they are sent.
  [[nodiscard]] Result<std::string> ReadFileSlice(uint64_t offset, uint64_t bytes) const;

  [[nodiscard]] Result<std::string> Read(size_t bytes_max) override;

 private:
  explicit SliceStream(Fd fd) : fd_(std::move(fd)) {}
  struct Piece {
    std::string text;  // used when `file` is false
    bool file = false;
    uint64_t offset = 0;
    uint64_t bytes = 0;
  };
  Fd fd_;
  std::vector<Piece> pieces_;
  size_t piece_ = 0;
  uint64_t at_ = 0;  // in the current piece
  uint64_t bytes_ = 0;
};

// A text as a stream; it must outlive it.
class TextStream final : public net::BodyStream {
 public:
  explicit TextStream(std::string_view text) : text_(text) {}
  Result<std::string> Read(size_t bytes_max) override {
    std::string piece(text_.substr(0, bytes_max));
    text_.remove_prefix(piece.size());
    return piece;
  }

 private:
  std::string_view text_;
};

// `raw` as one gzip member, compressed as it is read (ISA-L, level 1).
[[nodiscard]] std::unique_ptr<net::BodyStream> GzipStream(std::unique_ptr<net::BodyStream> raw);
// The same for a whole body.
[[nodiscard]] std::string GzipText(std::string_view text);

}  // namespace firn::sandbox
