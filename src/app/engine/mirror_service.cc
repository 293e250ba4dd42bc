#include "app/engine/mirror_service.h"

#include "app/engine/mirrors.h"
#include "app/engine/project_secrets.h"
#include "core/base/log.h"

namespace firn::engine {
namespace {

constexpr auto kPoll = std::chrono::seconds(2);
constexpr auto kLongest = std::chrono::minutes(5);  // of one look

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
  for (const project::MirrorSettings& mirror : project->catalogs.mirrors)
    BringUp(call, *lake, mirror, now);
  return {};
}

void MirrorService::BringUp(const Call& call, lake::Lake& lake,
                            const project::MirrorSettings& mirror, const Shown& now) {
  Shown& shown = shown_[mirror.name];
  RunMirrorOptions options;
  for (const auto& [ident, location] : now) {
    const auto found = shown.find(ident);
    if (found == shown.end() || found->second != location) options.tables.push_back(ident.Text());
  }
  if (options.tables.empty()) return;
  const auto secrets = ProjectSecrets(runtime_.project()->folder);
  const auto rows = RunMirror(call, lake, mirror, *secrets, options);
  if (!rows) return Note(mirror.name, rows.error().OneLine());
  std::string error;
  for (const federation::MirrorRow& row : *rows) {
    if (row.error) {
      error = row.error->OneLine();
    } else if (const auto location = now.find(row.table); location != now.end()) {
      shown[row.table] = location->second;
    }
  }
  // Tables that are not this mirror's are not asked for again.
  if (error.empty()) {
    for (const auto& [ident, location] : now) shown[ident] = location;
  }
  Note(mirror.name, std::move(error));
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
