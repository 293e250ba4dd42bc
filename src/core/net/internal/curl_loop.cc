#include "core/net/internal/curl_loop.h"

#include <curl/curl.h>
#include <pthread.h>

#include <algorithm>
#include <utility>

#include "core/net/internal/curl_error.h"
#include "core/net/internal/curl_request.h"

namespace firn::net {
namespace {

constexpr std::chrono::milliseconds kCheckEvery{100};
constexpr int kIdlePollMs = 60'000;
constexpr size_t kSpareMax = 64;

}  // namespace

struct CurlLoop::Running {
  TransferPtr transfer;
  CURL* easy = nullptr;
  CurlRequest request;
};

CurlLoop::CurlLoop(Options options) : options_(std::move(options)), multi_(curl_multi_init()) {
  FIRN_ASSERT(multi_ != nullptr);
  auto* multi = static_cast<CURLM*>(multi_);
  // Streams are as many as their callers open: one that waits for a slot that a paused one holds
  // would wait for ever.
  if (!options_.bulk) {
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      static_cast<long>(options_.client.connections_per_host_max));
  }
  curl_multi_setopt(multi, CURLMOPT_PIPELINING,
                    options_.bulk ? CURLPIPE_NOTHING : CURLPIPE_MULTIPLEX);
  if (options_.driven) return;
  thread_ = std::jthread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), options_.bulk ? "net-bulk" : "net-client");
}

CurlLoop::~CurlLoop() {
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
  }
  curl_multi_wakeup(static_cast<CURLM*>(multi_));
  if (thread_.joinable()) {
    thread_.join();
  } else {
    Run();
  }
  for (void* easy : spare_) curl_easy_cleanup(easy);
  curl_multi_cleanup(static_cast<CURLM*>(multi_));
}

void CurlLoop::Give(Order order) {
  {
    std::lock_guard lock(mutex_);
    orders_.push_back(std::move(order));
    if (orders_.size() > 1) return;  // the loop has been woken already
  }
  curl_multi_wakeup(static_cast<CURLM*>(multi_));
}

void CurlLoop::Add(TransferPtr transfer) {
  Give({Order::What::kAdd, std::move(transfer), std::nullopt});
}

void CurlLoop::Resume(TransferPtr transfer) {
  Give({Order::What::kResume, std::move(transfer), std::nullopt});
}

void CurlLoop::ResumeHere(const TransferPtr& transfer) {
  Obey({Order::What::kResume, transfer, std::nullopt});
}

void CurlLoop::Cancel(TransferPtr transfer, Error error) {
  Give({Order::What::kCancel, std::move(transfer), std::move(error)});
}

// Orders, then what the sockets have; false once the loop is to end.
bool CurlLoop::Step() {
  std::vector<Order> orders;
  bool ended = false;
  {
    std::lock_guard lock(mutex_);
    orders.swap(orders_);
    ended = ended_;
  }
  for (Order& order : orders) Obey(std::move(order));
  if (ended) return false;
  int running = 0;
  curl_multi_perform(static_cast<CURLM*>(multi_), &running);
  ReapFinished();
  const SteadyTime now = std::chrono::steady_clock::now();
  if (now >= next_check_) {
    CheckTimes(now);
    next_check_ = now + kCheckEvery;
  }
  return true;
}

void CurlLoop::AwaitEvents() {
  const int wait = running_.empty() ? kIdlePollMs : static_cast<int>(kCheckEvery.count());
  curl_multi_poll(static_cast<CURLM*>(multi_), nullptr, 0, wait, nullptr);
}

void CurlLoop::Drive(const std::function<bool()>& done) {
  while (Step() && !done()) AwaitEvents();
}

void CurlLoop::Run() {
  while (Step()) AwaitEvents();
  while (!running_.empty()) {
    End(running_.begin()->second->easy, std::nullopt,
        Error(Kind::kCancelled, "BASE-CALL-001", "stopped on request"));
  }
}

