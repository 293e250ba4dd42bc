#include "ends/telemetry/settings.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "core/base/encoding.h"

namespace firn::telemetry {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kPrefix = "OTEL_EXPORTER_OTLP_";

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return out;
}

// The environment, with what is wrong in it told once. An empty variable is one that is not set.
class Environment {
 public:
  Environment(const config::EnvironmentLookup& lookup, std::vector<std::string>* warnings)
      : lookup_(lookup), warnings_(warnings) {}

  [[nodiscard]] std::string Text(const std::string& name) const {
    const char* value = lookup_ ? lookup_(name) : nullptr;
    return value == nullptr ? std::string() : std::string(Trimmed(value));
  }
  // `OTEL_EXPORTER_OTLP_TRACES_<what>`, else the one of both signals. Its name in `found`.
  [[nodiscard]] std::string OfSignal(Signal signal, std::string_view what,
                                     std::string* found = nullptr) const {
    const std::string own = std::string(kPrefix) +
                            (signal == Signal::kTraces ? "TRACES_" : "METRICS_") +
                            std::string(what);
    const std::string both = std::string(kPrefix) + std::string(what);
    const std::string text = Text(own);
    if (found != nullptr) *found = text.empty() ? both : own;
    return text.empty() ? Text(both) : text;
  }
  [[nodiscard]] std::optional<int64_t> Number(const std::string& name, const std::string& text,
                                              int64_t least, int64_t most) const {
    if (text.empty()) return std::nullopt;
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size() && value >= least && value <= most)
      return value;
    Warn(name + " is no whole number from " + std::to_string(least) + " to " +
         std::to_string(most));
    return std::nullopt;
  }
  [[nodiscard]] std::optional<int64_t> Number(const std::string& name, int64_t least,
                                              int64_t most) const {
    return Number(name, Text(name), least, most);
  }
  [[nodiscard]] bool IsTrue(const std::string& name) const { return Lower(Text(name)) == "true"; }
  void Warn(std::string text) const { warnings_->push_back(std::move(text)); }
  [[nodiscard]] std::vector<std::string>* warnings() const { return warnings_; }

 private:
  const config::EnvironmentLookup& lookup_;
  std::vector<std::string>* warnings_;
};

Error BadEndpoint(const std::string& where, std::string why) {
  return Error(Kind::kBadConfig, "OTLP-SETTING-001", "an OTLP endpoint cannot be used")
      .At(where)
      .Because(std::move(why))
      .Hint("for example `http://127.0.0.1:4318`, or `http://127.0.0.1:4317` with `grpc`");
}

Result<Protocol> ParseProtocol(const std::string& text, const std::string& where) {
  if (text.empty() || text == "http/protobuf") return Protocol::kHttp;
  if (text == "grpc") return Protocol::kGrpc;
  return Fail(Error(Kind::kBadConfig, "OTLP-SETTING-002",
                    "`" + text.substr(0, 32) + "` is no protocol that Firn sends by")
                  .At(where)
                  .Hint("use `http/protobuf` or `grpc`"));
}

struct Place {
  std::string text;       // as it was written
  std::string where;      // `firn.yaml`, or the variable
  bool whole = false;     // the signal's own URL: nothing is added
  bool insecure = false;  // without a scheme: no TLS
};

// Scheme, authority and path of a URL. Nothing is repeated in an error: a URL may hold a password.
Result<void> SetEndpoint(const Place& place, Signal signal, SignalSettings* settings) {
  std::string_view rest = place.text;
  const bool http = rest.starts_with("http://");
  const bool https = rest.starts_with("https://");
  if (http || https) rest.remove_prefix(http ? 7 : 8);
  const size_t slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  const std::string_view path = slash == std::string_view::npos ? "" : rest.substr(slash);
  if (authority.empty()) return Fail(BadEndpoint(place.where, "it names no host"));
  if (authority.find_first_of("@?# ") != std::string_view::npos)
    return Fail(BadEndpoint(place.where, "it is more than scheme, host, port and path"));
  if (settings->protocol == Protocol::kHttp) {
    if (!http && !https)
      return Fail(BadEndpoint(place.where, "it begins with neither `http://` nor `https://`"));
    settings->endpoint = place.text;
    if (place.whole) return {};
    while (settings->endpoint.ends_with('/')) settings->endpoint.pop_back();
    settings->endpoint += signal == Signal::kTraces ? "/v1/traces" : "/v1/metrics";
    return {};
  }
  if (!path.empty() && path != "/")
    return Fail(BadEndpoint(place.where, "gRPC takes a host and a port, no path"));
  settings->clear = http || (!https && place.insecure);
  settings->endpoint = authority;
  const bool has_port = authority.rfind(':') != std::string_view::npos && !authority.ends_with(']');
  if (!has_port) settings->endpoint += settings->clear ? ":80" : ":443";
  return {};
}

