#include "core/identity/jwt.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/base/encoding.h"
#include "core/identity/signature.h"

namespace firn::identity {
namespace {

using Json = nlohmann::json;

constexpr size_t kTokenBytesMax = 64 << 10;
constexpr double kSecondsMax = 253'402'300'800.0;  // year 10000

Error Refused(Kind kind, std::string_view code, std::string what) {
  return Error(kind, code, std::move(what));
}

// One JSON object in which no name occurs twice, at any depth: two readers of a doubled name could
// disagree about which one counts.
std::optional<Json> StrictObject(const std::string& text) {
  std::vector<std::set<std::string>> names;
  bool doubled = false;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key) {
      doubled |= !names.back().insert(parsed.get<std::string>()).second;
    }
    return true;
  };
  Json object = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (doubled || !object.is_object()) return std::nullopt;
  return object;
}

struct Parts {
  std::string signed_text;
  std::string header_json;
  std::string claims_json;
  std::string signature;
  Json header;
  Json claims;
};

Result<Parts> Split(std::string_view token) {
  const auto bad = [](std::string_view why) {
    return Fail(Refused(Kind::kBadInput, "ID-JWT-001", "the text is no signed JSON Web Token")
                    .Because(std::string(why)));
  };
  if (token.size() > kTokenBytesMax) return bad("it is longer than 64 KiB");
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return bad("it does not have three parts");
  }
  auto header = FromBase64Url(token.substr(0, first));
  auto claims = FromBase64Url(token.substr(first + 1, second - first - 1));
  auto signature = FromBase64Url(token.substr(second + 1));
  if (!header || !claims || !signature) return bad("a part is no base64url");
  auto header_object = StrictObject(*header);
  auto claims_object = StrictObject(*claims);
  if (!header_object || !claims_object) return bad("a part is no JSON object with unique names");
  return Parts{std::string(token.substr(0, second)),
               *std::move(header),
               *std::move(claims),
               *std::move(signature),
               *std::move(header_object),
               *std::move(claims_object)};
}

// Text of a member; nothing when absent. Errors: ID-JWT-009 when it is something else.
Result<std::optional<std::string>> TextMember(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::optional<std::string>();
  if (!found->is_string()) {
    return Fail(Refused(Kind::kDenied, "ID-JWT-009",
                        std::string("`") + name + "` of the token is not text"));
  }
  return std::optional(found->get<std::string>());
}

Result<std::optional<UtcMicros>> InstantMember(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end()) return std::optional<UtcMicros>();
  if (!found->is_number() || std::abs(found->get<double>()) > kSecondsMax) {
    return Fail(Refused(Kind::kDenied, "ID-JWT-009",
                        std::string("`") + name + "` of the token is not a time in seconds"));
  }
  return std::optional(
      UtcMicros(std::chrono::microseconds(std::llround(found->get<double>() * 1e6))));
}

Result<std::vector<std::string>> AudienceMember(const Json& claims) {
  const auto found = claims.find("aud");
  if (found == claims.end()) return std::vector<std::string>();
  if (found->is_string()) return std::vector<std::string>{found->get<std::string>()};
  std::vector<std::string> audiences;
  bool texts = found->is_array();
  if (texts) {
    for (const Json& one : *found) {
      texts = texts && one.is_string();
      if (texts) audiences.push_back(one.get<std::string>());
    }
  }
  if (!texts) {
    return Fail(
        Refused(Kind::kDenied, "ID-JWT-009", "`aud` of the token is neither text nor texts"));
  }
  return audiences;
}

Result<void> CheckTimes(const Json& claims, const VerifyOptions& options, UtcMicros now,
                        VerifiedToken& token) {
  FIRN_TRY(const auto expires, InstantMember(claims, "exp"));
  FIRN_TRY(const auto not_before, InstantMember(claims, "nbf"));
  FIRN_TRY(const auto issued, InstantMember(claims, "iat"));
  if (!expires) return Fail(Refused(Kind::kDenied, "ID-JWT-009", "the token has no `exp`"));
  token.expires = *expires;
  if (now >= *expires + options.leeway) {
    return Fail(Refused(Kind::kExpired, "ID-JWT-005", "the token has expired"));
  }
  if (options.life_max.count() > 0 && *expires > now + options.life_max + options.leeway) {
    return Fail(Refused(Kind::kDenied, "ID-JWT-009", "the token lives longer than is allowed"));
  }
  const bool early = (not_before && now + options.leeway < *not_before) ||
                     (issued && now + options.leeway < *issued);
  if (early) return Fail(Refused(Kind::kDenied, "ID-JWT-006", "the token is not valid yet"));
  return {};
}

