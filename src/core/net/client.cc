#include "core/net/client.h"

#include <curl/curl.h>

#include <future>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/file.h"
#include "core/net/internal/curl_loop.h"

namespace firn::net {
namespace {

constexpr size_t kUploadPiece = 64 << 10;

Error Stopped() { return {Kind::kCancelled, "BASE-CALL-001", "stopped on request"}; }

SteadyTime RealDeadline(const Call& call) {
  const auto left = call.Left();
  if (left == std::chrono::nanoseconds::max()) return SteadyTime::max();
  return std::chrono::steady_clock::now() + std::chrono::duration_cast<SteadyTime::duration>(left);
}

// A line break in a value would begin a header of its own, or end them; libcurl sends what it gets.
Result<void> CheckHeaders(const Request& request) {
  constexpr std::string_view kForbidden("\r\n\0", 3);
  for (const auto& [name, value] : request.headers.all()) {
    const bool named = !name.empty() && name.find_first_of(" \t:;") == std::string::npos &&
                       name.find_first_of(kForbidden) == std::string::npos;
    if (named && value.find_first_of(kForbidden) == std::string::npos) continue;
    return Fail(Error(Kind::kBadInput, "NET-HTTP-009", "a header cannot be sent")
                    .Because(named ? "the value of `" + name + "` has a line break in it"
                                   : "its name is none"));
  }
  return {};
}

// Ends the transfer when the call is stopped.
class StopWatch {
 public:
  StopWatch(CurlLoop& loop, const TransferPtr& transfer)
      : callback_(transfer->call.stop, [&loop, weak = std::weak_ptr<Transfer>(transfer)] {
          if (auto alive = weak.lock()) loop.Cancel(std::move(alive), Stopped());
        }) {}

 private:
  std::stop_callback<std::function<void()>> callback_;
};

// Loops without a thread, each for one stream at a time; those at rest keep their connections.
class DrivenLoops {
 public:
  // Comes back by itself when the last holder lets go.
  static std::shared_ptr<CurlLoop> Take(const std::shared_ptr<DrivenLoops>& loops,
                                        const ClientOptions& options) {
    std::unique_ptr<CurlLoop> loop;
    {
      std::lock_guard lock(loops->mutex_);
      if (!loops->idle_.empty()) {
        loop = std::move(loops->idle_.back());
        loops->idle_.pop_back();
      }
    }
    if (loop == nullptr) {
      loop = std::make_unique<CurlLoop>(
          CurlLoop::Options{.client = options, .bulk = true, .driven = true});
    }
    return {loop.release(), [loops](CurlLoop* back) { loops->Return(back); }};
  }

 private:
  static constexpr size_t kIdleMax = 16;

  void Return(CurlLoop* back) {
    std::unique_ptr<CurlLoop> loop(back);
    std::lock_guard lock(mutex_);
    if (idle_.size() < kIdleMax) idle_.push_back(std::move(loop));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<CurlLoop>> idle_;
};

// A body on its way in; holds its loop's transfer until it is destroyed.
class DownloadStream final : public BodyStream {
 public:
  DownloadStream(std::shared_ptr<CurlLoop> loop, TransferPtr transfer, bool driven)
      : loop_(std::move(loop)),
        transfer_(std::move(transfer)),
        driven_(driven),
        watch_(*loop_, transfer_) {}
  ~DownloadStream() override {
    std::unique_lock lock(transfer_->mutex);
    if (transfer_->finished) return;
    lock.unlock();
    loop_->Cancel(transfer_, Stopped());
    if (!driven_) return;
    loop_->Drive([this] {
      std::lock_guard held(transfer_->mutex);
      return transfer_->finished;
    });
  }

  // Waits on `lock`, of the transfer's mutex, until `ready`.
  template <typename Ready>
  void Await(std::unique_lock<std::mutex>& lock, const Ready& ready) {
    if (!driven_) return transfer_->changed.wait(lock, ready);
    if (ready()) return;
    lock.unlock();
    // Silence counts from here: before, nobody listened.
    transfer_->last_progress = std::chrono::steady_clock::now();
    if (transfer_->paused_down) loop_->ResumeHere(transfer_);
    loop_->Drive([&] {
      std::lock_guard held(transfer_->mutex);
      return ready();
    });
    lock.lock();
  }

