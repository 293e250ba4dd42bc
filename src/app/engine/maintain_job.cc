#include <optional>

#include "app/engine/jobs.h"
#include "core/base/log.h"
#include "ends/lake/maintain/maintenance.h"

namespace firn::engine {
namespace {

Result<lake::MaintainReport> MaintainTable(const Call& call, Runtime& runtime, lake::Lake& lake,
                                           const lake::TableIdent& ident,
                                           const lake::MaintainOptions& options) {
  Span span(runtime.spans(), call,
            {.name = "maintain table", .attributes = {{"firn.table", ident.Text()}}});
  auto report = lake::Maintain(span.call(), lake, ident, options);
  span.Conclude(report);
  if (!report) return report;
  span.Set("firn.files_before", report->compaction.files_before);
  span.Set("firn.files_after", report->compaction.files_after);
  span.Set("firn.snapshots_expired", report->snapshots_expired);
  span.Set("firn.orphans_removed", report->orphans_removed);
  return report;
}

}  // namespace

Result<std::string> RunMaintainJob(const Call& call, Runtime& runtime,
                                   const project::ScheduledJob& job) {
  FIRN_TRY(const auto slot, TakeShare(call, runtime, "maintain"));
  FIRN_TRY(const auto lake, runtime.Lake());
  std::string ns;
  const auto project = runtime.project();
  if (!job.org.empty()) {
    FIRN_TRY(const project::Org* org, project->FindOrg(job.org));
    ns = project->NamespaceOf(*org);
  }
  FIRN_TRY(const auto idents, lake->Tables(ns));
  lake::MaintainOptions options;
  options.compaction.memory_bytes = slot.share().memory_bytes / 2;
  std::optional<Error> first;
  for (const lake::TableIdent& ident : idents) {
    FIRN_CHECK(call.Check());
    auto report = MaintainTable(call, runtime, *lake, ident, options);
    if (!report) {
      if (report.error().kind() == Kind::kCancelled) return Fail(std::move(report).error());
      log::Warn("maintain.failed", {{"table", ident.Text()}, {"error", report.error().OneLine()}});
      if (!first) first = std::move(report).error().Doing("maintaining " + ident.Text());
      continue;
    }
    log::Debug("maintain.done", {{"table", ident.Text()},
                                 {"files_before", report->compaction.files_before},
                                 {"files_after", report->compaction.files_after},
                                 {"snapshots_expired", report->snapshots_expired},
                                 {"orphans_removed", report->orphans_removed}});
  }
  if (first) return Fail(*std::move(first));
  return std::string("done");
}

}  // namespace firn::engine
