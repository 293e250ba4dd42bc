// doctor's look at the Pub/Sub API: it has a host, a port and a protocol (gRPC over HTTP/2) of its
// own, so that firewalls and proxies that let REST through often stop it.
//
// Source: Pub/Sub API Developer Guide, "Pub/Sub API Endpoints" and "GetTopic RPC Method", read
// 2026-11.
#include <fmt/format.h>

#include <algorithm>

#include "app/cli/commands/doctor.h"
#include "app/engine/org_publishers.h"
#include "core/project/services.h"

namespace firn::cli {
namespace {

constexpr std::chrono::seconds kLongest{20};
constexpr std::string_view kInClear = "http://";

// One that only exports does without.
bool Follows(const project::Project& project, const std::string& org) {
  const auto services = project::LoadServices(project);
  return services && std::ranges::any_of(services->events,
                                         [&](const auto& stream) { return stream.org == org; });
}

// The token of an org on this machine is not for Salesforce's own endpoint.
bool IsElsewhere(const project::Org& org) {
  return org.login_url.starts_with(kInClear) &&
         org.pubsub_endpoint.find(".salesforce.com") != std::string::npos;
}

std::string Remedy(const Error& error, const project::Org& org) {
  const std::string& why = error.why();
  const auto says = [&why](std::string_view text) { return why.find(text) != std::string::npos; };
  if (error.code() == "NET-TLS-001") {
    return org.ca_file.empty() ? "name the authority of the proxy that opens TLS as `ca_file` of "
                                 "the org in firn.yaml"
                               : "put the authority that signed it into `" + org.ca_file + "`";
  }
  if (error.code() == "NET-HTTP-008") {
    return "have the proxy let `CONNECT` through to this host and port, or set `proxy: none` on "
           "the "
           "org in firn.yaml";
  }
  if (says("resolve proxy")) return "correct the proxy in `proxy` of the org, or in HTTPS_PROXY";
  if (says("resolve host")) {
    return "look at the name service of this machine, or at `pubsub_endpoint` in firn.yaml";
  }
  if (error.kind() == Kind::kTimeout || error.kind() == Kind::kUnreachable) {
    return "open the firewall for this host and port, or name the proxy as `proxy` of the org in "
           "firn.yaml";
  }
  return error.hint().empty() ? "run `firn explain " + error.code() + "`" : error.hint();
}

std::string FactOf(const std::string& endpoint, const Error& error) {
  return fmt::format("`{}` cannot be reached: {}{}", endpoint, error.what(),
                     error.why().empty() ? "" : ": " + error.why());
}

// The same way by HTTP, whose errors tell name service, proxy and TLS apart where gRPC says only
// that no connection came about. Nothing: this way is open.
std::optional<Error> WayThere(const Call& call, const project::Org& org) {
  const auto transport = engine::TransportFor(org);
  if (!transport) return transport.error();
  const bool clear = org.pubsub_endpoint.starts_with(kInClear);
  net::Request request;
  request.url = (clear ? "" : "https://") + org.pubsub_endpoint + "/";
  const auto response = (*transport)->Send(call, request);
  if (response) return std::nullopt;
  const std::string& code = response.error().code();
  // What comes after the connection is no obstacle: a gRPC server need not speak plain HTTP.
  const bool on_the_way = code == "NET-HTTP-001" || code == "NET-HTTP-003" ||
                          code == "NET-HTTP-008" || code == "NET-TLS-001" ||
                          response.error().kind() == Kind::kTimeout;
  return on_the_way ? std::optional<Error>(response.error()) : std::nullopt;
}

Finding Unreached(Examination& exam, const project::Org& org, const Error& error, Health health) {
  const auto on_the_way = WayThere(exam.context->call().Within(kLongest), org);
  if (on_the_way) {
    return {health, FactOf(org.pubsub_endpoint, *on_the_way), Remedy(*on_the_way, org)};
  }
  return {health, FactOf(org.pubsub_endpoint, error),
          "have the proxy or firewall pass gRPC (HTTP/2) through to this host and port unopened"};
}

}  // namespace

Finding CheckPubSub(Examination& exam, OrgExamination& org) {
  if (org.link == nullptr) return {Health::kSkip, "needs a sign-in", {}};
  const std::string& endpoint = org.org->pubsub_endpoint;
  const bool follows = Follows(*exam.project, org.org->id);
  if (IsElsewhere(*org.org)) {
    return {follows ? Health::kFail : Health::kSkip,
            "no `pubsub_endpoint` is named for an org on this machine",
            "set `pubsub_endpoint` of the org to the address that `firn sandbox status` shows"};
  }
  const auto pubsub = engine::OpenPubSub(*org.org, org.link->org());
  if (!pubsub) return {Health::kFail, FactOf(endpoint, pubsub.error()), pubsub.error().hint()};
  const Call call = exam.context->call().Within(kLongest);
  const auto topic = (*pubsub)->Topic(call, std::string(project::kTopicOfAllChanges));
  const Health worst = follows ? Health::kFail : Health::kWarn;
  if (topic) {
    if (topic->can_subscribe) return {Health::kOk, "`" + endpoint + "` answers", {}};
    return {worst,
            fmt::format("`{}` answers, and the user may not subscribe to change events", endpoint),
            "give the user the permission `View All Data`, or `View All` of the objects"};
  }
  const Error& error = topic.error();
  switch (error.kind()) {
    case Kind::kUnreachable:
    case Kind::kTimeout:
      return Unreached(exam, *org.org, error, worst);
    case Kind::kNotFound:
      return {Health::kOk,
              fmt::format("`{}` answers; no object is selected for Change Data Capture", endpoint),
              {}};
    default:
      break;
  }
  return {worst,
          fmt::format("`{}` answers, and refuses: {}{}", endpoint, error.what(),
                      error.why().empty() ? "" : ": " + error.why()),
          error.hint().empty() ? "run `firn explain " + error.code() + "`" : error.hint()};
}

}  // namespace firn::cli
