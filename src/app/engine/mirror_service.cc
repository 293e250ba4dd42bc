#include "app/engine/mirror_service.h"

#include <algorithm>

#include "app/engine/mirrors.h"
#include "app/engine/project_secrets.h"
#include "core/base/log.h"

namespace firn::engine {
namespace {

constexpr auto kPoll = std::chrono::seconds(2);
constexpr auto kLongest = std::chrono::minutes(5);  // of one look
// Between tries of a catalog that is away.
constexpr Backoff kPauses{.first = std::chrono::milliseconds(2'000),
                          .most = std::chrono::milliseconds(60'000)};

}  // namespace

MirrorService::~MirrorService() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

Result<void> MirrorService::Start(const Call& call) {
  thread_ = std::jthread([this, call](const std::stop_token& stop) {
    Call own = call;
    own.stop = stop;
    own.deadline = SteadyTime::max();
    own.trace = {};  // each look is a trace
    do {
      Call look = own.Within(kLongest);
      look.retries = std::make_shared<RetryBudget>(64);
      if (auto done = Step(look); !done && done.error().kind() != Kind::kCancelled)
        log::Warn("mirror.failed", {{"error", done.error().OneLine()}});
    } while (own.Sleep(kPoll));
  });
  return {};
}

void MirrorService::Drain(const Call&) {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

Result<void> MirrorService::Step(const Call& call) {
  const auto project = runtime_.project();
  if (project->catalogs.mirrors.empty()) return {};
  FIRN_TRY(const auto lake, runtime_.Lake());
  FIRN_TRY(const auto idents, lake->Tables(""));
  Shown now;
  for (const lake::TableIdent& ident : idents) {
    FIRN_CHECK(call.Check());
    // One that was dropped in between, or cannot be read, must not keep the others waiting.
    if (const auto table = lake->Load(ident)) now[ident] = table->metadata_location();
  }
  // Tables that went away are not waited for.
  std::erase_if(pauses_, [&](const auto& pause) {
    const std::string& table = pause.first.second;
    return !table.empty() &&
           std::ranges::none_of(now, [&](const auto& each) { return each.first.Text() == table; });
  });
  for (const project::MirrorSettings& mirror : project->catalogs.mirrors)
    BringUp(call, *lake, mirror, now);
  return {};
}

// Those that have moved on since they were shown, and do not wait for another try.
std::vector<lake::TableIdent> MirrorService::Moved(const Call& call, const std::string& mirror,
                                                   const Shown& now) {
  const Shown& shown = shown_[mirror];
  std::vector<lake::TableIdent> moved;
  for (const auto& [ident, location] : now) {
    const auto found = shown.find(ident);
    const bool current = found != shown.end() && found->second == location;
    if (!current && !IsPaused(call, mirror, ident.Text())) moved.push_back(ident);
  }
  return moved;
}

void MirrorService::BringUp(const Call& call, lake::Lake& lake,
                            const project::MirrorSettings& mirror, const Shown& now) {
  if (IsPaused(call, mirror.name, "")) return;
  const std::vector<lake::TableIdent> moved = Moved(call, mirror.name, now);
  if (moved.empty()) return;
  RunMirrorOptions options;
  for (const lake::TableIdent& ident : moved) options.tables.push_back(ident.Text());
  const auto secrets = ProjectSecrets(runtime_.project()->folder);
  Span span(runtime_.spans(), call,
            {.name = "mirror tables",
             .attributes = {{"firn.mirror", mirror.name},
                            {"firn.tables", static_cast<int64_t>(moved.size())}}});
  const auto rows = RunMirror(span.call(), lake, mirror, *secrets, options);
  span.Conclude(rows);
  if (!rows) {
    Fails(call, mirror.name, "");
    return Note(mirror.name, rows.error().OneLine());
  }
  pauses_.erase({mirror.name, ""});
  std::map<lake::TableIdent, std::string> failed;
  for (const federation::MirrorRow& row : *rows) {
    if (row.error) failed[row.table] = row.error->OneLine();
  }
  for (const lake::TableIdent& ident : moved) {
    if (failed.contains(ident)) {
      Fails(call, mirror.name, ident.Text());
      continue;
    }
    // Current, or none of this mirror's: not asked for again before it moves on.
    shown_[mirror.name][ident] = now.at(ident);
    pauses_.erase({mirror.name, ident.Text()});
  }
  if (!failed.empty()) return Note(mirror.name, failed.begin()->second);
  const bool others_wait = std::ranges::any_of(
      pauses_, [&](const auto& pause) { return pause.first.first == mirror.name; });
  if (!others_wait) Note(mirror.name, "");
}

bool MirrorService::IsPaused(const Call& call, const std::string& mirror,
                             const std::string& table) const {
  const auto pause = pauses_.find({mirror, table});
  return pause != pauses_.end() && call.clock->Steady() < pause->second.until;
}

void MirrorService::Fails(const Call& call, const std::string& mirror, const std::string& table) {
  Pause& pause = pauses_[{mirror, table}];
  pause.until = call.clock->Steady() + kPauses.Wait(pause.failures++, *call.random);
  runtime_.metrics()
      .GetCounter("mirror_failures_total", {{"mirror", mirror}},
                  "Times that a mirror, or a table of it, could not be brought up to date")
      .Add();
}

void MirrorService::Note(const std::string& mirror, std::string error) {
  const std::lock_guard lock(mutex_);
  std::string& kept = errors_[mirror];
  if (!error.empty() && error != kept)
    log::Warn("mirror.failed", {{"mirror", mirror}, {"error", error}});
  kept = std::move(error);
}

Health MirrorService::Check() {
  // A mirror behind is no reason to send nobody here: the rows are in the first catalog.
  Health health;
  const std::lock_guard lock(mutex_);
  for (const auto& [mirror, error] : errors_) {
    if (error.empty()) continue;
    if (!health.detail.empty()) health.detail += "; ";
    health.detail += "mirror " + mirror + " is behind: " + error;
  }
  return health;
}

Result<std::function<void()>> MirrorService::PrepareReload(
    const std::shared_ptr<const project::Project>&) {
  return std::function<void()>([] {});
}

}  // namespace firn::engine
