#include "sandbox/slice_stream.h"

#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <unistd.h>

#include <algorithm>

namespace firn::sandbox {
namespace {

constexpr size_t kPieceBytes = 256 << 10;

class Gzip final : public net::BodyStream {
 public:
  explicit Gzip(std::unique_ptr<net::BodyStream> raw)
      : raw_(std::move(raw)), level_buffer_(ISAL_DEF_LVL1_DEFAULT, '\0') {
    isal_deflate_init(&stream_);
    stream_.level = 1;
    stream_.level_buf = reinterpret_cast<uint8_t*>(level_buffer_.data());
    stream_.level_buf_size = static_cast<uint32_t>(level_buffer_.size());
    stream_.gzip_flag = IGZIP_GZIP;
    stream_.flush = NO_FLUSH;
  }

  Result<std::string> Read(size_t bytes_max) override {
    std::string out(std::max<size_t>(bytes_max, 64), '\0');
    stream_.next_out = reinterpret_cast<uint8_t*>(out.data());
    stream_.avail_out = static_cast<uint32_t>(out.size());
    while (stream_.avail_out > 0 && stream_.internal_state.state != ZSTATE_END) {
      if (stream_.avail_in == 0 && !ended_) {
        FIRN_TRY(input_, raw_->Read(kPieceBytes));
        stream_.next_in = reinterpret_cast<uint8_t*>(input_.data());
        stream_.avail_in = static_cast<uint32_t>(input_.size());
        ended_ = input_.empty();
        stream_.end_of_stream = ended_ ? 1 : 0;
      }
      if (isal_deflate(&stream_) != COMP_OK) {
        return Fail(Kind::kInternal, "SBX-GZIP-001", "deflating a body failed");
      }
    }
    out.resize(out.size() - stream_.avail_out);
    return out;
  }

 private:
  std::unique_ptr<net::BodyStream> raw_;
  std::string level_buffer_;
  std::string input_;
  isal_zstream stream_{};
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<SliceStream>> SliceStream::Open(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return Fail(Kind::kNotFound, "SBX-BULK-001", "a job's result is not there");
  return std::unique_ptr<SliceStream>(new SliceStream(std::move(fd)));
}

void SliceStream::AddText(std::string text) {
  bytes_ += text.size();
  const uint64_t size = text.size();
  pieces_.push_back({std::move(text), false, 0, size});
}

void SliceStream::AddFile(uint64_t offset, uint64_t bytes) {
  bytes_ += bytes;
  pieces_.push_back({"", true, offset, bytes});
}

Result<std::string> SliceStream::ReadFileSlice(uint64_t offset, uint64_t bytes) const {
  std::string text(bytes, '\0');
  size_t done = 0;
  while (done < bytes) {
    const ssize_t got =
        pread(fd_.get(), text.data() + done, bytes - done, static_cast<off_t>(offset + done));
    if (got <= 0) return Fail(Kind::kCorrupt, "SBX-BULK-002", "a job's result file is cut short");
    done += static_cast<size_t>(got);
  }
  return text;
}

Result<std::string> SliceStream::Read(size_t bytes_max) {
  while (piece_ < pieces_.size() && at_ >= pieces_[piece_].bytes) {
    ++piece_;
    at_ = 0;
  }
  if (piece_ == pieces_.size()) return std::string();
  const Piece& piece = pieces_[piece_];
  const uint64_t bytes = std::min<uint64_t>(bytes_max, piece.bytes - at_);
  const uint64_t from = std::exchange(at_, at_ + bytes);
  if (piece.file) return ReadFileSlice(piece.offset + from, bytes);
  return piece.text.substr(from, bytes);
}

std::unique_ptr<net::BodyStream> GzipStream(std::unique_ptr<net::BodyStream> raw) {
  return std::make_unique<Gzip>(std::move(raw));
}

std::string GzipText(std::string_view text) {
  Gzip gzip(std::make_unique<TextStream>(text));
  std::string out;
  while (true) {
    const auto piece = gzip.Read(kPieceBytes);
    FIRN_ASSERT(piece.has_value());
    if (piece->empty()) return out;
    out += *piece;
  }
}

}  // namespace firn::sandbox