  [[nodiscard]] Result<std::string> Read(size_t bytes_max) override {
    FIRN_TRY(const std::string_view waiting, Waiting());
    if (taken_at_ == 0 && waiting.size() <= bytes_max) return std::exchange(taken_, {});
    std::string piece(waiting.substr(0, bytes_max));
    taken_at_ += piece.size();
    return piece;
  }

  // Whole: a reader of large pieces is not woken for small ones.
  [[nodiscard]] Result<size_t> ReadInto(char* into, size_t bytes_max) override {
    if (taken_at_ >= taken_.size()) {
      FIRN_TRY(const size_t direct, Receive(into, bytes_max));
      if (direct > 0) return direct;
    }
    FIRN_TRY(const std::string_view waiting, Waiting());
    const size_t bytes = waiting.copy(into, bytes_max);
    taken_at_ += bytes;
    return bytes;
  }

 private:
  // When nothing has come yet: waits until `into` is full or the body ends, and answers what was
  // put there. 0: look at what waits, or why it ended.
  Result<size_t> Receive(char* into, size_t bytes_max) {
    Transfer& transfer = *transfer_;
    std::unique_lock lock(transfer.mutex);
    if (transfer.finished || !transfer.buffer.empty()) return 0;
    transfer.into = into;
    transfer.into_room = bytes_max;
    transfer.into_filled = 0;
    Await(lock, [&] { return transfer.finished || transfer.into_filled == transfer.into_room; });
    transfer.into = nullptr;
    transfer.into_room = 0;
    if (transfer.error && transfer.error->kind() == Kind::kCancelled) return 0;
    return std::exchange(transfer.into_filled, 0);
  }

  // What has come and was not read; empty at the end. Everything that has come is taken at once, by
  // swapping buffers: the loop never waits for the reader's copy.
  Result<std::string_view> Waiting() {
    Transfer& transfer = *transfer_;
    bool resume = false;
    {
      std::unique_lock lock(transfer.mutex);
      const bool read_up = taken_at_ >= taken_.size();
      if (read_up) {
        Await(lock, [&] { return transfer.finished || !transfer.buffer.empty(); });
      }
      // A stopped call ends at once; a broken connection after what came before it.
      if (transfer.error && transfer.error->kind() == Kind::kCancelled) {
        return Fail(*transfer.error);
      }
      if (read_up) {
        if (transfer.buffer.empty() && transfer.error) return Fail(*transfer.error);
        taken_.clear();
        taken_at_ = 0;
        std::swap(taken_, transfer.buffer);
        resume = std::exchange(transfer.reader_waits_for_room, false) && !driven_;
      }
    }
    if (resume) loop_->Resume(transfer_);
    return std::string_view(taken_).substr(taken_at_);
  }

  const std::shared_ptr<CurlLoop> loop_;
  const TransferPtr transfer_;
  const bool driven_;
  StopWatch watch_;
  std::string taken_;
  size_t taken_at_ = 0;  // what stands before it has been read
};

class HttpClient final : public Transport {
 public:
  explicit HttpClient(const ClientOptions& options) : options_(options) {}

  [[nodiscard]] Result<Response> Send(const Call& call, const Request& request) override {
    FIRN_CHECK(call.Check());
    FIRN_CHECK(CheckHeaders(request));
    auto transfer = NewTransfer(call, request);
    auto promise = std::make_shared<std::promise<Result<Response>>>();
    auto answer = promise->get_future();
    transfer->done = [promise](Result<Response> result) { promise->set_value(std::move(result)); };
    const auto loop = LoopFor(request);
    loop->Add(transfer);
    const StopWatch watch(*loop, transfer);
    if (request.body_stream) Pump(*loop, transfer);
    return answer.get();
  }

