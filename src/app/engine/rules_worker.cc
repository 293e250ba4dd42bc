#include "app/engine/rules_worker.h"

#include <pthread.h>

#include <map>

#include "app/engine/project_secrets.h"
#include "core/base/log.h"
#include "patterns/events/outbox/letter_count.h"

namespace firn::engine {
namespace {

constexpr std::chrono::milliseconds kTurnPoll{500};
constexpr std::chrono::milliseconds kLastCalls{5'000};  // of targets, when the daemon ends
constexpr Backoff kAgain{.first = std::chrono::milliseconds(1'000),
                         .most = std::chrono::milliseconds(60'000)};

}  // namespace

std::unique_ptr<RulesWorker> RulesWorker::New(const project::Project& project, Runtime& runtime) {
  config::Problems problems;
  const auto set = project::LoadRules(project.folder, {}, &problems);
  if (set.rules.empty() && problems.empty()) return nullptr;
  return std::unique_ptr<RulesWorker>(new RulesWorker(project, runtime));
}

RulesWorker::RulesWorker(const project::Project& project, Runtime& runtime)
    : runtime_(runtime), project_(project), secrets_(ProjectSecrets(project.folder)) {}

RulesWorker::~RulesWorker() { Stop(); }

void RulesWorker::Say(std::string state, std::string detail) {
  const std::lock_guard lock(mutex_);
  state_ = std::move(state);
  detail_ = std::move(detail);
}

void RulesWorker::Start(const Call& call) {
  Call mine = call;
  mine.stop = stop_.get_token();
  mine.deadline = SteadyTime::max();
  thread_ = std::jthread([this, mine] {
    pthread_setname_np(pthread_self(), "firn-rules");
    Work(mine);
  });
}

Result<void> RulesWorker::OpenOnce(const Call& call) {
  FIRN_TRY(auto link, RulesLink::Open(project_, *secrets_, &runtime_.metrics()));
  std::string left_out;
  for (const Error& problem : link->problems()) {
    log::Err("rules.left_out", {{"error", problem.OneLine()}});
    left_out += (left_out.empty() ? "left out: " : "; ") + problem.OneLine();
  }
  link->engine().Start(call);
  log::Info("rules.delivering", {{"rules", static_cast<int64_t>(link->rules().rules.size())}});
  const std::lock_guard lock(mutex_);
  link_ = std::move(link);
  state_ = "delivering";
  detail_ = std::move(left_out);
  changed_.notify_all();
  return {};
}

void RulesWorker::Work(const Call& call) {
  for (int attempt = 0; !call.stop.stop_requested();) {
    const auto opened = OpenOnce(call);
    if (opened) return;
    const Error& error = opened.error();
    if (error.code() == "EVENT-OUTBOX-001") {
      // Another process delivers: this one takes its place when it ends.
      if (Status().state != "waiting") log::Info("rules.waiting", {{"why", error.what()}});
      Say("waiting", error.what());
      if (!call.Sleep(kTurnPoll)) return;
      continue;
    }
    log::Err("rules.not_delivering", {{"error", error.OneLine()}, {"hint", error.hint()}});
    Say("retrying", error.OneLine());
    if (!call.Sleep(kAgain.Wait(attempt++, *call.random))) return;
  }
}

void RulesWorker::Stop() {
  stop_.request_stop();
  if (thread_.joinable()) thread_.join();
  std::unique_ptr<RulesLink> gone;
  const std::lock_guard lock(mutex_);
  if (link_ == nullptr) return;
  Call call;
  link_->engine().Finish(call, kLastCalls);
  gone = std::move(link_);
  state_ = "stopped";
}

Result<events::RuleEngine*> RulesWorker::Await(const Call& call) {
  std::unique_lock lock(mutex_);
  while (link_ == nullptr) {
    FIRN_CHECK(call.Check());
    changed_.wait_for(lock, call.stop, kTurnPoll, [this] { return link_ != nullptr; });
  }
  return &link_->engine();
}

RulesStatus RulesWorker::Status() {
  const std::lock_guard lock(mutex_);
  RulesStatus status{.state = state_, .detail = detail_};
  if (link_ == nullptr) return status;
  status.rules = static_cast<int64_t>(link_->rules().rules.size());
  if (const auto waiting = link_->outbox().Waiting()) {
    for (const events::TargetCounts& target : *waiting) status.waiting += target.waiting;
  }
  if (const auto letters = events::CountLetters(project_.state_folder)) {
    status.dead_letters = *letters;
  }
  return status;
}

void RulesWorker::RefreshGauges() {
  const std::lock_guard lock(mutex_);
  if (link_ == nullptr) return;
  std::map<std::string, int64_t> depth;
  for (const auto& lane : link_->engine().lanes()) depth[lane->name()] = 0;
  if (const auto waiting = link_->outbox().Waiting()) {
    for (const events::TargetCounts& target : *waiting) depth[target.target] = target.waiting;
  }
  MetricsRegistry& metrics = runtime_.metrics();
  for (const auto& [target, waiting] : depth) {
    metrics.GetGauge("outbox_waiting", {{"target", target}}, "Deliveries that wait in the outbox")
        .Set(static_cast<double>(waiting));
  }
  if (const auto letters = events::CountLetters(project_.state_folder)) {
    metrics.GetGauge("dead_letters", {}, "Dead letters that nobody has looked after")
        .Set(static_cast<double>(*letters));
  }
}

}  // namespace firn::engine
