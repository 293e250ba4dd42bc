// Planning of scans while the client waits. What does not fit into one answer is named by plan
// tasks, which hold the request and where to go on; of the plan itself only the request is kept.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/base/random.h"
#include "patterns/federation/planning/content_file.h"
#include "patterns/federation/planning/scan_plan.h"
#include "patterns/federation/refusals.h"
#include "patterns/federation/request_body.h"
#include "patterns/federation/routes.h"
#include "patterns/federation/storage/confined_store.h"
#include "patterns/federation/storage/delegation.h"

namespace firn::federation {

using Json = nlohmann::ordered_json;

namespace {

// Files of one answer; a client fetches the others, several answers at a time if it likes.
constexpr size_t kFilesPerAnswer = 5'000;
constexpr size_t kTaskBytesMax = 1 << 20;

Error NoTask() {
  return Error(Kind::kNotFound, "CAT-PLAN-002", "there is no such plan task")
      .Because("it was not given out by this catalog, or the table has changed its snapshots");
}

// The request of the same plan at any later time.
Json Settled(Json request, const ScanPlan& plan) {
  if (!request.contains("end-snapshot-id") && plan.snapshot_id)
    request["snapshot-id"] = *plan.snapshot_id;
  return request;
}

// The settled request, and which part of the plan.
std::string TaskOf(const Json& request, size_t page) {
  return Base64Url(Json{{"request", request}, {"page", page}}.dump());
}

struct Task {
  Json request;
  size_t page = 0;
};
Result<Task> TaskFrom(const std::string& text) {
  if (text.size() > kTaskBytesMax) return Fail(NoTask());
  const auto bytes = FromBase64Url(text);
  if (!bytes) return Fail(NoTask());
  auto json = ParseRequestBody(*bytes);
  if (!json || !json->contains("request") || !(*json)["request"].is_object() ||
      !json->contains("page") || !(*json)["page"].is_number_unsigned())
    return Fail(NoTask());
  return Task{(*json)["request"], (*json)["page"].get<size_t>()};
}

// Tasks of one answer; delete files that several data files share stand there once.
class Answers {
 public:
  Answers(const ScanPlan& plan, const lake::TableMetadata& metadata)
      : plan_(plan), metadata_(metadata) {
    if (!plan.filter_json.empty()) filter_ = Json::parse(plan.filter_json);
  }

  Json Page(size_t page) {
    const size_t begin = std::min(page * kFilesPerAnswer, plan_.files.size());
    const size_t end = std::min(begin + kFilesPerAnswer, plan_.files.size());
    Json tasks = Json::array();
    for (size_t i = begin; i < end; ++i) {
      const lake::LiveFile& live = plan_.files[i];
      Json task = {{"data-file", ContentFileJson(live.file, metadata_, plan_.stats)}};
      Json references = Json::array();
      for (const lake::DataFile& file : live.deletes) references.push_back(Reference(file));
      for (const lake::EqualityDelete& deletes : live.equality)
        references.push_back(Reference(deletes.file));
      if (!references.empty()) task["delete-file-references"] = std::move(references);
      if (!filter_.is_null()) task["residual-filter"] = filter_;
      tasks.push_back(std::move(task));
    }
    Json out = {{"file-scan-tasks", std::move(tasks)}};
    if (!deletes_.empty()) out["delete-files"] = std::move(deletes_);
    return out;
  }

 private:
  size_t Reference(const lake::DataFile& file) {
    // Deletion vectors share a file.
    const std::string key = file.path + "\n" + std::to_string(file.content_offset.value_or(-1));
    const auto [found, added] = places_.emplace(key, deletes_.size());
    if (added) deletes_.push_back(ContentFileJson(file, metadata_, {}));
    return found->second;
  }

