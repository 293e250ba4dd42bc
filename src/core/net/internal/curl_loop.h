// One curl multi handle and the thread that turns it: one of its own, or, where a result page is
// streamed, the reader's. Everything libcurl happens on that thread; other threads hand over work
// and wake it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/net/client.h"
#include "core/net/internal/transfer.h"

namespace firn::net {

class CurlLoop {
 public:
  struct Options {
    ClientOptions client;
    bool bulk = false;  // a connection for each transfer, large buffers
    // No thread: whoever reads the one transfer calls Drive. What libcurl receives is then in the
    // cache of the processor that works on it.
    bool driven = false;
  };
  explicit CurlLoop(Options options);
  // Transfers still running end with Cancelled.
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  // Any thread. The transfer's `done`, or its `finished`, says how it ended.
  void Add(TransferPtr transfer);
  // Goes on with a transfer that was paused in either direction.
  void Resume(TransferPtr transfer);
  // The same at once, on the thread that drives the loop.
  void ResumeHere(const TransferPtr& transfer);
  // Ends it with `error`, if it has not ended.
  void Cancel(TransferPtr transfer, Error error);
  // Works until `done` answers true, which it is asked after each step. One thread at a time.
  void Drive(const std::function<bool()>& done);

 private:
  struct Order {
    enum class What { kAdd, kResume, kCancel } what;
    TransferPtr transfer;
    std::optional<Error> error;
  };
  struct Running;

  void Run();
  [[nodiscard]] bool Step();
  void AwaitEvents();
  void Give(Order order);
  void Obey(Order order);
  void Begin(const TransferPtr& transfer);
  void CheckTimes(SteadyTime now);
  void ReapFinished();
  void End(void* easy, std::optional<int> curl_code, std::optional<Error> error);

  const Options options_;
  void* multi_ = nullptr;
  std::mutex mutex_;
  std::vector<Order> orders_;
  bool ended_ = false;
  std::unordered_map<Transfer*, std::unique_ptr<Running>> running_;  // the loop's own
  std::vector<void*> spare_;                                         // easy handles to use again
  SteadyTime next_check_;
  std::jthread thread_;
};

}  // namespace firn::net
