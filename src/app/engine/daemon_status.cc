// What `firn status` and `firn runs` are told.
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "app/engine/daemon.h"
#include "core/base/time_text.h"

namespace firn::engine {
namespace {

using nlohmann::json;
constexpr int kRunsListed = 50;

json Instant(const std::optional<UtcMicros>& time) {
  return time ? json(FormatUtc(*time, 0)) : json(nullptr);
}

std::string Dumped(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

json JobJson(const JobStatus& job) {
  return {{"name", job.name},
          {"org", job.org.empty() ? json(nullptr) : json(job.org)},
          {"kind", job.kind},
          {"when", job.when},
          {"next", Instant(job.next)},
          {"started", Instant(job.started)},
          {"finished", Instant(job.finished)},
          {"state", job.running   ? "running"
                    : job.waiting ? "waiting"
                                  : "idle"},
          {"outcome", job.outcome},
          {"error", job.error},
          {"runs", job.runs},
          {"failures", job.failures}};
}

json FreshnessJson(const StreamStatus& stream) {
  json tables = json::array();
  for (const TableFreshness& fresh : stream.freshness) {
    tables.push_back({{"table", fresh.table},
                      {"event_time", Instant(fresh.event_time)},
                      {"seconds", fresh.seconds ? json(*fresh.seconds) : json(nullptr)}});
  }
  return tables;
}

json StreamJson(const StreamStatus& stream) {
  return {{"org", stream.org},
          {"topic", stream.topic},
          {"state", StreamConditionName(stream.condition)},
          {"detail", stream.detail},
          {"since", FormatUtc(stream.since, 0)},
          {"again", Instant(stream.again)},
          {"tables", stream.tables},
          {"events", stream.events},
          {"rows", stream.rows},
          {"quarantined", stream.quarantined},
          {"restarts", stream.restarts},
          {"event_time", Instant(stream.event_time)},
          {"lag_seconds", stream.lag_seconds ? json(*stream.lag_seconds) : json(nullptr)},
          {"freshness", FreshnessJson(stream)}};
}

json RulesJson(const std::optional<RulesStatus>& rules) {
  if (!rules) return nullptr;
  return {{"state", rules->state},
          {"detail", rules->detail},
          {"rules", rules->rules},
          {"deliveries_waiting", rules->waiting},
          {"dead_letters", rules->dead_letters}};
}

json BudgetJson(const WorkBudget& budget) {
  const WorkBudget::Use use = budget.use();
  return {{"memory_bytes", budget.memory_bytes()},
          {"memory_used", use.memory_bytes},
          {"threads", budget.threads()},
          {"threads_used", use.threads},
          {"waiting", use.waiting}};
}

}  // namespace

std::string Daemon::StatusJson() {
  const auto project = runtime_->project();
  json jobs = json::array();
  for (const JobStatus& job : scheduler_->Jobs()) jobs.push_back(JobJson(job));
  json services = json::array();
  for (const ServiceHealth& each : HealthOfAll()) {
    services.push_back(
        {{"service", each.service}, {"ready", each.health.ready}, {"detail", each.health.detail}});
  }
  json orgs = json::array();
  for (const project::Org& org : project->orgs) {
    json line = {{"org", org.id}, {"linked", false}};
    if (const auto link = runtime_->OpenedLink(org.id)) {
      line["linked"] = true;
      if (const auto view = link->org().budget().View({}); view && view->known) {
        line["calls_used"] = view->calls_used;
        line["calls_max"] = view->calls_max;
      }
    }
    orgs.push_back(std::move(line));
  }
  json streams = json::array();
  for (const StreamStatus& stream : events_->Streams()) streams.push_back(StreamJson(stream));
  json rules = RulesJson(events_->Rules());
  const std::lock_guard lock(mutex_);
  return Dumped({{"pid", getpid()},
                 {"version", options_.version},
                 {"project", project->name},
                 {"folder", project->folder},
                 {"environment", project->environment},
                 {"since", FormatUtc(began_, 0)},
                 {"state", draining_  ? "draining"
                           : started_ ? "running"
                                      : "starting"},
                 {"http_port", http_->port()},
                 {"reloaded", Instant(reloaded_)},
                 {"reload_error", reload_error_},
                 {"services", std::move(services)},
                 {"budget", BudgetJson(runtime_->budget())},
                 {"orgs", std::move(orgs)},
                 {"catalog_url", catalog_->url()},
                 {"streams", std::move(streams)},
                 {"rules", std::move(rules)},
                 {"jobs", std::move(jobs)}});
}

// What is followed right now comes first: it is a run that has not ended.
std::string Daemon::RunsJson() {
  json runs = json::array();
  for (const StreamStatus& stream : events_->Streams()) {
    runs.push_back({{"org", stream.org},
                    {"run_id", "events " + stream.topic},
                    {"state", StreamConditionName(stream.condition)},
                    {"started", FormatUtc(stream.since, 0)},
                    {"finished", nullptr},
                    {"outcome", std::to_string(stream.events) + " events"}});
  }
  const auto found = runtime_->ledger().Runs("", kRunsListed);
  if (!found) return Dumped({{"runs", runs}});
  for (const state::RunRow& run : *found) {
    runs.push_back({{"org", run.org},
                    {"run_id", run.run_id},
                    {"state", state::RunStateName(run.state)},
                    {"started", FormatUtc(run.started, 0)},
                    {"finished", Instant(run.finished)},
                    {"outcome", run.outcome}});
  }
  return Dumped({{"runs", std::move(runs)}});
}

}  // namespace firn::engine
