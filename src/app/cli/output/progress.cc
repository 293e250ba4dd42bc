#include "app/cli/output/progress.h"

#include <fmt/format.h>

#include <cstdlib>

namespace firn::cli {
namespace {

constexpr std::chrono::milliseconds kSilence{500};
constexpr std::chrono::milliseconds kRedraw{100};  // and how often the thread looks
constexpr std::chrono::seconds kBetweenLines{30};
constexpr double kEtaAfterSeconds = 2;

void Add(std::string* line, const std::string& part) {
  if (!line->empty()) *line += "  ";
  *line += part;
}

}  // namespace

std::string ProgressLine(const ProgressState& state, std::chrono::nanoseconds elapsed) {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  std::string line = state.what;
  if (state.rows >= 0) {
    std::string rows = HumanCount(state.rows);
    if (state.rows_total > 0) rows += " of " + HumanCount(state.rows_total);
    Add(&line, rows + " rows");
    if (seconds > 0 && state.rows > 0) {
      Add(&line,
          HumanCount(static_cast<int64_t>(static_cast<double>(state.rows) / seconds)) + "/s");
    }
  }
  if (state.bytes >= 0) Add(&line, HumanBytes(state.bytes));
  if (state.pages >= 0) {
    Add(&line, state.pages_total > 0 ? fmt::format("page {}/{}", state.pages, state.pages_total)
                                     : fmt::format("page {}", state.pages));
  }
  const bool counted = state.rows >= 0 || state.bytes >= 0 || state.pages >= 0;
  if (!counted && seconds >= 1) Add(&line, HumanSeconds(seconds));
  if (state.calls_left >= 0) Add(&line, HumanCount(state.calls_left) + " calls left");
  // Only when there is something to go by: a total, a part of it done, and some time passed.
  if (state.rows_total > 0 && state.rows > 0 && state.rows < state.rows_total &&
      seconds >= kEtaAfterSeconds) {
    const double left = seconds * static_cast<double>(state.rows_total - state.rows) /
                        static_cast<double>(state.rows);
    Add(&line, "ETA " + HumanSeconds(left));
  }
  return line;
}

Progress::Progress(Output* output, Clock* clock)
    : output_(output), clock_(clock), start_(clock->Steady()), last_drawn_(start_) {
  const char* off = std::getenv("FIRN_NO_PROGRESS");
  enabled_ = !output->json() && !output->quiet() && (off == nullptr || *off == '\0');
}

Progress::~Progress() { Finish(); }

void Progress::Update(const ProgressState& state) {
  if (!enabled_) return;
  std::lock_guard lock(mutex_);
  state_ = state;
  if (!thread_.joinable())
    thread_ = std::jthread([this](const std::stop_token& stop) { Beat(stop); });
  Draw();
}

void Progress::Beat(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    beat_.wait_for(lock, stop, kRedraw, [] { return false; });
    if (!stop.stop_requested() && state_) Draw();
  }
}

void Progress::Draw() {
  const SteadyTime now = clock_->Steady();
  const Terminal& terminal = output_->terminal();
  const auto wait = !terminal.err_is_terminal ? std::chrono::nanoseconds(kBetweenLines)
                    : drawn_                  ? std::chrono::nanoseconds(kRedraw)
                                              : std::chrono::nanoseconds(kSilence);
  if (now - last_drawn_ < wait) return;
  last_drawn_ = now;
  drawn_ = true;
  const std::string line = ProgressLine(*state_, now - start_);
  if (terminal.err_is_terminal) {
    output_->SetLiveLine(CutToWidth(line, terminal.width - 1));
  } else {
    output_->Talk(line);
  }
}

void Progress::Finish() {
  std::lock_guard lock(mutex_);
  state_.reset();
  if (drawn_ && output_->terminal().err_is_terminal) output_->ClearLiveLine();
  drawn_ = false;
}

}  // namespace firn::cli
