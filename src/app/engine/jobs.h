// The jobs that the daemon knows: exports and maintenance as firn.yaml schedules them, and the poll
// of the orgs' limits.
#pragma once

#include <string>
#include <vector>

#include "app/engine/limits_publisher.h"
#include "app/engine/runtime.h"
#include "app/engine/scheduler.h"

namespace firn::engine {

// Errors: BadConfig (ENGINE-SCHEDULE-001). `runtime` and `publisher` outlive the jobs.
[[nodiscard]] Result<std::vector<Job>> JobsOf(const project::Project& project, Runtime& runtime,
                                              LimitsPublisher& publisher);

// What one run of each does. An export goes on first with the org's newest run if that was cut
// short, then reads what is new. Returns the verdict. Errors: of the run's first object that
// failed, Cancelled when it was stopped: the next run goes on from what is durable.
[[nodiscard]] Result<std::string> RunExportJob(const Call& call, Runtime& runtime,
                                               const project::ScheduledJob& job);
// Maintains every table of the org's namespace, or all. One that cannot be maintained does not keep
// the others waiting; its error is returned in the end.
[[nodiscard]] Result<std::string> RunMaintainJob(const Call& call, Runtime& runtime,
                                                 const project::ScheduledJob& job);
// Reads `/limits` of every org and publishes them.
[[nodiscard]] Result<std::string> RunLimitsJob(const Call& call, Runtime& runtime,
                                               LimitsPublisher& publisher);
// Publishes what the answers of other calls have said of the usage since the last time.
[[nodiscard]] Result<std::string> RunUsageJob(const Call& call, Runtime& runtime,
                                              LimitsPublisher& publisher);

}  // namespace firn::engine
