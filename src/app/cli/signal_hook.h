// SignalHook: calls back on a thread of its own each time the process gets a signal. Private to
// cli; one a process at a time (a signal handler needs a place that is not its owner's).
#pragma once

#include <functional>
#include <thread>

#include "core/base/file.h"

namespace firn::cli {

class SignalHook {
 public:
  // `then` is called once for any number of signals that came while it ran.
  SignalHook(int signal_number, std::function<void()> then);
  ~SignalHook();  // the signal does again what it did before
  SignalHook(const SignalHook&) = delete;
  SignalHook& operator=(const SignalHook&) = delete;

 private:
  int signal_number_;
  Fd wake_;
  std::jthread thread_;
};

}  // namespace firn::cli