  [[nodiscard]] Result<StreamedResponse> Open(const Call& call, const Request& request) override {
    FIRN_CHECK(call.Check());
    FIRN_CHECK(CheckHeaders(request));
    auto transfer = NewTransfer(call, request);
    transfer->streams = true;
    // A streamed upload needs a loop that goes on while its own thread reads what is to be sent.
    const bool driven = request.own_connection && !request.body_stream;
    transfer->exact = driven;
    const auto loop = driven ? DrivenLoops::Take(driven_, options_) : LoopFor(request);
    loop->Add(transfer);
    auto body = std::make_unique<DownloadStream>(loop, transfer, driven);
    if (request.body_stream) Pump(*loop, transfer);
    std::unique_lock lock(transfer->mutex);
    body->Await(lock, [&] { return transfer->finished || transfer->header_ready; });
    if (!transfer->header_ready) {
      if (transfer->error) return Fail(*transfer->error);
      return Fail(Kind::kUnreachable, "NET-HTTP-002", "the connection ended without an answer");
    }
    StreamedResponse response{transfer->status, std::move(transfer->headers), nullptr};
    lock.unlock();
    response.body = std::move(body);
    return response;
  }

  void Start(const Call& call, Request request,
             std::function<void(Result<Response>)> done) override {
    if (auto fine = call.Check(); !fine) return done(Fail(std::move(fine).error()));
    if (auto fine = CheckHeaders(request); !fine) return done(Fail(std::move(fine).error()));
    if (request.body_stream) {
      return done(Fail(Kind::kInternal, "NET-HTTP-007", "a streamed upload needs Send or Open"));
    }
    const auto loop = LoopFor(request);
    auto transfer = NewTransfer(call, std::move(request));
    if (!call.stop.stop_possible()) {
      transfer->done = std::move(done);
    } else {
      // The watch must end before `done` lets the caller go on, and away from its own callback.
      auto watch = std::make_shared<std::optional<StopWatch>>();
      transfer->done = [watch, done = std::move(done)](Result<Response> result) {
        watch->reset();
        done(std::move(result));
      };
      watch->emplace(*loop, transfer);
    }
    loop->Add(std::move(transfer));
  }

 private:
  [[nodiscard]] TransferPtr NewTransfer(const Call& call, Request request) const {
    auto transfer = std::make_shared<Transfer>();
    transfer->call = call;
    transfer->request = std::move(request);
    transfer->deadline = RealDeadline(call);
    transfer->buffer_bytes = options_.stream_buffer_bytes;
    return transfer;
  }

  std::shared_ptr<CurlLoop> LoopFor(const Request& request) {
    std::lock_guard lock(mutex_);
    auto& loop = request.own_connection ? bulk_ : short_;
    if (!loop) {
      loop = std::make_shared<CurlLoop>(
          CurlLoop::Options{.client = options_, .bulk = request.own_connection});
    }
    return loop;
  }

  // Hands the upload over piece by piece, on the caller's thread, until the answer has begun.
  static void Pump(CurlLoop& loop, const TransferPtr& transfer) {
    while (true) {
      auto piece = transfer->request.body_stream->Read(kUploadPiece);
      std::unique_lock lock(transfer->mutex);
      const bool last = !piece || piece->empty();
      if (!piece) transfer->upload_error = piece.error();
      if (piece) transfer->upload += *piece;
      transfer->upload_ended = last;
      lock.unlock();
      loop.Resume(transfer);
      if (last) return;
      lock.lock();
      transfer->changed.wait(
          lock, [&] { return transfer->finished || transfer->upload.size() < kUploadPiece; });
      if (transfer->finished) return;
    }
  }

  const ClientOptions options_;
  std::mutex mutex_;
  std::shared_ptr<CurlLoop> short_;
  std::shared_ptr<CurlLoop> bulk_;
  const std::shared_ptr<DrivenLoops> driven_ = std::make_shared<DrivenLoops>();
};

}  // namespace

Result<std::unique_ptr<Transport>> NewHttpClient(const ClientOptions& options) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  if (!options.ca_file.empty() && !FileExists(options.ca_file)) {
    return Fail(
        Error(Kind::kBadConfig, "NET-TLS-002", "the CA file is not there").At(options.ca_file));
  }
  return std::make_unique<HttpClient>(options);
}

}  // namespace firn::net
