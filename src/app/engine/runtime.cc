#include "app/engine/runtime.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "app/engine/lake_access.h"
#include "app/engine/project_secrets.h"
#include "core/base/file.h"
#include "core/base/log.h"

namespace firn::engine {
namespace {

// What an export of one lane takes (patterns/exports/run.cc): less cannot be held to.
constexpr int64_t kJobBytesLeast = 256LL << 20;

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Resident bytes of this process; 0 when the system does not tell.
double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t size = 0;
  int64_t resident = 0;
  statm >> size >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

bool SameSecret(const config::SecretRef& a, const config::SecretRef& b) {
  return a.source == b.source && a.name == b.name;
}

}  // namespace

bool SameLink(const project::Org& a, const project::Org& b) {
  return a.id == b.id && a.login_url == b.login_url && a.auth.flow == b.auth.flow &&
         a.auth.client_id == b.auth.client_id && a.auth.username == b.auth.username &&
         a.auth.audience == b.auth.audience && SameSecret(a.auth.key, b.auth.key) &&
         SameSecret(a.auth.next_key, b.auth.next_key) &&
         SameSecret(a.auth.client_secret, b.auth.client_secret) &&
         SameSecret(a.auth.refresh_token, b.auth.refresh_token) && a.api_version == b.api_version &&
         a.ca_file == b.ca_file && a.proxy == b.proxy && a.gzip == b.gzip &&
         a.limits.share == b.limits.share &&
         a.limits.calls_per_run_max == b.limits.calls_per_run_max;
}

Result<std::unique_ptr<Runtime>> Runtime::Open(project::Project project,
                                               const std::string& purpose) {
  std::unique_ptr<Runtime> runtime(new Runtime);
  const std::string folder = project.state_folder;
  FIRN_TRY(runtime->db_, state::StateDb::Open(folder, {.read_only = false, .purpose = purpose}));
  FIRN_TRY(runtime->shared_, state::SharedState::Open(state::SharedStatePath(folder)));
  runtime->ledger_ = std::make_unique<state::Ledger>(runtime->db_);
  runtime->checkpoints_ = std::make_unique<state::Checkpoints>(runtime->db_);
  runtime->leases_ = state::NewSqliteLeases(runtime->shared_, SystemClock());
  runtime->budget_ =
      std::make_unique<WorkBudget>(project.daemon.memory_bytes, project.daemon.threads);
  runtime->project_ = std::make_shared<const project::Project>(std::move(project));
  return runtime;
}

Runtime::~Runtime() = default;

std::shared_ptr<const project::Project> Runtime::project() const {
  const std::lock_guard lock(mutex_);
  return project_;
}

void Runtime::SetProject(std::shared_ptr<const project::Project> next) {
  std::vector<OpenLink> gone;  // closed after the lock
  const std::lock_guard lock(mutex_);
  for (auto link = links_.begin(); link != links_.end();) {
    const auto before = link->second.made_from->FindOrg(link->first);
    const auto after = next->FindOrg(link->first);
    if (before && after && SameLink(**before, **after)) {
      ++link;
    } else {
      gone.push_back(std::move(link->second));
      link = links_.erase(link);
    }
  }
  project_ = std::move(next);
}

std::shared_ptr<OrgLink> Runtime::OpenedLink(const std::string& org) const {
  const std::lock_guard lock(mutex_);
  const auto found = links_.find(org);
  return found == links_.end() ? nullptr : found->second.link;
}

Result<std::shared_ptr<OrgLink>> Runtime::Link(const Call& call, const std::string& org) {
  const std::lock_guard opening(opening_);
  if (auto link = OpenedLink(org)) return link;
  const std::shared_ptr<const project::Project> project = this->project();
  FIRN_TRY(const project::Org* definition, project->FindOrg(org));
  const auto secrets = ProjectSecrets(project->folder);
  FIRN_TRY(std::shared_ptr<OrgLink> link,
           OrgLink::Open(call, *project, *definition, *secrets, &metrics_));
  for (const std::string& warning : link->org().warnings()) {
    log::Warn("org.warning", {{"org", org}, {"text", warning}});
  }
  const std::lock_guard lock(mutex_);
  links_[org] = {link, project};
  return link;
}

void Runtime::DropLink(const std::string& org) {
  OpenLink gone;
  const std::lock_guard lock(mutex_);
  const auto found = links_.find(org);
  if (found == links_.end()) return;
  gone = std::move(found->second);
  links_.erase(found);
}

Result<std::shared_ptr<lake::Lake>> Runtime::Lake() {
  const std::lock_guard lock(mutex_);
  if (!lake_) {
    const auto secrets = ProjectSecrets(project_->folder);
    FIRN_TRY(lake_, OpenLakeOf(Call(), *project_, *secrets));
  }
  return lake_;
}

WorkShare Runtime::ShareOfJob(std::string key) const {
  const int jobs = std::max(1, project()->daemon.jobs_at_once);
  // A job with less would use this all the same: then fewer run at once.
  const int64_t memory = std::max(budget_->memory_bytes() / jobs, kJobBytesLeast);
  return {std::min(memory, budget_->memory_bytes()), std::max(1, budget_->threads() / jobs),
          std::move(key)};
}

Result<WorkBudget::Slot> TakeShare(const Call& call, Runtime& runtime, std::string key) {
  Span span(runtime.spans(), call, {.name = "wait for a share"});
  auto slot = runtime.budget().Take(span.call(), runtime.ShareOfJob(std::move(key)));
  span.Conclude(slot);
  return slot;
}

void Runtime::RefreshGauges(const Call& call) {
  const auto now = project();
  for (const project::Org& org : now->orgs) {
    const auto link = OpenedLink(org.id);
    if (!link) continue;
    const auto view = link->org().budget().View(call);
    if (!view || !view->known) continue;
    metrics_
        .GetGauge("api_requests_used", {{"org", org.id}},
                  "API requests of the last 24 hours, as the org's last answer said")
        .Set(static_cast<double>(view->calls_used));
    metrics_.GetGauge("api_requests_max", {{"org", org.id}}, "API requests allowed in 24 hours")
        .Set(static_cast<double>(view->calls_max));
  }
  const WorkBudget::Use use = budget_->use();
  metrics_.GetGauge("budget_memory_used_bytes", {}, "Memory that running jobs were given")
      .Set(static_cast<double>(use.memory_bytes));
  metrics_.GetGauge("budget_memory_bytes", {}, "Memory that jobs share")
      .Set(static_cast<double>(budget_->memory_bytes()));
  metrics_.GetGauge("budget_threads_used", {}, "Threads that running jobs were given")
      .Set(use.threads);
  metrics_.GetGauge("budget_waiting", {}, "Jobs that wait for a share")
      .Set(static_cast<double>(use.waiting));
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    metrics_.GetGauge("process_cpu_seconds_total", {}, "User and system CPU time of this process")
        .Set(Seconds(usage.ru_utime) + Seconds(usage.ru_stime));
  }
  metrics_.GetGauge("process_resident_memory_bytes", {}, "Resident memory of this process")
      .Set(ResidentBytes());
  if (const auto free = FreeBytes(now->state_folder)) {
    metrics_.GetGauge("state_free_bytes", {}, "Free bytes of the state folder's file system")
        .Set(static_cast<double>(*free));
  }
}

}  // namespace firn::engine
