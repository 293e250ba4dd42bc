#include "sandbox/sign_in/assertion.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

// Seconds of the year 5138: a larger `exp` counts milliseconds.
constexpr double kSecondsMax = 1e11;
// Clients that send milliseconds send barely more than now (sf: now + 300 ms): the three minutes
// that an assertion usually lives are theirs too.
constexpr std::chrono::minutes kMillisGrace{3};

std::optional<json> JsonPart(std::string_view part) {
  const auto text = FromBase64Url(part);
  if (!text) return std::nullopt;
  json value = json::parse(*text, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  return value;
}

std::string TextClaim(const json& claims, const char* name) {
  const auto found = claims.find(name);
  return found != claims.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<UtcMicros> ExpiresClaim(const json& claims) {
  const auto found = claims.find("exp");
  if (found == claims.end()) return std::nullopt;
  double number = 0;
  if (found->is_number()) {
    number = found->get<double>();
  } else if (found->is_string()) {
    const auto text = found->get<std::string>();
    const auto end = text.data() + text.size();
    if (std::from_chars(text.data(), end, number).ptr != end) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (!(number >= 0) || number > 1e16) return std::nullopt;
  if (number <= kSecondsMax) {
    return UtcMicros(std::chrono::microseconds(static_cast<int64_t>(number * 1e6)));
  }
  return UtcMicros(std::chrono::milliseconds(static_cast<int64_t>(number))) + kMillisGrace;
}

// `https://Login.Salesforce.com/x` -> `login.salesforce.com`.
std::string HostOf(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "";
  url.remove_prefix(scheme + 3);
  std::string host(url.substr(0, url.find_first_of("/?#")));
  for (char& c : host) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return host;
}

bool IsLoopback(std::string_view host) {
  host = host.substr(0, host.find(':'));
  return host == "localhost" || host == "127.0.0.1";
}

}  // namespace

std::optional<Assertion> ParseAssertion(std::string_view text) {
  const size_t first = text.find('.');
  const size_t second = first == text.npos ? text.npos : text.find('.', first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos) return std::nullopt;
  const auto header = JsonPart(text.substr(0, first));
  const auto claims = JsonPart(text.substr(first + 1, second - first - 1));
  auto signature = FromBase64Url(text.substr(second + 1));
  if (!header || !claims || !signature) return std::nullopt;
  Assertion assertion;
  assertion.algorithm = TextClaim(*header, "alg");
  assertion.issuer = TextClaim(*claims, "iss");
  assertion.subject = TextClaim(*claims, "sub");
  if (assertion.subject.empty()) assertion.subject = TextClaim(*claims, "prn");
  if (const auto aud = claims->find("aud"); aud != claims->end()) {
    for (const json& one : aud->is_array() ? *aud : json::array({*aud})) {
      if (one.is_string()) assertion.audiences.push_back(one.get<std::string>());
    }
  }
  assertion.expires = ExpiresClaim(*claims);
  assertion.signing_input = text.substr(0, second);
  assertion.signature = *std::move(signature);
  return assertion;
}

bool AudienceFits(std::string_view audience, std::string_view base_url) {
  const std::string host = HostOf(audience);
  if (host.empty()) return false;
  const std::string own = HostOf(base_url);
  // The plain and the TLS door are one org: any loopback address with any port is meant for it.
  if (host == own || (IsLoopback(host) && IsLoopback(own))) return true;
  return host.ends_with(".salesforce.com");
}

}  // namespace firn::sandbox
