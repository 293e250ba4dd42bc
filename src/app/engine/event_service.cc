#include "app/engine/event_service.h"

#include <pthread.h>

#include <algorithm>

#include "core/base/file.h"
#include "core/base/log.h"

namespace firn::engine {
namespace {

constexpr std::chrono::seconds kTablesLook{5};

void AddFiles(const std::string& folder, std::string* text) {
  auto names = ListFolder(folder);
  if (!names) return;
  std::ranges::sort(*names);
  for (const std::string& name : *names) {
    *text += "\n" + name + "\n" + ReadFile(folder + "/" + name).value_or("");
  }
}

std::string Words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + ",";
  return text;
}

// What else streams and rules are made from, as one text: two that are equal need no change.
std::string DefinitionOf(const project::Project& project) {
  std::string text = project.lake.ns;
  for (const project::ObjectRule& rule : project.objects) {
    text += "\n" + rule.name + " " + Words(rule.orgs) + " " + Words(rule.include) + " " +
            Words(rule.exclude) + " " + rule.where + " " + rule.table +
            (rule.soft_deletes ? " soft" : "");
  }
  for (const project::Org& org : project.orgs) text += "\n" + org.id + " " + org.pubsub_endpoint;
  AddFiles(project.folder + "/rules", &text);
  AddFiles(project.folder + "/destinations", &text);
  AddFiles(project.folder + "/kafka", &text);
  return text;
}

bool SameOrgs(const project::Project& a, const project::Project& b) {
  return std::ranges::equal(a.orgs, b.orgs, SameLink);
}

}  // namespace

EventService::Crew::~Crew() {
  for (const auto& stream : streams) stream->RequestStop();  // side by side
  streams.clear();
  rules.reset();
}

EventService::~EventService() { Drain({}); }

std::shared_ptr<EventService::Crew> EventService::crew() {
  const std::lock_guard lock(mutex_);
  return crew_;
}

std::shared_ptr<EventService::Crew> EventService::Hire() const {
  const auto project = runtime_.project();
  auto crew = std::make_shared<Crew>();
  crew->made_from = DefinitionOf(*project);
  if (wanted_.empty()) return crew;
  crew->rules = RulesWorker::New(*project, runtime_);
  for (const project::FollowedStream& stream : wanted_) {
    crew->streams.push_back(std::make_unique<StreamWorker>(stream, runtime_, crew->rules.get()));
  }
  if (crew->rules != nullptr) crew->rules->Start(call_);
  for (const auto& stream : crew->streams) stream->Start(call_);
  return crew;
}

Result<void> EventService::Start(const Call& call) {
  call_ = call;
  FIRN_TRY(auto services, project::LoadServices(*runtime_.project()));
  wanted_ = std::move(services.events);
  crew_ = Hire();
  keeper_ = std::jthread([this](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "firn-events");
    Keep(stop);
  });
  return {};
}

void EventService::Keep(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::shared_ptr<Crew> leaving;
    {
      std::unique_lock lock(mutex_);
      // Without streams there is nothing to look for: only a reload wakes it.
      if (crew_ != nullptr && crew_->streams.empty()) {
        changed_.wait(lock, stop, [this] { return reloaded_; });
      } else {
        changed_.wait_for(lock, stop, kTablesLook, [this] { return reloaded_; });
      }
      if (stop.stop_requested()) return;
      if (std::exchange(reloaded_, false)) leaving = std::exchange(crew_, nullptr);
    }
    if (leaving != nullptr) {
      log::Info("events.taking_over", {});
      leaving.reset();  // settles; whoever looks at it right now does the last of it
      const std::lock_guard lock(mutex_);
      crew_ = Hire();
    } else if (const auto now = crew()) {
      for (const auto& stream : now->streams) stream->LookForTables();
    }
  }
}

void EventService::Drain(const Call&) {
  if (keeper_.joinable()) {
    keeper_.request_stop();
    keeper_.join();
  }
  std::shared_ptr<Crew> leaving;
  {
    const std::lock_guard lock(mutex_);
    leaving = std::exchange(crew_, nullptr);
  }
  leaving.reset();
}

Health EventService::Check() {
  const auto now = crew();
  if (now == nullptr) return {true, "taking over new definitions"};
  Health health;
  std::string waiting;
  const auto add = [](std::string& to, const std::string& text) {
    to += (to.empty() ? "" : "; ") + text;
  };
  for (const auto& stream : now->streams) {
    const StreamStatus status = stream->Status();
    const bool bad = status.condition == StreamCondition::kRetrying ||
                     status.condition == StreamCondition::kBroken ||
                     status.condition == StreamCondition::kStarting;
    const std::string text = status.topic + " " +
                             std::string(StreamConditionName(status.condition)) +
                             (status.detail.empty() ? "" : ": " + status.detail);
    if (bad) health.ready = false;
    add(bad ? health.detail : waiting, text);
  }
  if (now->rules != nullptr) {
    const RulesStatus rules = now->rules->Status();
    const bool bad = rules.state == "retrying" || rules.state == "starting";
    if (bad) health.ready = false;
    add(bad ? health.detail : waiting,
        "rules " + rules.state + (rules.detail.empty() ? "" : ": " + rules.detail));
  }
  if (health.ready) health.detail = waiting;
  return health;
}

Result<std::function<void()>> EventService::PrepareReload(
    const std::shared_ptr<const project::Project>& next) {
  FIRN_TRY(auto services, project::LoadServices(*next));
  if (!services.events.empty()) {
    config::Problems problems;
    (void)project::LoadRules(next->folder, {}, &problems);
    if (!problems.empty()) return Fail(problems.front());
  }
  const auto now = crew();
  if (now != nullptr && now->made_from == DefinitionOf(*next) &&
      SameOrgs(*runtime_.project(), *next) && services.events == wanted_) {
    return [] {};
  }
  return [this, events = std::move(services.events)] {
    const std::lock_guard lock(mutex_);
    wanted_ = events;
    reloaded_ = true;
    changed_.notify_all();
  };
}

std::vector<StreamStatus> EventService::Streams() {
  std::vector<StreamStatus> all;
  if (const auto now = crew()) {
    for (const auto& stream : now->streams) all.push_back(stream->Status());
  }
  return all;
}

std::optional<RulesStatus> EventService::Rules() {
  const auto now = crew();
  if (now == nullptr || now->rules == nullptr) return std::nullopt;
  return now->rules->Status();
}

void EventService::RefreshGauges() {
  const auto now = crew();
  if (now == nullptr) return;
  for (const auto& stream : now->streams) stream->RefreshGauges();
  if (now->rules != nullptr) now->rules->RefreshGauges();
}

}  // namespace firn::engine
