// TelemetryService: spans and metrics of the daemon to OpenTelemetry collectors, where firn.yaml
// (`daemon.otlp`) or the OTEL_* variables name one. First to start and last to drain, so that it
// tells of all others; what it cannot deliver holds nobody up.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/engine/runtime.h"
#include "app/engine/service.h"
#include "core/project/services.h"
#include "ends/telemetry/exporter.h"

namespace firn::engine {

struct TelemetryParts {
  std::string version;                       // of this program
  std::function<void(const Call&)> refresh;  // sets the gauges that are looked up
  config::EnvironmentLookup environment = config::ProcessEnvironment();
};

class TelemetryService final : public Service {
 public:
  // `runtime` outlives the service, and uses its spans until it is drained.
  TelemetryService(Runtime& runtime, TelemetryParts parts)
      : runtime_(runtime), parts_(std::move(parts)) {}
  [[nodiscard]] std::string_view name() const override { return "telemetry"; }
  // Errors: of the settings and their secrets. A collector that is away is none.
  [[nodiscard]] Result<void> Start(const Call& call) override;
  void Drain(const Call& call) override;
  [[nodiscard]] Health Check() override;
  // Errors: BadConfig (ENGINE-RELOAD-001): its settings need a restart.
  [[nodiscard]] Result<std::function<void()>> PrepareReload(
      const std::shared_ptr<const project::Project>& next) override;

 private:
  Runtime& runtime_;
  const TelemetryParts parts_;
  project::OtlpSettings settings_;
  std::unique_ptr<telemetry::Exporter> exporter_;
};

}  // namespace firn::engine
