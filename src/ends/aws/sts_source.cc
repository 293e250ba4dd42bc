// Roles assumed through STS, and sign-ins of IAM Identity Center (SSO).
// Sources: AWS STS API Reference, "AssumeRole", "AssumeRoleWithWebIdentity"; IAM Identity Center
// Portal API, "GetRoleCredentials"; read 2026-11.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "core/base/encoding.h"
#include "core/base/file.h"
#include "core/base/time_text.h"
#include "ends/aws/internal/sources.h"
#include "ends/aws/internal/uri.h"

namespace firn::aws {
namespace {

std::string Setting(const Settings& settings, std::string_view name) {
  const auto found = settings.find(name);
  return found == settings.end() ? std::string() : found->second;
}

// The names of cached SSO tokens are SHA-1 in hex, by the CLI's own convention.
std::string Sha1Hex(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int bytes = 0;
  EVP_Digest(text.data(), text.size(), digest, &bytes, EVP_sha1(), nullptr);
  return Hex({reinterpret_cast<const char*>(digest), bytes});
}

Result<Credentials> ReadAssumeRole(const net::Response& answer, std::string_view source) {
  pugi::xml_document document;
  if (!document.load_buffer(answer.body.data(), answer.body.size())) {
    return Fail(SourceFailed(source, fmt::format("STS answered with status {}", answer.status)));
  }
  const pugi::xml_node root = document.document_element();
  if (answer.status != 200) {
    const pugi::xml_node error = root.child("Error");
    return Fail(SourceFailed(source, fmt::format("STS says `{}`: {}", error.child_value("Code"),
                                                 error.child_value("Message"))));
  }
  const pugi::xml_node given = root.first_child().child("Credentials");
  Credentials credentials;
  credentials.access_key_id = given.child_value("AccessKeyId");
  credentials.secret_access_key = Secret(given.child_value("SecretAccessKey"));
  credentials.session_token = Secret(given.child_value("SessionToken"));
  const auto expires = ParseInstant(given.child_value("Expiration"));
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() || !expires) {
    return Fail(SourceFailed(source, "STS's answer holds no credentials"));
  }
  credentials.expires = *expires;
  credentials.source = source;
  return credentials;
}

// The token that `aws sso login` left, and the region of its service.
struct SsoToken {
  Secret token;
  std::string region;
};
Result<SsoToken> ReadSsoToken(const Call& call, const SourceParts& parts, const Profiles& profiles,
                              const Settings& profile) {
  const std::string session = Setting(profile, "sso_session");
  std::string key = session;
  std::string region = Setting(profile, "sso_region");
  if (session.empty()) {
    key = Setting(profile, "sso_start_url");
  } else if (const auto known = profiles.sso_sessions.find(session);
             known != profiles.sso_sessions.end()) {
    region = Setting(known->second, "sso_region");
  }
  const std::string path =
      parts.environment.Get("HOME") + "/.aws/sso/cache/" + Sha1Hex(key) + ".json";
  const Error expired = Error(Kind::kDenied, "AWS-CRED-003", "the SSO sign-in has expired")
                            .Hint("run `aws sso login`");
  if (!FileExists(path)) return Fail(expired);
  FIRN_TRY(const std::string text, ReadFile(path));
  const auto cached = nlohmann::json::parse(text, nullptr, false);
  if (!cached.is_object()) return Fail(expired);
  const auto until = ParseInstant(cached.value("expiresAt", ""));
  if (!until || *until <= call.clock->Now()) return Fail(expired);
  return SsoToken{Secret(cached.value("accessToken", "")), region};
}

}  // namespace

Result<Credentials> CallAssumeRole(const Call& call, const SourceParts& parts,
                                   const AssumeRole& role, const Credentials* source) {
  const bool web = !role.web_identity_token.empty();
  const std::string name = fmt::format("the role `{}`", role.role_arn);
  const std::string override_url =
      parts.environment.GetOr("AWS_ENDPOINT_URL_STS", parts.environment.Get("AWS_ENDPOINT_URL"));
  net::Request request;
  request.method = "POST";
  request.url = (override_url.empty() ? fmt::format("https://sts.{}.amazonaws.com", role.region)
                                      : override_url) +
                "/";
  request.headers.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  request.body = fmt::format("Action={}&Version=2011-06-15&RoleArn={}&RoleSessionName={}",
                             web ? "AssumeRoleWithWebIdentity" : "AssumeRole",
                             UriEncode(role.role_arn, ""), UriEncode(role.session_name, ""));
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) request.body += fmt::format("&{}={}", key, UriEncode(value, ""));
  };
  add("DurationSeconds", role.duration_seconds);
  add("ExternalId", role.external_id);
  add("WebIdentityToken", role.web_identity_token);
  if (source != nullptr) {
    SignRequest(request, *source, {.scope = {role.region, "sts"}, .now = call.clock->Now()});
  }
  const auto answer = parts.transport.Send(call, request);
  if (!answer) return Fail(SourceFailed(name, answer.error().OneLine()));
  return ReadAssumeRole(*answer, name);
}

Result<Credentials> FromSso(const Call& call, const SourceParts& parts, const Profiles& profiles,
                            const Settings& profile) {
  constexpr std::string_view kSource = "SSO";
  FIRN_TRY(const SsoToken token, ReadSsoToken(call, parts, profiles, profile));
  const std::string endpoint = parts.environment.GetOr(
      "AWS_ENDPOINT_URL_SSO", fmt::format("https://portal.sso.{}.amazonaws.com", token.region));
  net::Request request;
  request.url = fmt::format("{}/federation/credentials?account_id={}&role_name={}", endpoint,
                            UriEncode(Setting(profile, "sso_account_id"), ""),
                            UriEncode(Setting(profile, "sso_role_name"), ""));
  request.headers.Set("x-amz-sso_bearer_token", token.token.Reveal());
  const auto answer = parts.transport.Send(call, request);
  if (!answer) return Fail(SourceFailed(kSource, answer.error().OneLine()));
  if (answer->status != 200) {
    return Fail(SourceFailed(kSource, fmt::format("it answered with status {}", answer->status)));
  }
  const auto body = nlohmann::json::parse(answer->body, nullptr, false);
  if (!body.is_object() || !body.contains("roleCredentials")) {
    return Fail(SourceFailed(kSource, "its answer holds no credentials"));
  }
  const auto& given = body["roleCredentials"];
  Credentials credentials;
  credentials.access_key_id = given.value("accessKeyId", "");
  credentials.secret_access_key = Secret(given.value("secretAccessKey", ""));
  credentials.session_token = Secret(given.value("sessionToken", ""));
  credentials.expires = UtcMicros(std::chrono::milliseconds(given.value("expiration", int64_t{0})));
  credentials.source = kSource;
  return credentials;
}

}  // namespace firn::aws
