// Signs requests described as JSON lines on stdin; prints Authorization or the presigned URL.
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/base/time_text.h"
#include "ends/aws/sigv4.h"

int main() {
  using nlohmann::json;
  for (std::string line; std::getline(std::cin, line);) {
    const json wish = json::parse(line);
    firn::aws::Credentials credentials;
    credentials.access_key_id = wish["access_key"];
    credentials.secret_access_key = firn::Secret(wish["secret_key"]);
    credentials.session_token = firn::Secret(wish.value("token", ""));
    firn::aws::SigningOptions options;
    options.scope = {wish["region"], wish["service"]};
    options.now = *firn::ParseInstant(wish["time"].get<std::string>());
    if (wish.contains("life")) {
      std::cout << firn::aws::PresignUrl(wish["method"], wish["url"], credentials, options,
                                         std::chrono::seconds(wish["life"].get<int>()))
                << '\n';
      continue;
    }
    firn::net::Request request;
    request.method = wish["method"];
    request.url = wish["url"];
    request.body = wish["body"];
    for (const auto& [name, value] : wish["headers"].items()) request.headers.Set(name, value);
    firn::aws::SignRequest(request, credentials, options);
    std::cout << request.headers.GetOr("Authorization", "") << '\n';
  }
  return 0;
}
