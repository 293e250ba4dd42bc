// sandbox status, seed, faults, events, log: what a running org is asked.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/commands/sandbox_link.h"
#include "core/base/file.h"
#include "sandbox/door/server.h"

namespace firn::cli {
namespace {

using nlohmann::json;

Table ObjectTable(const json& objects, std::string format) {
  Table table{.format = std::move(format),
              .columns = {{.key = "name", .title = "object", .ink = Ink::kName},
                          {.key = "rows", .title = "rows", .right = true},
                          {.key = "deleted", .title = "in the bin", .right = true}},
              .rows = {},
              .when_empty = {}};
  for (const json& object : objects) {
    table.rows.push_back({object.value("name", ""), object.value("rows", int64_t{0}),
                          object.value("deleted", int64_t{0})});
  }
  return table;
}

Result<ExitCode> Status(Context& context) {
  FIRN_TRY(json status, Ask(context, "GET", "status"));
  // Where its gRPC port is stands in the file that `up` keeps beside the org.
  const auto kept =
      context.Has("url") ? Result<std::string>("") : ReadFile(RunningFile(context.Text("folder")));
  const json facts = kept ? json::parse(*kept, nullptr, false) : json();
  for (const char* key : {"pubsub_endpoint", "pubsub_tls_endpoint"}) {
    if (facts.is_object()) status[key] = facts.value(key, "");
  }
  context.out().Json("firn.sandbox.status/1", status.dump());
  if (context.out().json()) return ExitCode::kDone;
  const json limits = status.value("limits", json::object());
  const auto limit = [&](const char* name) {
    const json one = limits.value(name, json::object());
    return fmt::format("{} of {}", one.value("used", int64_t{0}), one.value("max", int64_t{0}));
  };
  context.out().Print(
      "firn.sandbox.status/1",
      {{"org_id", "org id", status.value("org_id", "")},
       {"now", "its clock", status.value("now", "")},
       {"requests", "requests", status.value("requests", int64_t{0})},
       {"sessions", "sessions", status.value("sessions", int64_t{0})},
       {"api_requests", "API requests of the day", limit("api_requests")},
       {"bulk_query_jobs", "query jobs of the day", limit("bulk_query_jobs")},
       {"delivered_events", "events delivered of the day", limit("delivered_events")},
       {"pubsub_endpoint", "Pub/Sub API", status.value("pubsub_endpoint", "")},
       {"pubsub_tls_endpoint", "Pub/Sub API (TLS)", status.value("pubsub_tls_endpoint", "")},
       {"faults", "faults set", static_cast<int64_t>(status["faults"].size())}});
  context.out().Line("");
  context.out().Print(
      ObjectTable(status.value("objects", json::array()), "firn.sandbox.objects/1"));
  return ExitCode::kDone;
}

Result<ExitCode> Seed(Context& context) {
  json wish = {{"scale", context.Number("scale")}};
  if (context.Has("object")) wish["object"] = context.Text("object");
  if (context.Has("rows")) wish["rows"] = context.Integer("rows");
  json report;
  if (context.Has("url") || IsRunning(context.Text("folder"))) {
    FIRN_TRY(report, Ask(context, "POST", "seed", wish.dump()));
  } else {
    FIRN_TRY(const auto org, sandbox::Org::Open({.folder = context.Text("folder")}));
    sandbox::SeedOptions options;
    options.scale = context.Number("scale");
    options.object = context.Text("object");
    if (context.Has("rows")) options.rows = static_cast<uint64_t>(context.Integer("rows"));
    options.progress = [&](std::string_view object, uint64_t rows) {
      context.progress().Update(
          {.what = "making " + std::string(object), .rows = static_cast<int64_t>(rows)});
    };
    FIRN_TRY(const sandbox::SeedReport made, org->Seed(options));
    report["objects"] = json::array();
    for (const auto& [name, rows] : made.rows) {
      report["objects"].push_back({{"name", name}, {"rows", rows}});
    }
  }
  context.out().Print(ObjectTable(report.value("objects", json::array()), "firn.sandbox.seed/1"));
  return ExitCode::kDone;
}

Table FaultTable(const json& faults) {
  Table table{.format = "firn.sandbox.faults/1",
              .columns = {{.key = "name", .title = "name", .ink = Ink::kName},
                          {.key = "effect", .title = "effect"},
                          {.key = "path", .title = "path", .shrink = true},
                          {.key = "seen", .title = "seen", .right = true},
                          {.key = "struck", .title = "struck", .right = true}},
              .rows = {},
              .when_empty = "no faults are set"};
  for (const json& fault : faults) {
    table.rows.push_back({fault.value("name", ""), fault.value("effect", ""),
                          fault.value("path", ""), fault.value("seen", int64_t{0}),
                          fault.value("struck", int64_t{0})});
  }
  return table;
}

Result<ExitCode> Faults(Context& context) {
  if (context.Flag("clear")) FIRN_CHECK(Ask(context, "DELETE", "faults"));
  if (context.Has("add")) FIRN_CHECK(Ask(context, "POST", "faults", context.Text("add")));
  FIRN_TRY(const json faults, Ask(context, "GET", "faults"));
  context.out().Print(FaultTable(faults));
  return ExitCode::kDone;
}

Result<ExitCode> Events(Context& context) {
  json events;
  if (context.Has("set")) {
    FIRN_TRY(events, Ask(context, "POST", "events", context.Text("set")));
  } else {
    FIRN_TRY(events, Ask(context, "GET", "events"));
  }
  context.out().Json("firn.sandbox.events/1", events.dump());
  if (context.out().json()) return ExitCode::kDone;
  std::string selected;
  for (const json& object : events.value("selected", json::array())) {
    selected += (selected.empty() ? "" : ", ") + object.get<std::string>();
  }
  context.out().Print(
      "firn.sandbox.events/1",
      {{"events", "events kept", events.value("events", int64_t{0})},
       {"retention_hours", "hours they are kept", events.value("retention_hours", int64_t{0})},
       {"selected", "objects in /data/ChangeEvents", selected}});
  context.out().Line("");
  Table table{.format = "firn.sandbox.topics/1",
              .columns = {{.key = "topic", .title = "topic", .ink = Ink::kName}},
              .rows = {},
              .when_empty = {}};
  for (const json& topic : events.value("topics", json::array())) {
    table.rows.push_back({topic.get<std::string>()});
  }
  context.out().Print(table);
  return ExitCode::kDone;
}

Result<ExitCode> Log(Context& context) {
  FIRN_TRY(const json log, Ask(context, "GET", "log?count=" + context.Text("count")));
  Table table{.format = "firn.sandbox.log/1",
              .columns = {{.key = "at", .title = "at"},
                          {.key = "client", .title = "client", .ink = Ink::kName},
                          {.key = "method", .title = "method"},
                          {.key = "path", .title = "path", .shrink = true},
                          {.key = "query", .title = "query", .shrink = true},
                          {.key = "status", .title = "status", .right = true},
                          {.key = "cost", .title = "cost", .right = true},
                          {.key = "bytes", .title = "bytes", .right = true},
                          {.key = "ms", .title = "ms", .right = true}},
              .rows = {},
              .when_empty = "no requests yet"};
  for (const json& line : log.value("requests", json::array())) {
    table.rows.push_back({line.value("at", ""), line.value("client", ""), line.value("method", ""),
                          line.value("path", ""), line.value("query", ""),
                          line.value("status", int64_t{0}), line.value("cost", int64_t{0}),
                          line.value("bytes", int64_t{0}), line.value("ms", 0.0)});
  }
  context.out().Print(table);
  return ExitCode::kDone;
}

}  // namespace

void AddSandboxCommands(CommandTree& tree) {
  tree.AddGroup({"sandbox", "a Salesforce org on this machine"});
  AddSandboxUpCommands(tree);
  tree.Add({.path = "sandbox status",
            .summary = "what a running sandbox holds and has answered",
            .options = {FolderOption(), UrlOption()},
            .run = Status});
  tree.Add(
      {.path = "sandbox seed",
       .summary = "make records",
       .options =
           {FolderOption(),
            UrlOption(),
            {.name = "scale",
             .value = "X",
             .help = "1 is about 100,000 records over all objects",
             .type = ValueType::kNumber,
             .default_value = "1"},
            {.name = "object", .value = "NAME", .help = "records of this object only"},
            {.name = "rows", .value = "N", .help = "so many of them", .type = ValueType::kInteger}},
       .examples = {"firn sandbox seed --object Account --rows 1000000"},
       .run = Seed});
  tree.Add({.path = "sandbox faults",
            .summary = "show, add or clear faults on demand",
            .options = {FolderOption(),
                        UrlOption(),
                        {.name = "add", .value = "JSON", .help = "one fault, or a list"},
                        {.name = "clear", .help = "forget all faults first"}},
            .examples = {R"(firn sandbox faults --add '{"effect":"delay","ms":500}')"},
            .run = Faults});
  tree.Add({.path = "sandbox events",
            .summary = "topics of the Pub/Sub API and what decides about events",
            .options = {FolderOption(),
                        UrlOption(),
                        {.name = "set", .value = "JSON", .help = "change these settings first"}},
            .examples = {"firn sandbox events",
                         R"(firn sandbox events --set '{"selected":["Account","Widget__c"]}')"},
            .run = Events});
  tree.Add({.path = "sandbox log",
            .summary = "the last requests: client, answer, cost",
            .options = {FolderOption(),
                        UrlOption(),
                        {.name = "count",
                         .value = "N",
                         .help = "how many",
                         .type = ValueType::kInteger,
                         .default_value = "20"}},
            .run = Log});
  AddSandboxLifeCommands(tree);
}

}  // namespace firn::cli
