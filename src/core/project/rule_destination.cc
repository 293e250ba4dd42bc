// Reads an API destination with its connection.
#include <algorithm>

#include "core/project/internal/rule_parts.h"

namespace firn::project::internal {
namespace {

using config::Group;
using config::Problems;

std::vector<ConnectionValue> Values(const Group& group, std::string_view field) {
  std::vector<ConnectionValue> values;
  for (const Group& each : group.List(field)) {
    values.push_back({each.Text("Key"), each.Text("Value"), each.SecretOf("SecretValue")});
  }
  return values;
}

// The members that each kind of authorization needs, and their group.
void ReadAuth(const Group& group, Connection* connection, Problems* problems) {
  const Group auth = group.Sub("AuthParameters");
  const std::string& type = group.Text("AuthorizationType");
  std::string_view needed;
  if (type == "BASIC") {
    needed = "BasicAuthParameters";
    connection->kind = Connection::Kind::kBasic;
    connection->user = auth.Sub(needed).Text("Username");
    connection->secret = auth.Sub(needed).SecretOf("Password");
  } else if (type == "API_KEY") {
    needed = "ApiKeyAuthParameters";
    connection->kind = Connection::Kind::kApiKey;
    connection->user = auth.Sub(needed).Text("ApiKeyName");
    connection->secret = auth.Sub(needed).SecretOf("ApiKeyValue");
  } else if (type == "OAUTH_CLIENT_CREDENTIALS") {
    needed = "OAuthParameters";
    const Group oauth = auth.Sub(needed);
    connection->kind = Connection::Kind::kOAuth;
    connection->user = oauth.Sub("ClientParameters").Text("ClientID");
    connection->secret = oauth.Sub("ClientParameters").SecretOf("ClientSecret");
    connection->token_url = oauth.Text("AuthorizationEndpoint");
    connection->token_method = oauth.Text("HttpMethod");
    const Group added = oauth.Sub("OAuthHttpParameters");
    connection->token_headers = Values(added, "HeaderParameters");
    connection->token_body = Values(added, "BodyParameters");
    connection->token_query = Values(added, "QueryStringParameters");
    if (auth.Has(needed) && !IsEndpoint(connection->token_url)) {
      AddProblem(problems, "PROJECT-DESTINATION-001", "the AuthorizationEndpoint is no HTTPS URL",
                 oauth.Where("AuthorizationEndpoint"), "", "plain HTTP is only for this machine");
    }
  }
  if (!needed.empty() && !auth.Has(needed)) {
    AddProblem(
        problems, "PROJECT-DESTINATION-001",
        "AuthorizationType `" + type + "` needs `AuthParameters." + std::string(needed) + "`",
        group.Where("AuthorizationType"), "", "");
  }
  for (const std::string_view other :
       {"BasicAuthParameters", "ApiKeyAuthParameters", "OAuthParameters"}) {
    if (other == needed || !auth.Has(other)) continue;
    AddProblem(problems, "PROJECT-DESTINATION-001",
               "AuthorizationType `" + type + "` takes no `" + std::string(other) + "`",
               auth.Where(other), "", "remove it");
  }
  const Group added = auth.Sub("InvocationHttpParameters");
  connection->headers = Values(added, "HeaderParameters");
  connection->body = Values(added, "BodyParameters");
  connection->query = Values(added, "QueryStringParameters");
}

}  // namespace

bool IsEndpoint(std::string_view url) {
  const bool https = url.starts_with("https://");
  if (!https && !url.starts_with("http://")) return false;
  url.remove_prefix(https ? 8 : 7);
  const std::string_view host = url.substr(0, url.find_first_of(":/?#"));
  if (host.empty() || url.find_first_of(" \t\r\n") != std::string_view::npos) return false;
  return https || host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") ||
         url.starts_with("[::1]");
}

std::optional<ApiDestination> ReadDestination(const config::Document& document,
                                              const LoadOptions& options,
                                              const std::string& file_name, Problems* problems) {
  const size_t before = problems->size();
  const Group group =
      config::Bind(document, document.root, DestinationFields(), options.variables, problems);
  if (problems->size() > before) return std::nullopt;
  ApiDestination destination;
  destination.where = document.Where(document.root.mark);
  destination.name = group.Has("Name") ? group.Text("Name") : file_name;
  if (!IsRuleName(destination.name)) {
    AddProblem(problems, "PROJECT-DESTINATION-001",
               "`" + destination.name + "` cannot be a destination's name", group.Where("Name"), "",
               "1 to 64 letters, digits, `.`, `-` and `_`");
  }
  destination.endpoint = group.Text("InvocationEndpoint");
  if (!IsEndpoint(destination.endpoint)) {
    AddProblem(problems, "PROJECT-DESTINATION-001", "the InvocationEndpoint is no HTTPS URL",
               group.Where("InvocationEndpoint"), "", "plain HTTP is only for this machine");
  }
  destination.method = group.Text("HttpMethod");
  destination.rate_per_second = static_cast<int>(group.Integer("InvocationRateLimitPerSecond"));
  if (group.Has("Connection")) {
    ReadAuth(group.Sub("Connection"), &destination.connection, problems);
  }
  if (problems->size() > before) return std::nullopt;
  return destination;
}

}  // namespace firn::project::internal
