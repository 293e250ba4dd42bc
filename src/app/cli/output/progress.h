// Progress that tells the truth: one line on a terminal, a line each 30 s otherwise, nothing for
// the first 500 ms, with --json, or with FIRN_NO_PROGRESS.
//
// Update() may be called from any thread and as often as wanted: the line is drawn at most ten
// times a second. A thread of its own draws it anew in between, so that work which has nothing to
// tell for minutes is still seen to live. It never blocks on anything but the terminal.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "app/cli/output/output.h"
#include "core/base/clock.h"

namespace firn::cli {

// Where the work stands. -1: not known, and not shown.
struct ProgressState {
  std::string what;  // `exporting Account, Contact`
  int64_t rows = -1;
  int64_t rows_total = -1;
  int64_t bytes = -1;
  int64_t pages = -1;
  int64_t pages_total = -1;
  int64_t calls_left = -1;  // API calls of the day that we may still use
};

class Progress {
 public:
  // `output` and `clock` must outlive it. FIRN_NO_PROGRESS is read here.
  Progress(Output* output, Clock* clock);
  ~Progress();  // clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Update(const ProgressState& state);
  // Clears the line. What is said at the end is the command's summary (Output::Talk).
  void Finish();

 private:
  void Draw();  // what was told last, when a line is due; under the mutex
  void Beat(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any beat_;
  Output* output_;
  Clock* clock_;
  SteadyTime start_;
  SteadyTime last_drawn_;
  std::optional<ProgressState> state_;
  bool enabled_ = true;
  bool drawn_ = false;
  std::jthread thread_;  // the last member: it ends before what it uses
};

// The line itself, without its end: `exporting Account  120 000 rows  41 200/s  38.1 MB  page 3/9
// 2 166 calls left  ETA 12 s`. Where nothing is known but the work's name, the time it has taken.
[[nodiscard]] std::string ProgressLine(const ProgressState& state,
                                       std::chrono::nanoseconds elapsed);

}  // namespace firn::cli
