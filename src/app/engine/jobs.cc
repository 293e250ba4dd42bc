#include "app/engine/jobs.h"

#include <optional>

#include "core/base/log.h"

namespace firn::engine {
namespace {

constexpr std::chrono::minutes kUsageEvery{5};

ScheduleText TextOf(const project::ScheduledJob& job) {
  return {job.when, job.time_zone, job.when_where_in_file};
}

std::string RateText(std::chrono::milliseconds every) {
  const auto seconds = std::max<int64_t>(1, every.count() / 1000);
  return "rate(" + std::to_string(seconds) + (seconds == 1 ? " second)" : " seconds)");
}

Result<Job> LookJob(const std::string& name, std::chrono::milliseconds every,
                    std::function<Result<std::string>(const Call&)> run) {
  Job job{.name = name,
          .org = "",
          .kind = "limits",
          .when = RateText(every),
          .schedule = nullptr,
          .run = std::move(run)};
  FIRN_TRY(job.schedule, ParseSchedule({job.when, "UTC", "daemon.limits_every"}));
  return job;
}

// Calls `each` with every org; one that fails does not keep the others from being asked.
Result<std::string> EachOrg(Runtime& runtime,
                            const std::function<Result<void>(const project::Org&)>& each) {
  std::optional<Error> first;
  const auto project = runtime.project();
  for (const project::Org& org : project->orgs) {
    auto done = each(org);
    if (done || first) continue;
    first = std::move(done).error().Doing("looking at the limits of org `" + org.id + "`");
  }
  if (first) return Fail(*std::move(first));
  return std::string("done");
}

}  // namespace

Result<std::vector<Job>> JobsOf(const project::Project& project, Runtime& runtime,
                                LimitsPublisher& publisher) {
  std::vector<Job> jobs;
  for (const project::ScheduledJob& job : project.schedules) {
    FIRN_TRY(auto schedule, ParseSchedule(TextOf(job)));
    const bool maintain = job.kind == project::JobKind::kMaintain;
    jobs.push_back({.name = job.name,
                    .org = job.org,
                    .kind = std::string(project::JobKindName(job.kind)),
                    .when = job.when,
                    .schedule = std::move(schedule),
                    .run = [&runtime, job, maintain](const Call& call) {
                      return maintain ? RunMaintainJob(call, runtime, job)
                                      : RunExportJob(call, runtime, job);
                    }});
  }
  if (project.daemon.limits_every.count() > 0) {
    FIRN_TRY(Job limits, LookJob("firn.limits", project.daemon.limits_every,
                                 [&runtime, &publisher](const Call& call) {
                                   return RunLimitsJob(call, runtime, publisher);
                                 }));
    jobs.push_back(std::move(limits));
  }
  if (project.daemon.cloudwatch != project::CloudWatchMode::kOff) {
    FIRN_TRY(Job usage,
             LookJob("firn.usage", kUsageEvery, [&runtime, &publisher](const Call& call) {
               return RunUsageJob(call, runtime, publisher);
             }));
    jobs.push_back(std::move(usage));
  }
  return jobs;
}

Result<std::string> RunLimitsJob(const Call& call, Runtime& runtime, LimitsPublisher& publisher) {
  return EachOrg(runtime, [&](const project::Org& org) -> Result<void> {
    auto link = runtime.Link(call, org.id);
    if (!link) return Fail(std::move(link).error());
    auto limits = (*link)->org().rest().FetchLimits(call);
    if (!limits) {
      if (limits.error().kind() == Kind::kDenied) runtime.DropLink(org.id);
      return Fail(std::move(limits).error());
    }
    return publisher.Publish(call, runtime.project()->daemon, org.id, *limits);
  });
}

Result<std::string> RunUsageJob(const Call& call, Runtime& runtime, LimitsPublisher& publisher) {
  return EachOrg(runtime, [&](const project::Org& org) -> Result<void> {
    const auto link = runtime.OpenedLink(org.id);
    if (!link) return {};
    FIRN_TRY(const salesforce::BudgetView view, link->org().budget().View(call));
    return publisher.PublishUsage(call, runtime.project()->daemon, org.id, view);
  });
}

}  // namespace firn::engine
