// Runtime: what the daemon's services share: the project as it is now, its state (locked for this
// process), the links to its orgs, the lake, metrics and the budget of work.
//
// One a process. Opened before the services and closed after them; any thread may use it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "app/engine/org_link.h"
#include "app/engine/work_budget.h"
#include "core/base/metrics.h"
#include "core/base/span.h"
#include "core/project/project.h"
#include "core/state/checkpoints.h"
#include "core/state/lease.h"
#include "core/state/ledger.h"
#include "core/state/shared_state.h"
#include "core/state/state_db.h"
#include "ends/lake/table.h"

namespace firn::engine {

class Runtime {
 public:
  // Takes the lock of the project's state. Errors: Conflict (STATE-LOCK-001) naming who holds it.
  [[nodiscard]] static Result<std::unique_ptr<Runtime>> Open(project::Project project,
                                                             const std::string& purpose);
  ~Runtime();

  [[nodiscard]] std::shared_ptr<const project::Project> project() const;
  // The new definitions count for whatever begins from now on; links to orgs whose definition
  // changed are opened anew when next asked for.
  void SetProject(std::shared_ptr<const project::Project> next);

  // The org, opened when first asked for and kept. Errors: of OrgLink::Open; PROJECT-ORG-001.
  [[nodiscard]] Result<std::shared_ptr<OrgLink>> Link(const Call& call, const std::string& org);
  // The link if it is open now; null otherwise.
  [[nodiscard]] std::shared_ptr<OrgLink> OpenedLink(const std::string& org) const;
  // Its secrets were refused, say: the next Link resolves them anew.
  void DropLink(const std::string& org);
  [[nodiscard]] Result<std::shared_ptr<lake::Lake>> Lake();

  [[nodiscard]] const std::shared_ptr<state::StateDb>& state_db() const { return db_; }
  [[nodiscard]] state::Ledger& ledger() { return *ledger_; }
  [[nodiscard]] state::Checkpoints& checkpoints() { return *checkpoints_; }
  [[nodiscard]] const std::shared_ptr<state::SharedState>& shared() const { return shared_; }
  [[nodiscard]] state::Leases& leases() { return *leases_; }
  [[nodiscard]] MetricsRegistry& metrics() { return metrics_; }
  // Null when spans are told to nobody. Set before the services begin; outlives them.
  [[nodiscard]] SpanSink* spans() const { return spans_; }
  void SetSpans(SpanSink* spans) { spans_ = spans; }
  [[nodiscard]] WorkBudget& budget() { return *budget_; }
  // What one of `jobs_at_once` jobs may use.
  [[nodiscard]] WorkShare ShareOfJob(std::string key) const;

  // Sets the gauges that are looked up, not counted: what the orgs' last answers said of their API
  // usage, memory and CPU of this process. Called before the metrics are read.
  void RefreshGauges(const Call& call);

 private:
  Runtime() = default;
  struct OpenLink {
    std::shared_ptr<OrgLink> link;
    std::shared_ptr<const project::Project> made_from;
  };
  mutable std::mutex mutex_;
  std::shared_ptr<const project::Project> project_;
  MetricsRegistry metrics_;
  SpanSink* spans_ = nullptr;
  std::shared_ptr<state::StateDb> db_;
  std::shared_ptr<state::SharedState> shared_;
  std::unique_ptr<state::Ledger> ledger_;
  std::unique_ptr<state::Checkpoints> checkpoints_;
  std::unique_ptr<state::Leases> leases_;
  std::unique_ptr<WorkBudget> budget_;
  std::shared_ptr<lake::Lake> lake_;
  std::map<std::string, OpenLink> links_;
  std::mutex opening_;  // one link is opened at a time, without holding mutex_
};

// Waits for the share of a job. Errors: as WorkBudget::Take.
[[nodiscard]] Result<WorkBudget::Slot> TakeShare(const Call& call, Runtime& runtime,
                                                 std::string key);
// Whether two definitions of an org lead to the same link.
[[nodiscard]] bool SameLink(const project::Org& a, const project::Org& b);

}  // namespace firn::engine
