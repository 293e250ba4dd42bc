#include "core/base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <mutex>

#include "core/base/clock.h"
#include "core/base/log_line.h"

namespace firn::log {
namespace {

// The process's log: the one piece of global state, since a log line must be possible anywhere.
struct State {
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> logger;
  std::shared_ptr<const std::function<void(std::string_view)>> also;
  std::atomic<Level> level{Level::kWarn};
  std::atomic<bool> json{false};

  State() { Use(std::make_shared<spdlog::sinks::stderr_sink_mt>()); }
  void Use(spdlog::sink_ptr sink) {
    auto made = std::make_shared<spdlog::logger>("firn", std::move(sink));
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    std::lock_guard lock(mutex);
    logger = std::move(made);
  }
  std::shared_ptr<spdlog::logger> Get() {
    std::lock_guard lock(mutex);
    return logger;
  }
  std::shared_ptr<const std::function<void(std::string_view)>> Also() {
    std::lock_guard lock(mutex);
    return also;
  }
};

State& TheState() {
  // Never destroyed: threads may log while the process ends.
  static State* const state = new State;
  return *state;
}

spdlog::level::level_enum Translated(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    default:
      return spdlog::level::err;
  }
}

}  // namespace

void Configure(const Options& options) {
  State& state = TheState();
  state.level = options.level;
  state.json = options.json;
  {
    std::lock_guard lock(state.mutex);
    state.also = options.also
                     ? std::make_shared<const std::function<void(std::string_view)>>(options.also)
                     : nullptr;
  }
  if (options.file.empty()) {
    state.Use(std::make_shared<spdlog::sinks::stderr_sink_mt>());
    return;
  }
  try {
    state.Use(std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file));
  } catch (const spdlog::spdlog_ex&) {
    state.Use(std::make_shared<spdlog::sinks::stderr_sink_mt>());
    Warn("log.file_refused", {{"path", options.file}, {"instead", "stderr"}});
  }
}

void Write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  State& state = TheState();
  if (level < state.level.load(std::memory_order_relaxed)) return;
  const UtcMicros now = SystemClock().Now();
  const std::string line = state.json.load(std::memory_order_relaxed)
                               ? JsonLine(now, level, event, fields)
                               : LogfmtLine(now, level, event, fields);
  state.Get()->log(Translated(level), spdlog::string_view_t(line));
  if (const auto also = state.Also()) (*also)(line);
}

}  // namespace firn::log
