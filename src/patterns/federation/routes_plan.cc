// Planning of scans while the client waits. Nothing is kept of a plan: what does not fit into one
// answer is named by plan tasks, which hold the request and where to go on.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "patterns/federation/planning/content_file.h"
#include "patterns/federation/planning/scan_plan.h"
#include "patterns/federation/refusals.h"
#include "patterns/federation/request_body.h"
#include "patterns/federation/routes.h"
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

// The request with its snapshot settled, and which part of the plan.
std::string TaskOf(Json request, const ScanPlan& plan, size_t page) {
  if (!request.contains("end-snapshot-id") && plan.snapshot_id)
    request["snapshot-id"] = *plan.snapshot_id;
  return Base64Url(Json{{"request", std::move(request)}, {"page", page}}.dump());
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

}  // namespace

Result<Answer> PlanTableScan(Desk& desk, const Exchange& exchange) {
  EntryName name;
  FIRN_TRY(const LoadedTable loaded, TableToPlan(desk, exchange, name));
  const lake::Table table(IdentOf(name), loaded.metadata, loaded.location, desk.store);
  FIRN_TRY(const ScanPlan plan, PlanScan(exchange.call, table, exchange.body));
  Json out = {{"status", "completed"}};
  out.update(Answers(plan, *loaded.metadata).Page(0));
  Json tasks = Json::array();
  for (size_t page = 1; page * kFilesPerAnswer < plan.files.size(); ++page)
    tasks.push_back(TaskOf(exchange.body, plan, page));
  if (!tasks.empty()) out["plan-tasks"] = std::move(tasks);
  if (exchange.headers.Get("X-Iceberg-Access-Delegation")) {
    FIRN_TRY(const Delegated delegated, DelegateAccess(desk, exchange, name, *loaded.metadata));
    if (!delegated.credentials_json.empty())
      out["storage-credentials"] = Json::parse(delegated.credentials_json);
  }
  return JsonAnswer(out);
}

Result<Answer> FetchScanTasks(Desk& desk, const Exchange& exchange) {
  EntryName name;
  FIRN_TRY(const LoadedTable loaded, TableToPlan(desk, exchange, name));
  const auto text = exchange.body.find("plan-task");
  if (text == exchange.body.end() || !text->is_string())
    return BadRequest("`plan-task` is missing or no text");
  FIRN_TRY(const Task task, TaskFrom(text->get<std::string>()));
  const lake::Table table(IdentOf(name), loaded.metadata, loaded.location, desk.store);
  const auto plan = PlanScan(exchange.call, table, task.request);
  if (!plan && plan.error().code() == "CAT-PLAN-001") return Fail(NoTask());
  if (!plan) return Fail(plan.error());
  if (task.page * kFilesPerAnswer >= std::max<size_t>(plan->files.size(), 1)) return Fail(NoTask());
  return JsonAnswer(Answers(*plan, *loaded.metadata).Page(task.page));
}

// Plans are complete when they are answered: there is none to ask for or to cancel.
Result<Answer> NoPlan(Desk& desk, const Exchange& exchange) {
  EntryName name;
  FIRN_TRY(const LoadedTable loaded, TableToPlan(desk, exchange, name));
  return Fail(Error(Kind::kNotFound, "CAT-PLAN-003", "there is no such plan")
                  .Because("scans are planned while the client waits"));
}

}  // namespace firn::federation
