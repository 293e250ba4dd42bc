#include "app/cli/interrupt.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>

#include "app/cli/command.h"

namespace firn::cli {

Interrupt::Interrupt(Output* output) : output_(output) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = Fd(signalfd(-1, &set, SFD_CLOEXEC));
  end_ = Fd(eventfd(0, EFD_CLOEXEC));
  FIRN_ASSERT(signals_.valid() && end_.valid());
  thread_ = std::jthread([this] {
    pthread_setname_np(pthread_self(), "firn-interrupt");
    Wait();
  });
}

Interrupt::~Interrupt() {
  const uint64_t one = 1;
  (void)!write(end_.get(), &one, sizeof one);
}

void Interrupt::Wait() {
  for (;;) {
    pollfd polled[2] = {{signals_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}};
    if (poll(polled, 2, -1) < 0) continue;
    if (polled[1].revents != 0) return;
    signalfd_siginfo info{};
    if (read(signals_.get(), &info, sizeof info) != sizeof info) continue;
    if (source_.stop_requested()) {
      output_->ClearLiveLine();
      _exit(static_cast<int>(ExitCode::kInterrupted));
    }
    output_->Talk("stopping at the next safe place; again to stop at once");
    source_.request_stop();
  }
}

}  // namespace firn::cli
