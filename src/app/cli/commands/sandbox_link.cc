#include "app/cli/commands/sandbox_link.h"

#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "core/net/client.h"

namespace firn::cli {

using nlohmann::json;

namespace {

// A sandbox that was killed could not take its file away; but nobody holds the org any more.
bool IsLeftover(const std::string& folder) {
  const std::string lock = folder + "/org.lock";
  return !FileExists(lock) || FileLock::Take(lock, "sandbox link").has_value();
}

}  // namespace

std::string RunningFile(const std::string& folder) { return folder + "/running.json"; }

Result<json> RunningFacts(const std::string& folder) {
  const auto text = ReadFile(RunningFile(folder));
  json facts = text ? json::parse(*text, nullptr, false) : json();
  if (facts.is_object() && !IsLeftover(folder)) return facts;
  return Fail(Error(Kind::kUnreachable, "CLI-SANDBOX-002", "no sandbox runs in this folder")
                  .At(folder)
                  .Hint("start one: `firn sandbox up --folder " + folder + "`"));
}

bool IsRunning(const std::string& folder) { return RunningFacts(folder).has_value(); }

Result<std::string> RunningUrl(Context& context) {
  if (context.Has("url")) return context.Text("url");
  FIRN_TRY(const json facts, RunningFacts(context.Text("folder")));
  return facts.value("http_url", "");
}

// The JSON that the admin endpoint answers; null when the answer has no body.
Result<json> AskAt(Context& context, const std::string& url, const std::string& method,
                   const std::string& path, const std::string& body) {
  net::ClientOptions client;
  client.proxy = "none";
  FIRN_TRY(const auto transport, net::NewHttpClient(client));
  net::Request request;
  request.method = method;
  request.url = url + "/sandbox/" + path;
  request.body = body;
  request.idle_timeout = std::chrono::hours(1);  // seeding answers at its end
  if (!body.empty()) request.headers.Set("Content-Type", "application/json");
  FIRN_TRY(const net::Response response, transport->Send(context.call(), request));
  json answer = json::parse(response.body, nullptr, false);
  if (response.status >= 400) {
    return Fail(Error(Kind::kBadInput, "CLI-SANDBOX-003", "the sandbox refused the request")
                    .Because(answer.is_object() ? answer.value("error", "") : "")
                    .From({"sandbox", response.status, "", ""}));
  }
  return answer.is_discarded() ? json() : answer;
}

Result<json> Ask(Context& context, const std::string& method, const std::string& path,
                 const std::string& body) {
  FIRN_TRY(const std::string url, RunningUrl(context));
  return AskAt(context, url, method, path, body);
}

Option FolderOption() {
  return {.name = "folder",
          .value = "DIR",
          .help = "where the org is kept",
          .default_value = "sandbox-org"};
}

Option UrlOption() {
  return {.name = "url", .value = "URL", .help = "a running sandbox, instead of --folder"};
}

}  // namespace firn::cli
