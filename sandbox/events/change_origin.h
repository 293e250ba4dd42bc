// The changeOrigin of a change event: which API made the change, and the client that said its name.
// Source: Change Data Capture Developer Guide, 'ChangeEventHeader Fields'; REST API Developer
// Guide, 'Call Options Header'; read 2026-11. Pure.
#pragma once

#include <string>
#include <string_view>

namespace firn::sandbox {

// `com/salesforce/api/rest/67.0;client=Astro`. `call_options` is the Sforce-Call-Options header,
// `client=Astro, defaultNamespace=..`; without a client in it the last part is left out.
[[nodiscard]] inline std::string ChangeOrigin(std::string_view api, int version,
                                              std::string_view call_options) {
  std::string origin =
      "com/salesforce/api/" + std::string(api) + "/" + std::to_string(version) + ".0";
  constexpr std::string_view kClient = "client=";
  const size_t at = call_options.find(kClient);
  if (at == std::string_view::npos) return origin;
  std::string_view client = call_options.substr(at + kClient.size());
  client = client.substr(0, client.find_first_of(",;"));
  while (client.ends_with(' ')) client.remove_suffix(1);
  return origin + ";client=" + std::string(client);
}

}  // namespace firn::sandbox