Result<void> CheckParties(const Json& claims, const VerifyOptions& options, VerifiedToken& token) {
  FIRN_TRY(const auto issuer, TextMember(claims, "iss"));
  FIRN_TRY(const auto subject, TextMember(claims, "sub"));
  FIRN_TRY(token.audiences, AudienceMember(claims));
  token.issuer = issuer.value_or("");
  token.subject = subject.value_or("");
  const auto among = [](const std::vector<std::string>& list, const std::string& text) {
    return std::find(list.begin(), list.end(), text) != list.end();
  };
  if (!options.issuers.empty() && (!issuer || !among(options.issuers, *issuer))) {
    return Fail(Refused(Kind::kDenied, "ID-JWT-007", "the token is from another issuer"));
  }
  if (options.subject_required && token.subject.empty()) {
    return Fail(Refused(Kind::kDenied, "ID-JWT-009", "the token names no subject"));
  }
  if (options.any_audience) return {};
  const bool for_us =
      options.audiences.empty()
          ? token.audiences.empty()
          : std::any_of(token.audiences.begin(), token.audiences.end(),
                        [&](const std::string& one) { return among(options.audiences, one); });
  if (!for_us)
    return Fail(Refused(Kind::kDenied, "ID-JWT-008", "the token is for another audience"));
  return {};
}

Result<void> CheckSignature(const Parts& parts, const KeySet& keys, const VerifiedToken& token) {
  bool known = false;
  for (const JsonWebKey& key : keys.keys()) {
    if (!token.key_id.empty() && key.key_id != token.key_id) continue;
    if (!key.algorithm.empty() && key.algorithm != token.algorithm) continue;
    if (!Fits(token.algorithm, key.key.kind())) continue;
    known = true;
    if (VerifySignature(token.algorithm, key.key, parts.signed_text, parts.signature)) return {};
  }
  if (!known) {
    return Fail(Refused(Kind::kDenied, "ID-JWT-003", "no known key fits the token")
                    .Hint("fetch the issuer's keys again: it may have changed them"));
  }
  return Fail(Refused(Kind::kDenied, "ID-JWT-004", "the token's signature is wrong"));
}

}  // namespace

Result<Secret> SignRs256(const PrivateKey& key, std::string_view claims_json,
                         std::string_view kid) {
  Json header = {{"alg", "RS256"}, {"typ", "JWT"}};
  if (!kid.empty()) header["kid"] = kid;
  std::string text = Base64Url(header.dump()) + "." + Base64Url(claims_json);
  FIRN_TRY(const std::string signature, SignatureRs256(key, text));
  return Secret(text + "." + Base64Url(signature));
}

Result<VerifiedToken> VerifyJwt(std::string_view token, const KeySet& keys,
                                const VerifyOptions& options, UtcMicros now) {
  FIRN_TRY(const Parts parts, Split(token));
  VerifiedToken verified;
  FIRN_TRY(const auto algorithm, TextMember(parts.header, "alg"));
  FIRN_TRY(const auto key_id, TextMember(parts.header, "kid"));
  verified.algorithm = algorithm.value_or("");
  verified.key_id = key_id.value_or("");
  const auto& allowed = options.algorithms;
  const bool is_allowed =
      IsKnownAlgorithm(verified.algorithm) &&
      std::find(allowed.begin(), allowed.end(), verified.algorithm) != allowed.end();
  // `crit` names extensions that must be understood; none is (RFC 7515 section 4.1.11).
  if (!is_allowed || parts.header.contains("crit")) {
    return Fail(Refused(Kind::kDenied, "ID-JWT-002",
                        "the token's algorithm or a critical extension is not accepted"));
  }
  FIRN_CHECK(CheckSignature(parts, keys, verified));
  FIRN_CHECK(CheckTimes(parts.claims, options, now, verified));
  FIRN_CHECK(CheckParties(parts.claims, options, verified));
  verified.header_json = parts.header_json;
  verified.claims_json = parts.claims_json;
  return verified;
}

}  // namespace firn::identity
