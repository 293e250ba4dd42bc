#include "app/engine/telemetry_service.h"

#include "app/engine/project_secrets.h"
#include "core/base/log.h"
#include "core/base/random.h"

namespace firn::engine {
namespace {

// What waits is sent within this when the daemon stops: not its whole time, which jobs need.
constexpr std::chrono::seconds kFlushWithin{5};

Result<telemetry::ProjectSettings> Resolved(const Call& call, const project::OtlpSettings& from,
                                            config::SecretResolver& secrets) {
  telemetry::ProjectSettings settings;
  settings.endpoint = from.endpoint;
  settings.protocol = from.protocol;
  for (const auto& [name, value] : from.headers)
    settings.headers.emplace_back(telemetry::HeaderName(name), Secret(value));
  for (const auto& [name, reference] : from.secret_headers) {
    FIRN_TRY(Secret secret, secrets.Resolve(call, reference));
    if (secret.Reveal().find_first_of("\r\n") != std::string::npos)
      return Fail(Error(Kind::kBadConfig, "OTLP-SETTING-003", "a header cannot be sent")
                      .At(reference.where)
                      .Because("the secret of `" + name + "` holds a line break"));
    settings.headers.emplace_back(telemetry::HeaderName(name), std::move(secret));
  }
  settings.gzip = from.gzip;
  settings.timeout = from.timeout;
  settings.ca_file = from.ca_file;
  settings.proxy = from.proxy;
  settings.service_name = from.service_name;
  settings.resource = from.resource;
  settings.traces = from.traces;
  settings.metrics = from.metrics;
  settings.metrics_every = from.metrics_every;
  return settings;
}

}  // namespace

Result<void> TelemetryService::Start(const Call& call) {
  const auto project = runtime_.project();
  FIRN_TRY(const auto services, project::LoadServices(*project));
  settings_ = services.otlp;
  const auto secrets = ProjectSecrets(project->folder);
  FIRN_TRY(const auto resolved, Resolved(call, settings_, *secrets));
  FIRN_TRY(const auto settings, telemetry::MakeSettings(resolved, parts_.environment));
  for (const std::string& warning : settings.warnings)
    log::Warn("telemetry.setting", {{"text", warning}});
  if (!settings.traces.on && !settings.metrics.on) return {};
  telemetry::ExporterParts parts;
  parts.metrics = &runtime_.metrics();
  parts.version = parts_.version;
  parts.instance = NewUuid(*call.random);
  parts.environment = project->environment;
  parts.refresh = [this, call] { parts_.refresh(call); };
  FIRN_TRY(exporter_, telemetry::Exporter::Start(call, settings, std::move(parts)));
  if (settings.traces.on) runtime_.SetSpans(exporter_.get());
  log::Info("telemetry.started",
            {{"traces", settings.traces.on}, {"metrics", settings.metrics.on}});
  return {};
}

void TelemetryService::Drain(const Call&) {
  if (exporter_) exporter_->Stop(kFlushWithin);
}

Health TelemetryService::Check() {
  // A collector that is away is no reason to send nobody here.
  return {true, exporter_ ? exporter_->Trouble() : ""};
}

Result<std::function<void()>> TelemetryService::PrepareReload(
    const std::shared_ptr<const project::Project>& next) {
  FIRN_TRY(const auto services, project::LoadServices(*next));
  if (services.otlp == settings_) return [] {};
  return Fail(
      Error(Kind::kBadConfig, "ENGINE-RELOAD-001", "`daemon.otlp` can be changed by a restart only")
          .At("firn.yaml")
          .Hint("stop the daemon and start it again, or take the change back"));
}

}  // namespace firn::engine