void CurlLoop::Obey(Order order) {
  if (order.what == Order::What::kAdd) return Begin(order.transfer);
  const auto found = running_.find(order.transfer.get());
  if (found == running_.end()) return;
  if (order.what == Order::What::kCancel) {
    return End(found->second->easy, std::nullopt, std::move(order.error));
  }
  Transfer& transfer = *order.transfer;
  transfer.paused_down = transfer.paused_up = false;
  transfer.last_progress = std::chrono::steady_clock::now();
  curl_easy_pause(found->second->easy, CURLPAUSE_CONT);
}

void CurlLoop::Begin(const TransferPtr& transfer) {
  CURL* easy = nullptr;
  if (spare_.empty()) {
    easy = curl_easy_init();
    FIRN_ASSERT(easy != nullptr);
  } else {
    easy = spare_.back();
    spare_.pop_back();
  }
  auto running = std::make_unique<Running>();
  running->transfer = transfer;
  running->easy = easy;
  transfer->easy = easy;
  transfer->last_progress = std::chrono::steady_clock::now();
  running->request.Prepare(easy, *transfer, options_.client, options_.bulk);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer.get());
  running_.emplace(transfer.get(), std::move(running));
  if (transfer->call.stop.stop_requested()) {
    return End(easy, std::nullopt, Error(Kind::kCancelled, "BASE-CALL-001", "stopped on request"));
  }
  const CURLMcode code = curl_multi_add_handle(static_cast<CURLM*>(multi_), easy);
  if (code != CURLM_OK) {
    End(easy, std::nullopt,
        Error(Kind::kInternal, "NET-HTTP-007", "the request cannot be sent")
            .Because(curl_multi_strerror(code)));
  }
}

void CurlLoop::CheckTimes(SteadyTime now) {
  std::vector<std::pair<CURL*, Error>> late;
  for (const auto& [transfer, running] : running_) {
    const std::string where = PublicUrl(transfer->request.url);
    if (now >= transfer->deadline) {
      late.emplace_back(running->easy, Error(Kind::kTimeout, "BASE-CALL-002",
                                             "the time allowed for this call is used up")
                                           .At(where));
      continue;
    }
    if (transfer->paused_down || transfer->paused_up) continue;
    if (now - transfer->last_progress < transfer->request.idle_timeout) continue;
    if (!CurlRequest::Connected(running->easy)) continue;  // CURLOPT_CONNECTTIMEOUT_MS watches
    late.emplace_back(running->easy,
                      Error(Kind::kTimeout, "NET-HTTP-003", "the server fell silent")
                          .At(where)
                          .Because("no byte moved for " +
                                   std::to_string(transfer->request.idle_timeout.count()) + " ms")
                          .RetryWithBackoff());
  }
  for (auto& [easy, error] : late) End(easy, std::nullopt, std::move(error));
}

void CurlLoop::ReapFinished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(static_cast<CURLM*>(multi_), &left)) {
    if (message->msg == CURLMSG_DONE) {
      End(message->easy_handle, static_cast<int>(message->data.result), std::nullopt);
    }
  }
}

void CurlLoop::End(void* easy, std::optional<int> curl_code, std::optional<Error> error) {
  Transfer* key = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &key);
  auto node = running_.extract(key);
  FIRN_ASSERT(!node.empty());
  const TransferPtr transfer = node.mapped()->transfer;
  if (!error && transfer->own_error) error = std::move(transfer->own_error);
  if (!error && curl_code && *curl_code != CURLE_OK) {
    error = TranslateCurl({*curl_code, node.mapped()->request.Message(),
                           PublicUrl(transfer->request.url), CurlRequest::Connected(easy),
                           CurlRequest::ProxyStatus(easy)});
  }
  if (!error) transfer->response.http_version = CurlRequest::HttpVersion(easy);
  curl_multi_remove_handle(static_cast<CURLM*>(multi_), easy);
  node.mapped()->request.Release();
  if (spare_.size() < kSpareMax) {
    curl_easy_reset(easy);
    spare_.push_back(easy);
  } else {
    curl_easy_cleanup(easy);
  }
  {
    std::lock_guard lock(transfer->mutex);
    transfer->finished = true;
    transfer->error = error;
    transfer->changed.notify_all();
  }
  if (auto done = std::exchange(transfer->done, nullptr)) {
    if (error) {
      done(Fail(std::move(*error)));
    } else {
      done(std::move(transfer->response));
    }
  }
}

}  // namespace firn::net
