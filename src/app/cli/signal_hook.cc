#include "app/cli/signal_hook.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace firn::cli {
namespace {

std::atomic<int> wake_fd{-1};

void OnSignal(int) {
  const int saved = errno;
  const uint64_t one = 1;
  (void)!write(wake_fd.load(), &one, sizeof one);
  errno = saved;
}

}  // namespace

SignalHook::SignalHook(int signal_number, std::function<void()> then)
    : signal_number_(signal_number), wake_(eventfd(0, EFD_CLOEXEC)) {
  FIRN_ASSERT(wake_.valid());
  FIRN_ASSERT(wake_fd.exchange(wake_.get()) == -1);
  thread_ = std::jthread([this, then = std::move(then)](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "firn-signal");
    for (uint64_t count = 0; read(wake_.get(), &count, sizeof count) == sizeof count;) {
      if (stop.stop_requested()) return;
      then();
    }
  });
  struct sigaction action{};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigaction(signal_number_, &action, nullptr);
}

SignalHook::~SignalHook() {
  signal(signal_number_, SIG_DFL);
  thread_.request_stop();
  const uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof one);
  thread_.join();
  wake_fd = -1;
}

}  // namespace firn::cli
