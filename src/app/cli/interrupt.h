// Ctrl-C: the first asks the command to stop at its next safe place, the second ends the process at
// once. Private to cli; one per process, made in main before any other thread.
#pragma once

#include <stop_token>
#include <thread>

#include "app/cli/output/output.h"
#include "core/base/file.h"

namespace firn::cli {

class Interrupt {
 public:
  // Blocks SIGINT and SIGTERM in this and all later threads and waits for them on its own. `output`
  // must outlive it.
  explicit Interrupt(Output* output);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  [[nodiscard]] bool happened() const { return source_.stop_requested(); }

 private:
  void Wait();

  Output* output_;
  std::stop_source source_;
  Fd signals_;
  Fd end_;
  std::jthread thread_;
};

}  // namespace firn::cli
