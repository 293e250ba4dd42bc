#include "app/engine/http_service.h"

#include "core/base/log.h"

namespace firn::engine {
namespace {

constexpr int kThreads = 2;
constexpr size_t kWaitingMax = 64;

net::ServerResponse Text(int status, std::string body) {
  net::ServerResponse response;
  response.status = status;
  response.headers.Set("Content-Type", "text/plain; charset=utf-8");
  response.headers.Set("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

}  // namespace

net::ServerResponse HttpService::Answer(const net::ServerRequest& request, const Call& call) {
  if (request.method != "GET" && request.method != "HEAD") {
    net::ServerResponse refused = Text(405, "only GET\n");
    refused.headers.Set("Allow", "GET, HEAD");
    return refused;
  }
  if (request.path == "/healthz") return Text(200, "ok\n");
  if (request.path == "/readyz") {
    const auto all = health_of_();
    std::string reasons;
    for (const ServiceHealth& each : all) {
      if (!each.health.ready) reasons += each.service + ": " + each.health.detail + "\n";
    }
    if (all.empty()) reasons = "starting\n";
    return reasons.empty() ? Text(200, "ready\n") : Text(503, reasons);
  }
  if (request.path == "/metrics") {
    runtime_.RefreshGauges(call);
    refresh_();
    net::ServerResponse response = Text(200, runtime_.metrics().Prometheus());
    response.headers.Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    return response;
  }
  return Text(404, "there is /healthz, /readyz and /metrics\n");
}

Result<void> HttpService::Start(const Call&) {
  const auto project = runtime_.project();
  if (project->daemon.listen_address.empty()) return {};
  net::ServerOptions options;
  options.address = project->daemon.listen_address;
  options.port = project->daemon.listen_port;
  options.threads = 1;
  options.stream_threads = 1;
  options.body_bytes_max = 4096;
  options.connections_max = 256;
  FIRN_TRY(
      server_,
      net::Listen(options, net::OnPool([this](const net::ServerRequest& request,
                                              const Call& call) { return Answer(request, call); },
                                       kThreads, kWaitingMax)));
  log::Info("http.listening",
            {{"address", options.address}, {"port", static_cast<int64_t>(server_->port())}});
  return {};
}

void HttpService::Drain(const Call&) {
  if (server_) server_->Drain();
}

Result<std::function<void()>> HttpService::PrepareReload(
    const std::shared_ptr<const project::Project>&) {
  return [] {};
}

}  // namespace firn::engine
