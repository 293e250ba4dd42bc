#include "app/engine/catalog_service.h"

#include <filesystem>

#include "core/base/file.h"
#include "core/base/log.h"

namespace firn::engine {
namespace {

// Few: the machine is shared with the jobs; more requests wait their turn.
constexpr int kThreads = 8;

bool Loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

Result<federation::CatalogServerOptions> OptionsOf(const project::Project& project,
                                                   const project::CatalogSettings& settings) {
  federation::CatalogServerOptions options;
  options.warehouse = project.lake.warehouse;
  options.catalog_path = project.lake.catalog;
  options.allow_locations = settings.allow_locations;
  options.address = settings.listen_address;
  options.port = settings.listen_port;
  options.principals = settings.principals;
  options.access_log = settings.access_log;
  options.implicit_namespaces = settings.implicit_namespaces;
  options.body_bytes_max = static_cast<uint64_t>(settings.body_bytes_max);
  options.threads = kThreads;
  if (!settings.tls_cert.empty()) {
    FIRN_TRY(options.certificate_pem, ReadFile(settings.tls_cert));
    FIRN_TRY(options.key_pem, ReadFile(settings.tls_key));
  }
  // A server for this machine's users alone also takes tables in their folder for such things.
  std::error_code error;
  const auto scratch = std::filesystem::temp_directory_path(error);
  if (options.principals.empty() && Loopback(options.address) && !error) {
    options.allow_locations.push_back(scratch.string());
  }
  return options;
}

}  // namespace

CatalogService::~CatalogService() = default;

Result<void> CatalogService::Start(const Call& call) {
  const auto project = runtime_.project();
  FIRN_TRY(const auto services, project::LoadServices(*project));
  settings_ = services.catalog;
  if (settings_.listen_address.empty()) return {};
  if (project->catalogs.rest)
    return Fail(
        Error(Kind::kBadConfig, "PROJECT-LAKE-001",
              "`daemon.catalog` serves an embedded catalog, and the project has another one")
            .At(project->catalogs.rest->uri)
            .Because("`lake.rest` in firn.yaml names a REST catalog")
            .Hint("leave one of them out"));
  FIRN_TRY(auto options, OptionsOf(*project, settings_));
  options.spans = runtime_.spans();
  Call serving = call;
  serving.stop = {};
  FIRN_TRY(server_, Doing(federation::CatalogServer::Start(options, serving, runtime_.metrics()),
                          "serving `daemon.catalog` at " + options.address + ":" +
                              std::to_string(options.port)));
  log::Info("catalog.listening", {{"url", server_->url()}});
  return {};
}

void CatalogService::Drain(const Call&) { server_.reset(); }

Health CatalogService::Check() { return {true, url()}; }

Result<std::function<void()>> CatalogService::PrepareReload(
    const std::shared_ptr<const project::Project>& next) {
  FIRN_TRY(const auto services, project::LoadServices(*next));
  if (services.catalog == settings_) return [] {};
  return Fail(Error(Kind::kBadConfig, "ENGINE-RELOAD-001",
                    "`daemon.catalog` can be changed by a restart only")
                  .At("firn.yaml")
                  .Hint("stop the daemon and start it again, or take the change back"));
}

}  // namespace firn::engine