bool IsHeaderName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

HeaderList HeadersOf(const std::string& text, const std::string& variable, const Environment& env) {
  HeaderList headers;
  for (auto& [name, value] : ParsePairs(text, variable, env.warnings())) {
    if (IsHeaderName(name) && value.find_first_of("\r\n") == std::string::npos) {
      headers.emplace_back(Lower(name), Secret(std::move(value)));
    } else {
      env.Warn(variable + " holds a pair that can be no header");
    }
  }
  return headers;
}

Result<SignalSettings> FromEnvironment(Signal signal, const Environment& env) {
  SignalSettings settings;
  Place place;
  place.text = env.OfSignal(signal, "ENDPOINT", &place.where);
  if (place.text.empty()) return settings;
  place.whole = place.where != std::string(kPrefix) + "ENDPOINT";
  place.insecure = Lower(env.OfSignal(signal, "INSECURE")) == "true";
  settings.on = true;
  std::string variable;
  const std::string protocol = env.OfSignal(signal, "PROTOCOL", &variable);
  FIRN_TRY(settings.protocol, ParseProtocol(protocol, variable));
  FIRN_CHECK(SetEndpoint(place, signal, &settings));
  const std::string headers = env.OfSignal(signal, "HEADERS", &variable);
  settings.headers = HeadersOf(headers, variable, env);
  const std::string compression = env.OfSignal(signal, "COMPRESSION", &variable);
  settings.gzip = compression != "none";
  if (!compression.empty() && compression != "none" && compression != "gzip")
    env.Warn(variable + " is neither `gzip` nor `none`");
  const std::string timeout = env.OfSignal(signal, "TIMEOUT", &variable);
  if (const auto ms = env.Number(variable, timeout, 1, 600'000))
    settings.timeout = milliseconds(*ms);
  settings.ca_file = env.OfSignal(signal, "CERTIFICATE");
  for (const char* what : {"CLIENT_KEY", "CLIENT_CERTIFICATE"}) {
    if (!env.OfSignal(signal, what, &variable).empty())
      env.Warn(variable + " does not count: Firn shows collectors no certificate of its own");
  }
  return settings;
}

Result<SignalSettings> FromProject(Signal signal, const ProjectSettings& project) {
  SignalSettings settings;
  settings.on = true;
  FIRN_TRY(settings.protocol, ParseProtocol(project.protocol, "firn.yaml"));
  FIRN_CHECK(SetEndpoint({.text = project.endpoint, .where = "firn.yaml"}, signal, &settings));
  settings.headers = project.headers;
  settings.gzip = project.gzip;
  settings.timeout = project.timeout;
  settings.ca_file = project.ca_file;
  return settings;
}

// Whether `OTEL_TRACES_EXPORTER` or `_METRICS_` leaves room for OTLP.
bool IsWanted(Signal signal, const Environment& env) {
  const std::string name =
      signal == Signal::kTraces ? "OTEL_TRACES_EXPORTER" : "OTEL_METRICS_EXPORTER";
  const std::string text = env.Text(name);
  if (text.empty()) return true;
  bool other = false;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    const std::string_view word = Trimmed(std::string_view(text).substr(at, comma - at));
    if (word == "otlp") return true;
    other = other || (word != "none" && word != "prometheus");
    at = comma + 1;
  }
  if (other)
    env.Warn(name + " names no exporter of Firn but `otlp`: " + std::string(SignalName(signal)) +
             " are not sent");
  return false;
}

double ShareOf(const Environment& env) {
  std::string sampler = env.Text("OTEL_TRACES_SAMPLER");
  if (sampler.starts_with("parentbased_")) sampler.erase(0, std::string("parentbased_").size());
  if (sampler.empty() || sampler == "always_on") return 1;
  if (sampler == "always_off") return 0;
  if (sampler != "traceidratio") {
    env.Warn("OTEL_TRACES_SAMPLER names no sampler of Firn: all traces are kept");
    return 1;
  }
  const std::string text = env.Text("OTEL_TRACES_SAMPLER_ARG");
  if (text.empty()) return 1;
  double share = 1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), share);
  if (error == std::errc() && end == text.data() + text.size() && share >= 0 && share <= 1)
    return share;
  env.Warn("OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1");
  return 1;
}

