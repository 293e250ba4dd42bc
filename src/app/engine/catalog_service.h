// CatalogService: the project's tables for every engine, as an Iceberg REST catalog inside the
// daemon (`daemon.catalog` of firn.yaml). Its requests count in the daemon's metrics.
#pragma once

#include <memory>

#include "app/engine/runtime.h"
#include "app/engine/service.h"
#include "core/project/services.h"
#include "patterns/federation/server.h"

namespace firn::engine {

class CatalogService final : public Service {
 public:
  // `runtime` outlives the service.
  explicit CatalogService(Runtime& runtime) : runtime_(runtime) {}
  ~CatalogService() override;
  [[nodiscard]] std::string_view name() const override { return "catalog"; }
  // Errors: Conflict (NET-SERVE-001) when the port is taken; of the warehouse, of the principals'
  // file, of the certificate.
  [[nodiscard]] Result<void> Start(const Call& call) override;
  // Answers what was asked.
  void Drain(const Call& call) override;
  [[nodiscard]] Health Check() override;
  // Errors: BadConfig (ENGINE-RELOAD-001): its settings need a restart.
  [[nodiscard]] Result<std::function<void()>> PrepareReload(
      const std::shared_ptr<const project::Project>& next) override;
  // Empty when it is not served.
  [[nodiscard]] std::string url() const { return server_ ? server_->url() : ""; }

 private:
  Runtime& runtime_;
  project::CatalogSettings settings_;
  std::unique_ptr<federation::CatalogServer> server_;
};

}  // namespace firn::engine
