// `daemon.otlp` of firn.yaml.
#include <algorithm>
#include <filesystem>

#include "core/project/daemon_settings.h"

namespace firn::project {
namespace {

void Add(config::Problems* problems, std::string what, std::string where, std::string hint) {
  problems->push_back(Error(Kind::kBadConfig, "PROJECT-OTLP-001", std::move(what))
                          .At(std::move(where))
                          .Hint(std::move(hint)));
}

bool IsHeaderName(const std::string& name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

// Scheme, host, port and path, or what gRPC takes: never a name and a password.
bool IsEndpoint(const std::string& text, bool grpc) {
  if (text.find_first_of("@?# ") != std::string::npos) return false;
  const bool url = text.starts_with("http://") || text.starts_with("https://");
  return url || (grpc && text.find(':') != std::string::npos);
}

}  // namespace

OtlpSettings MakeOtlpSettings(const config::Group& group, const std::string& folder,
                              config::Problems* problems) {
  OtlpSettings settings;
  settings.endpoint = group.Text("endpoint");
  settings.protocol = group.Text("protocol");
  settings.headers = group.TextMap("headers");
  for (const config::Group& header : group.List("secret_headers")) {
    settings.secret_headers.emplace_back(header.Text("name"), header.SecretOf("value"));
    if (header.Has("name") && !IsHeaderName(header.Text("name")))
      Add(problems, "a header cannot have the name `" + header.Text("name") + "`",
          header.Where("name"), "use letters, digits and `-`");
  }
  for (const auto& [name, value] : settings.headers) {
    if (!IsHeaderName(name))
      Add(problems, "a header cannot have the name `" + name + "`", group.Where("headers"),
          "use letters, digits and `-`");
  }
  settings.gzip = group.Text("compression") == "gzip";
  settings.timeout = group.Duration("timeout");
  const std::string& ca_file = group.Text("ca_file");
  if (!ca_file.empty())
    settings.ca_file = (std::filesystem::path(folder) / ca_file).lexically_normal().string();
  settings.proxy = group.Text("proxy");
  settings.service_name = group.Text("service_name");
  settings.resource = group.TextMap("resource");
  settings.traces = group.Bool("traces");
  settings.metrics = group.Bool("metrics");
  if (group.Has("metrics_every")) settings.metrics_every = group.Duration("metrics_every");
  if (!settings.endpoint.empty() && !IsEndpoint(settings.endpoint, settings.protocol == "grpc"))
    Add(problems, "the endpoint is no address of a collector", group.Where("endpoint"),
        "for example `http://127.0.0.1:4318`; a sign-in goes into `secret_headers`");
  if (settings.endpoint.empty() &&
      (!settings.headers.empty() || !settings.secret_headers.empty() || group.Has("protocol")))
    Add(problems, "headers and protocol without an endpoint go nowhere", group.Where("endpoint"),
        "write `endpoint`, or use the `OTEL_EXPORTER_OTLP_*` variables for all of it");
  return settings;
}

}  // namespace firn::project
