// HttpService: `/healthz`, `/readyz` and `/metrics`.
//
// /healthz: 200 as long as the process answers. /readyz: 200 when every service is ready, else 503
// with the reasons, one a line. /metrics: Prometheus text. No other path, no secrets, no rows.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/engine/runtime.h"
#include "app/engine/service.h"
#include "core/net/server.h"

namespace firn::engine {

struct ServiceHealth {
  std::string service;
  Health health;
};
// How every service is; empty while the daemon starts.
using HealthOf = std::function<std::vector<ServiceHealth>()>;

class HttpService final : public Service {
 public:
  // `runtime` outlives the service.
  // `refresh` sets the gauges that services look up; called before metrics are read.
  HttpService(Runtime& runtime, HealthOf health_of, std::function<void()> refresh)
      : runtime_(runtime), health_of_(std::move(health_of)), refresh_(std::move(refresh)) {}
  [[nodiscard]] std::string_view name() const override { return "http"; }
  // Errors: Conflict (NET-SERVE-001) when the port is taken.
  [[nodiscard]] Result<void> Start(const Call& call) override;
  void Drain(const Call& call) override;
  [[nodiscard]] Health Check() override { return {}; }
  [[nodiscard]] Result<std::function<void()>> PrepareReload(
      const std::shared_ptr<const project::Project>& next) override;
  // 0 when there is no listener.
  [[nodiscard]] uint16_t port() const { return server_ ? server_->port() : 0; }

 private:
  net::ServerResponse Answer(const net::ServerRequest& request, const Call& call);

  Runtime& runtime_;
  const HealthOf health_of_;
  const std::function<void()> refresh_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace firn::engine
