#include "app/engine/daemon.h"

#include <unistd.h>

#include <algorithm>

#include "app/engine/jobs.h"
#include "app/engine/mirror_service.h"
#include "app/engine/telemetry_service.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/time_text.h"

namespace firn::engine {
namespace {

constexpr std::chrono::seconds kBeat{1};
constexpr std::chrono::seconds kLeaseLength{60};
constexpr std::chrono::seconds kLeaseEvery{20};
constexpr uint64_t kFreeBytesMin = 64ULL << 20;
constexpr std::string_view kLeaseTask = "daemon";

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? std::string(name) : "this host";
}

// What a running daemon cannot change.
Result<void> CheckRestart(const project::Project& now, const project::Project& next) {
  std::string what;
  const auto compare = [&](bool same, const char* key) {
    if (!same) what += (what.empty() ? "`" : ", `") + std::string(key) + "`";
  };
  compare(now.state_folder == next.state_folder, "state.folder");
  compare(now.lake.warehouse == next.lake.warehouse, "lake.warehouse");
  compare(now.lake.catalog == next.lake.catalog, "lake.catalog");
  compare(now.catalogs.rest == next.catalogs.rest, "lake.rest");
  compare(now.daemon.listen_address == next.daemon.listen_address &&
              now.daemon.listen_port == next.daemon.listen_port,
          "daemon.listen");
  compare(now.daemon.memory_bytes == next.daemon.memory_bytes, "daemon.memory");
  compare(now.daemon.threads == next.daemon.threads, "daemon.threads");
  compare(now.daemon.jobs_at_once == next.daemon.jobs_at_once, "daemon.jobs_at_once");
  if (what.empty()) return {};
  return Fail(
      Error(Kind::kBadConfig, "ENGINE-RELOAD-001", what + " can be changed by a restart only")
          .At("firn.yaml")
          .Hint("stop the daemon and start it again, or take the change back"));
}

}  // namespace

Daemon::Daemon(DaemonOptions options)
    : options_(std::move(options)),
      watch_(options_.folder + "/firn.yaml",
             {options_.folder + "/rules", options_.folder + "/destinations",
              options_.folder + "/kafka"}) {}

Daemon::~Daemon() {
  // Services before what they stand on, the last first.
  while (!services_.empty()) services_.pop_back();
}

void Daemon::RequestReload() {
  const std::lock_guard lock(mutex_);
  reload_asked_ = true;
  asked_.notify_all();
}

void Daemon::RequestStop() {
  const std::lock_guard lock(mutex_);
  stop_asked_ = true;
  asked_.notify_all();
}

Result<project::Project> Daemon::LoadProject() const {
  project::LoadOptions options;
  options.environment = options_.environment;
  return project::Load(options_.folder, options);
}

// One lease an org: of two hosts that have one org and one lease store, the second is refused.
Result<void> Daemon::TakeLease() {
  const auto project = runtime_->project();
  for (const project::Org& org : project->orgs) {
    state::LeaseTerms terms{.org = org.id,
                            .task = std::string(kLeaseTask),
                            .holder = "firn run of " + project->state_folder + " on " + HostName(),
                            .length = kLeaseLength};
    FIRN_TRY(const state::HeldLease held, runtime_->leases().Acquire(terms));
    leases_.emplace_back(std::move(terms), held.epoch);
  }
  return {};
}

Result<void> Daemon::RenewLease() {
  for (const auto& [terms, epoch] : leases_) {
    auto held = runtime_->leases().Renew(terms, epoch);
    if (held) continue;
    if (held.error().kind() == Kind::kExpired) return Fail(std::move(held).error());
    log::Warn("lease.not_renewed", {{"org", terms.org}, {"error", held.error().OneLine()}});
  }
  return {};
}

void Daemon::ReleaseLease() {
  for (const auto& [terms, epoch] : leases_) {
    auto released = runtime_->leases().Release(terms, epoch);
    if (!released) log::Warn("lease.not_released", {{"error", released.error().OneLine()}});
  }
  leases_.clear();
}

void Daemon::AddServices() {
  auto http = std::make_unique<HttpService>(
      *runtime_, [this] { return HealthOfAll(); }, [this] { events_->RefreshGauges(); });
  auto telemetry = std::make_unique<TelemetryService>(
      *runtime_, TelemetryParts{.version = options_.version, .refresh = [this](const Call& call) {
                                  runtime_->RefreshGauges(call);
                                  events_->RefreshGauges();
                                }});
  auto scheduler = std::make_unique<Scheduler>(
      SchedulerParts{.shared = runtime_->shared(),
                     .metrics = &runtime_->metrics(),
                     .spans = [this] { return runtime_->spans(); },
                     .make_jobs =
                         [this](const project::Project& project) {
                           return JobsOf(project, *runtime_, *publisher_);
                         },
                     .jobs_at_once = runtime_->project()->daemon.jobs_at_once},
      runtime_->project());
  auto events = std::make_unique<EventService>(*runtime_);
  auto catalog = std::make_unique<CatalogService>(*runtime_);
  http_ = http.get();
  scheduler_ = scheduler.get();
  events_ = events.get();
  catalog_ = catalog.get();
  AdminHooks hooks{.status_json = [this] { return StatusJson(); },
                   .runs_json = [this] { return RunsJson(); },
                   .reload = [this] { return Reload(); },
                   .stop = [this] { RequestStop(); },
                   .run_job = [this](const std::string& job) { return scheduler_->RunNow(job); },
                   .host = options_.host};
  services_.push_back(std::move(telemetry));
  services_.push_back(std::move(http));
  services_.push_back(std::make_unique<AdminService>(*runtime_, *options_.logs, std::move(hooks)));
  services_.push_back(std::move(catalog));
  services_.push_back(std::make_unique<MirrorService>(*runtime_));
  services_.push_back(std::move(scheduler));
  services_.push_back(std::move(events));
}