  const ScanPlan& plan_;
  const lake::TableMetadata& metadata_;
  Json filter_;
  Json deletes_ = Json::array();
  std::map<std::string, size_t> places_;
};

Result<LoadedTable> TableToPlan(Desk& desk, const Exchange& exchange, EntryName& name) {
  FIRN_TRY(name, exchange.Entry("table"));
  FIRN_CHECK(Require(exchange.principal, Right::kRead, PathOf(name)));
  return desk.tables.Load(exchange.call, name);
}

// The table with what the principal may have read for it.
lake::Table ForPlanning(Desk& desk, const Exchange& exchange, const EntryName& name,
                        const LoadedTable& loaded) {
  const bool any = exchange.principal.May(Right::kRead, {});
  return {IdentOf(name), loaded.metadata, loaded.location,
          any ? desk.store : ConfinedStore(desk.store, *loaded.metadata)};
}

Error NoPlan() {
  return Error(Kind::kNotFound, "CAT-PLAN-003", "there is no such plan")
      .Because("this server did not make it for the table, has forgotten it, or it was cancelled");
}

struct Planned {
  const EntryName& name;
  const LoadedTable& table;
  const ScanPlan& plan;
};

// The first part of a plan, what names the others, and credentials if the client asks for them.
Result<Json> Completed(Desk& desk, const Exchange& exchange, const Planned& planned,
                       const Json& request) {
  const lake::TableMetadata& metadata = *planned.table.metadata;
  Json out = {{"status", "completed"}};
  out.update(Answers(planned.plan, metadata).Page(0));
  Json tasks = Json::array();
  for (size_t page = 1; page * kFilesPerAnswer < planned.plan.files.size(); ++page)
    tasks.push_back(TaskOf(request, page));
  if (!tasks.empty()) out["plan-tasks"] = std::move(tasks);
  if (exchange.headers.Get("X-Iceberg-Access-Delegation")) {
    FIRN_TRY(const Delegated delegated, DelegateAccess(desk, exchange, planned.name, metadata));
    if (!delegated.credentials_json.empty())
      out["storage-credentials"] = Json::parse(delegated.credentials_json);
  }
  return out;
}

}  // namespace

Result<Answer> PlanTableScan(Desk& desk, const Exchange& exchange) {
  EntryName name;
  FIRN_TRY(const LoadedTable loaded, TableToPlan(desk, exchange, name));
  const lake::Table table = ForPlanning(desk, exchange, name, loaded);
  FIRN_TRY(const ScanPlan plan, PlanScan(exchange.call, table, exchange.body));
  const Json request = Settled(exchange.body, plan);
  FIRN_TRY(Json out, Completed(desk, exchange, {name, loaded, plan}, request));
  const std::string id = NewUuid(*exchange.call.random);
  desk.plans.Keep(id, IdentOf(name), request.dump());
  out["plan-id"] = id;
  return JsonAnswer(out);
}

Result<Answer> FetchPlan(Desk& desk, const Exchange& exchange) {
  EntryName name;
  FIRN_TRY(const LoadedTable loaded, TableToPlan(desk, exchange, name));
  const auto kept = desk.plans.Find(exchange.vars.at("plan-id"), IdentOf(name));
  if (!kept) return Fail(NoPlan());
  FIRN_TRY(const Json request, ParseRequestBody(*kept));
  const lake::Table table = ForPlanning(desk, exchange, name, loaded);
  const auto plan = PlanScan(exchange.call, table, request);
  if (!plan && plan.error().code() == "CAT-PLAN-001") return Fail(NoPlan());
  if (!plan) return Fail(plan.error());
  FIRN_TRY(const Json out, Completed(desk, exchange, {name, loaded, *plan}, request));
  return JsonAnswer(out);
}

Result<Answer> CancelPlan(Desk& desk, const Exchange& exchange) {
  EntryName name;
  FIRN_TRY(const LoadedTable loaded, TableToPlan(desk, exchange, name));
  if (!desk.plans.Forget(exchange.vars.at("plan-id"), IdentOf(name))) return Fail(NoPlan());
  return NoContent();
}

Result<Answer> FetchScanTasks(Desk& desk, const Exchange& exchange) {
  EntryName name;
  FIRN_TRY(const LoadedTable loaded, TableToPlan(desk, exchange, name));
  const auto text = exchange.body.find("plan-task");
  if (text == exchange.body.end() || !text->is_string())
    return BadRequest("`plan-task` is missing or no text");
  FIRN_TRY(const Task task, TaskFrom(text->get<std::string>()));
  const lake::Table table = ForPlanning(desk, exchange, name, loaded);
  const auto plan = PlanScan(exchange.call, table, task.request);
  if (!plan && plan.error().code() == "CAT-PLAN-001") return Fail(NoTask());
  if (!plan) return Fail(plan.error());
  if (task.page * kFilesPerAnswer >= std::max<size_t>(plan->files.size(), 1)) return Fail(NoTask());
  return JsonAnswer(Answers(*plan, *loaded.metadata).Page(task.page));
}

}  // namespace firn::federation
