#include "patterns/federation/server.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/encoding.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/time_text.h"
#include "core/net/digest.h"
#include "core/net/server.h"
#include "ends/lake/store/s3_store.h"
#include "patterns/federation/access_log.h"
#include "patterns/federation/error_model.h"
#include "patterns/federation/idempotency.h"
#include "patterns/federation/now.h"
#include "patterns/federation/refusals.h"
#include "patterns/federation/request_body.h"
#include "patterns/federation/routes.h"
#include "patterns/federation/sign_in.h"

namespace firn::federation {

using Json = nlohmann::ordered_json;

namespace {

constexpr size_t kWaitingMax = 1024;
constexpr int kThreadsPerCore = 8;
constexpr int kServerFault = 500;
// As the conventions for http.server.request.duration advise.
constexpr double kSecondsBounds[] = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                     0.5,   0.75, 1,     2.5,  5,     7.5, 10};

// Words that come from outside do not become labels.
std::string KnownMethod(const std::string& method) {
  for (const std::string_view known : {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
    if (method == known) return method;
  return "_OTHER";
}

// The caller's span when it sent one, else none: a new trace.
TraceContext CallersTrace(const net::Headers& headers) {
  const auto header = headers.Get("traceparent");
  if (!header) return {};
  auto parsed = TraceContext::Parse(*header);
  return parsed ? *std::move(parsed) : TraceContext{};
}

Answer ErrorAnswerOf(const Error& error) {
  ErrorAnswer answer = ErrorAnswerFor(error);
  if (answer.status >= kServerFault)
    log::Err("catalog.request_failed", {{"error", error.OneLine()}});
  return {answer.status, std::move(answer.body), {}};
}

class RestCatalogServer final : public CatalogServer {
 public:
  RestCatalogServer(const CatalogServerOptions& options, Call call,
                    std::unique_ptr<lake::ServedCatalog> catalog, const Desk::Options& desk,
                    MetricsRegistry& metrics)
      : options_(options), call_(std::move(call)), desk_(std::move(catalog), desk, metrics) {}

  Result<void> Start() {
    if (options_.principals.empty()) {
      sign_in_ = SignIn::Open();
    } else {
      FIRN_TRY(sign_in_, SignIn::Load(call_, options_.principals));
    }
    if (!options_.access_log.empty()) {
      FIRN_TRY(access_log_, AccessLog::Open(options_.access_log));
    }
    net::ServerOptions server;
    server.address = options_.address;
    server.port = options_.port;
    server.certificate_pem = options_.certificate_pem;
    server.key_pem = options_.key_pem;
    server.body_bytes_max = options_.body_bytes_max;
    const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    const int threads = options_.threads > 0 ? options_.threads : cores * kThreadsPerCore;
    auto handler =
        net::OnPool([this](net::ServerRequest request,
                           const Call& call) { return Handle(std::move(request), call); },
                    threads, kWaitingMax);
    FIRN_TRY(server_, net::Listen(server, std::move(handler)));
    return {};
  }

  [[nodiscard]] uint16_t port() const override { return server_->port(); }
  [[nodiscard]] std::string url() const override {
    const bool v6 = options_.address.find(':') != std::string::npos;
    return (options_.key_pem.empty() ? "http://" : "https://") +
           (v6 ? "[" + options_.address + "]" : options_.address) + ":" + std::to_string(port());
  }

 private:
  net::ServerResponse Handle(net::ServerRequest request, const Call& transport) {
    Call call = call_;
    call.deadline = transport.deadline;
    call.stop = transport.stop;
    const SteadyTime begun = call.clock->Steady();
    call.trace = options_.spans == nullptr ? transport.trace : CallersTrace(request.headers);
    Span span(options_.spans, call, {.name = request.method, .kind = SpanKind::kServer});
    Handled handled{.begun = begun};
    Answer answer = Answered(span.call(), request, handled);
    net::ServerResponse response;
    response.status = answer.status;
    response.headers = std::move(answer.headers);
    const bool silent = request.method == "HEAD" || answer.status == 204 || answer.status == 304;
    if (!silent) {
      response.body = std::move(answer.body);
      response.headers.Set("Content-Type", "application/json");
    }
    Note(call, request, response, handled);
    Tell(span, request, response, handled);
    return response;
  }

  struct Handled {
    std::string principal;
    std::string_view route;  // as in the specification; empty: none
    SteadyTime begun;
  };

  Answer Answered(const Call& call, const net::ServerRequest& request, Handled& handled) {
    std::string_view path = request.target;
    path = path.substr(0, path.find('?'));
    if (path == "/v1/oauth/tokens" && request.method == "POST") {
      handled.route = "/v1/oauth/tokens";
      return sign_in_->Token(request.headers, request.body, call.clock->Now());
    }
    const auto who = sign_in_->Authenticate(request.headers, call.clock->Now());
    if (!who) {
      Answer answer = ErrorAnswerOf(who.error());
      answer.headers.Set("WWW-Authenticate", "Bearer");
      return answer;
    }
    handled.principal = (*who)->name();
    const RouteMatch match = MatchRoute(request.method, path);
    if (match.route != nullptr) handled.route = match.route->path;
    if (match.route == nullptr) {
      return ErrorAnswerOf(
          Error(Kind::kNotFound, match.path_known ? "CAT-REQUEST-004" : "CAT-REQUEST-002",
                "No route for request: " + request.method + " " + request.path.substr(0, 256)));
    }
    auto done = Run(call, **who, request, match);
    return done ? *std::move(done) : ErrorAnswerOf(done.error());
  }

  Result<Answer> Run(const Call& call, const Principal& principal,
                     const net::ServerRequest& request, const RouteMatch& match) {
    Json body = Json::object();
    if (match.route->takes_body) {
      FIRN_TRY(body, ParseRequestBody(request.body));
    }
    Exchange exchange{call, principal, match.vars, QueryParams(request.query), request.headers,
                      body, {},        {}};
    const auto key = request.headers.Get("Idempotency-Key");
    if (!key || match.route->replay == nullptr) return match.route->run(desk_, exchange);
    FIRN_CHECK(CheckIdempotencyKey(*key));
    Idempotency::Request once;
    once.key = principal.name() + "\n" + std::string(*key);
    once.fingerprint =
        Hex(net::Sha256(request.method + "\n" + request.target + "\n" + request.body));
    return idempotency_.Once(*call.clock, once, [&]() -> Answer {
      auto done = RunOnce(*match.route, exchange, once);
      return done ? *std::move(done) : ErrorAnswerOf(done.error());
    });
  }

  // A change made before this server was started is known by the note that was kept with it.
  Result<Answer> RunOnce(const Route& route, Exchange& exchange, const Idempotency::Request& once) {
    const int64_t now_ms = NowMs(exchange.call);
    FIRN_TRY(const auto noted, desk_.catalog->FindNote(once.key, now_ms));
    if (noted) {
      const size_t line = std::min(noted->find('\n'), noted->size());
      if (noted->substr(0, line) != once.fingerprint) return Idempotency::UsedForAnother();
      exchange.noted = noted->substr(std::min(line + 1, noted->size()));
      return route.replay(desk_, exchange);
    }
    constexpr auto kLifetimeMs =
        std::chrono::duration_cast<std::chrono::milliseconds>(kIdempotencyLifetime).count();
    exchange.note = {once.key, once.fingerprint, now_ms, now_ms + kLifetimeMs};
    return route.run(desk_, exchange);
  }

  // Neither who asked nor which names stood in the path.
  static void Tell(Span& span, const net::ServerRequest& request,
                   const net::ServerResponse& response, const Handled& handled) {
    const std::string method = KnownMethod(request.method);
    const std::string route(handled.route);
    span.Name(route.empty() ? method : method + " " + route);
    span.Set("http.request.method", method);
    if (!route.empty()) span.Set("http.route", route);
    span.Set("url.scheme", std::string(request.tls ? "https" : "http"));
    span.Set("http.response.status_code", int64_t{response.status});
    // Of a server's span only its own faults are errors.
    if (response.status >= kServerFault) span.Fail(std::to_string(response.status));
  }

  void Note(const Call& call, const net::ServerRequest& request,
            const net::ServerResponse& response, const Handled& handled) {
    desk_.metrics
        .GetCounter("catalog_requests_total", {{"status", std::to_string(response.status)}},
                    "requests answered by the catalog server")
        .Add();
    const double seconds =
        std::chrono::duration<double>(call.clock->Steady() - handled.begun).count();
    desk_.metrics
        .GetHistogram("catalog_request_seconds",
                      {{"method", KnownMethod(request.method)},
                       {"route", std::string(handled.route)},
                       {"status", std::to_string(response.status)}},
                      "How long requests of the catalog server took", kSecondsBounds)
        .Observe(seconds);
    if (!access_log_) return;
    AccessLine line;
    line.at = FormatUtc(call.clock->Now());
    line.peer = request.peer;
    line.principal = handled.principal;
    line.method = request.method;
    line.target = request.target;
    line.client = request.headers.GetOr("User-Agent", "");
    line.status = response.status;
    line.bytes = response.body.size();
    line.ms = seconds * 1000;
    access_log_->Write(line);
  }

  CatalogServerOptions options_;
  Call call_;
  Desk desk_;
  std::unique_ptr<SignIn> sign_in_;
  Idempotency idempotency_;
  std::unique_ptr<AccessLog> access_log_;
  std::unique_ptr<net::Server> server_;  // last: its threads use the rest
};

// The warehouse and what else may hold tables, as absolute paths.
Result<std::vector<std::string>> Roots(const CatalogServerOptions& options) {
  std::vector<std::string> roots = {options.warehouse};
  roots.insert(roots.end(), options.allow_locations.begin(), options.allow_locations.end());
  for (std::string& root : roots) {
    if (!root.starts_with("file:")) {
      std::error_code error;
      const auto absolute = std::filesystem::absolute(root, error);
      if (!error) root = absolute.lexically_normal().string();
    }
    FIRN_TRY(root, lake::LocalPath(root));
  }
  return roots;
}

// The catalog's file stays on this machine, and beside it the files on their way to S3.
Result<void> OpenS3(const CatalogServerOptions& options, Desk::Options& desk) {
  if (options.catalog_path.empty())
    return Fail(
        Error(Kind::kBadInput, "LAKE-STORE-007", "the catalog of an S3 warehouse has no place")
            .At(options.warehouse)
            .Hint("name its SQLite file: `--catalog FILE`, or `lake.catalog` in firn.yaml"));
  if (!options.allow_locations.empty())
    return Fail(
        Error(Kind::kBadInput, "CAT-LOCATION-001", "a warehouse on S3 takes no other locations")
            .Hint("leave --allow-location out"));
  const size_t slash = options.catalog_path.rfind('/');
  const std::string folder =
      slash == std::string::npos ? "." : options.catalog_path.substr(0, slash);
  FIRN_CHECK(MakeFolders(folder, 0700));
  FIRN_TRY(const S3Place root, ParseS3Uri(options.warehouse));
  desk.roots = {root.Uri()};
  FIRN_TRY(desk.s3_store, lake::OpenS3Store(root.Uri(), folder + "/spool"));
  FIRN_TRY(desk.s3, S3Access::Open({options.vend_role, options.vend_life}));
  return {};
}

}  // namespace

Result<std::unique_ptr<CatalogServer>> CatalogServer::Start(const CatalogServerOptions& options,
                                                            const Call& call,
                                                            MetricsRegistry& metrics) {
  lake::SqlCatalogOptions sql;
  sql.path = options.catalog_path;
  sql.create = options.create;
  sql.serving = true;
  sql.implicit_namespaces = options.implicit_namespaces;
  Desk::Options desk;
  desk.implicit_namespaces = options.implicit_namespaces;
  if (IsS3Uri(options.warehouse)) {
    FIRN_CHECK(OpenS3(options, desk));
  } else {
    FIRN_TRY(desk.roots, Roots(options));
    if (options.create) FIRN_CHECK(MakeFolders(desk.roots.front()));
    if (sql.path.empty()) sql.path = desk.roots.front() + "/catalog.db";
  }
  FIRN_TRY(auto catalog, lake::OpenSqlCatalog(sql));
  auto server =
      std::make_unique<RestCatalogServer>(options, call, std::move(catalog), desk, metrics);
  FIRN_CHECK(server->Start());
  return std::unique_ptr<CatalogServer>(std::move(server));
}

}  // namespace firn::federation