Result<void> Daemon::StartServices(const Call& call) {
  for (const auto& service : services_) {
    FIRN_CHECK(Doing(service->Start(call), "starting " + std::string(service->name())));
  }
  return {};
}

void Daemon::DrainServices(const Call& call) {
  Call draining = call;
  draining.stop = {};
  draining.deadline = SteadyTime::max();
  draining = draining.Within(runtime_->project()->daemon.drain_within);
  for (auto service = services_.rbegin(); service != services_.rend(); ++service) {
    (*service)->Drain(draining);
  }
}

Result<void> Daemon::Reload() {
  const std::lock_guard one_at_a_time(reloading_);
  const auto refuse = [&](Error error) {
    {
      const std::lock_guard lock(mutex_);
      reload_error_ = error.OneLine();
    }
    log::Err("config.refused", {{"error", error.OneLine()}, {"hint", error.hint()}});
    return Fail(std::move(error));
  };
  // Before it is read: what changes while it is read is a change still.
  watch_.Take();
  auto loaded = LoadProject();
  if (!loaded) return refuse(std::move(loaded).error());
  const auto next = std::make_shared<const project::Project>(*std::move(loaded));
  if (auto can = CheckRestart(*runtime_->project(), *next); !can) {
    return refuse(std::move(can).error());
  }
  std::vector<std::function<void()>> changes;
  for (const auto& service : services_) {
    auto change = service->PrepareReload(next);
    if (!change) return refuse(std::move(change).error());
    changes.push_back(*std::move(change));
  }
  runtime_->SetProject(next);
  for (const auto& change : changes) change();
  const std::lock_guard lock(mutex_);
  reload_error_.clear();
  reloaded_ = SystemClock().Now();
  log::Info("config.reloaded", {{"jobs", static_cast<int64_t>(next->schedules.size())}});
  return {};
}

// What is to be done once a second.
Result<void> Daemon::Beat(const Call& call, SteadyTime now) {
  bool reload = false;
  {
    const std::lock_guard lock(mutex_);
    reload = std::exchange(reload_asked_, false);
  }
  if (watch_.Changed(call.clock->Now())) reload = true;
  if (reload) {
    notify_.Send("RELOADING=1\nMONOTONIC_USEC=" +
                 std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(
                                    call.clock->Steady().time_since_epoch())
                                    .count()));
    (void)Reload();  // said in the log and the status
    notify_.Send("READY=1");
  }
  if (now >= lease_due_) {
    lease_due_ = now + kLeaseEvery;
    FIRN_CHECK(RenewLease());
  }
  if (notify_.watchdog() && now >= watchdog_due_) {
    watchdog_due_ = now + *notify_.watchdog();
    notify_.Send("WATCHDOG=1");
  }
  return {};
}

Result<void> Daemon::Run(const Call& call) {
  notify_ = ServiceNotify::FromEnvironment();
  began_ = call.clock->Now();
  watch_.Take();
  FIRN_TRY(project::Project project, LoadProject());
  FIRN_TRY(runtime_, Runtime::Open(std::move(project), "firn run"));
  FIRN_CHECK(TakeLease());
  publisher_ =
      std::make_unique<LimitsPublisher>(runtime_->metrics(), PutToCloudWatch(), options_.emf_line);
  AddServices();
  Result<void> outcome = StartServices(call);
  if (outcome) {
    started_ = true;
    lease_due_ = call.clock->Steady() + kLeaseEvery;
    log::Info("daemon.ready", {{"project", runtime_->project()->name},
                               {"version", options_.version},
                               {"pid", static_cast<int64_t>(getpid())}});
    notify_.Send("READY=1");
    if (options_.on_ready) options_.on_ready();
    while (outcome && !call.stop.stop_requested()) {
      outcome = Beat(call, call.clock->Steady());
      std::unique_lock lock(mutex_);
      asked_.wait_for(lock, call.stop, kBeat, [this] { return reload_asked_ || stop_asked_; });
      if (stop_asked_) break;
    }
  }
  draining_ = true;
  notify_.Send("STOPPING=1");
  log::Info("daemon.draining", {});
  DrainServices(call);
  ReleaseLease();
  log::Info("daemon.stopped", {});
  return outcome;
}

std::vector<ServiceHealth> Daemon::HealthOfAll() {
  if (!started_) return {};
  std::vector<ServiceHealth> all;
  if (draining_) all.push_back({"daemon", {false, "draining"}});
  for (const auto& service : services_) {
    all.push_back({std::string(service->name()), service->Check()});
  }
  if (const auto free = FreeBytes(runtime_->project()->state_folder);
      free && *free < kFreeBytesMin) {
    all.push_back({"disk", {false, "less than 64 MiB are free for state and tables"}});
  }
  return all;
}

}  // namespace firn::engine