void SetResource(const ProjectSettings& project, const Environment& env, TextPairs* resource) {
  std::map<std::string, std::string> all;
  for (auto& [key, value] : ParsePairs(env.Text("OTEL_RESOURCE_ATTRIBUTES"),
                                       "OTEL_RESOURCE_ATTRIBUTES", env.warnings())) {
    all[key] = std::move(value);
  }
  if (const std::string name = env.Text("OTEL_SERVICE_NAME"); !name.empty())
    all["service.name"] = name;
  for (const auto& [key, value] : project.resource) all[key] = value;
  if (!project.service_name.empty()) all["service.name"] = project.service_name;
  all.emplace("service.name", "firn");
  resource->assign(all.begin(), all.end());
}

void SetQueue(const Environment& env, Settings* settings) {
  if (const auto ms = env.Number("OTEL_METRIC_EXPORT_INTERVAL", 100, 86'400'000))
    settings->metrics_every = milliseconds(*ms);
  if (const auto ms = env.Number("OTEL_BSP_SCHEDULE_DELAY", 1, 600'000))
    settings->traces_every = milliseconds(*ms);
  if (const auto spans = env.Number("OTEL_BSP_MAX_QUEUE_SIZE", 1, 1'000'000))
    settings->spans_waiting_max = static_cast<size_t>(*spans);
  if (const auto spans = env.Number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1, 10'000))
    settings->spans_per_batch = static_cast<size_t>(*spans);
  settings->spans_per_batch = std::min(settings->spans_per_batch, settings->spans_waiting_max);
}

}  // namespace

std::string_view SignalName(Signal signal) {
  return signal == Signal::kTraces ? "traces" : "metrics";
}

std::string HeaderName(std::string_view name) { return Lower(name); }

TextPairs ParsePairs(std::string_view text, const std::string& variable,
                     std::vector<std::string>* warnings) {
  TextPairs pairs;
  for (size_t at = 0; at < text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    const std::string_view pair = Trimmed(text.substr(at, comma - at));
    at = comma + 1;
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const std::string_view key = Trimmed(pair.substr(0, std::min(equals, pair.size())));
    auto value = equals == std::string_view::npos
                     ? Result<std::string>(Fail(Kind::kBadInput, "OTLP-SETTING-001", "no value"))
                     : PercentDecode(Trimmed(pair.substr(equals + 1)), false);
    if (key.empty() || !value) {
      warnings->push_back(variable + " holds something that is no `key=value`");
      continue;
    }
    pairs.emplace_back(key, *std::move(value));
  }
  return pairs;
}

Result<Settings> MakeSettings(const ProjectSettings& project,
                              const config::EnvironmentLookup& environment) {
  Settings settings;
  const Environment env(environment, &settings.warnings);
  settings.proxy = project.proxy;
  if (env.IsTrue("OTEL_SDK_DISABLED")) return settings;
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics}) {
    SignalSettings& out = signal == Signal::kTraces ? settings.traces : settings.metrics;
    const bool wanted = signal == Signal::kTraces ? project.traces : project.metrics;
    if (!wanted || !IsWanted(signal, env)) continue;
    FIRN_TRY(out, project.endpoint.empty() ? FromEnvironment(signal, env)
                                           : FromProject(signal, project));
  }
  SetResource(project, env, &settings.resource);
  SetQueue(env, &settings);
  if (project.metrics_every) settings.metrics_every = *project.metrics_every;
  settings.share = ShareOf(env);
  return settings;
}

}  // namespace firn::telemetry
