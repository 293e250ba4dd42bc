#include <array>

#include "core/net/http_date.h"
#include "ends/salesforce/internal/grant.h"
#include "ends/salesforce/internal/vendor_error.h"

namespace firn::salesforce {
namespace {

// An assertion lives three minutes and Salesforce allows little drift, so a minute is worth
// telling.
constexpr std::chrono::seconds kSkewWorthTelling{60};

struct Meaning {
  std::string_view error;        // of the answer; empty: any
  std::string_view description;  // a part of error_description; empty: any
  Kind kind;
  std::string_view code;
  std::string_view what;
  std::string_view hint;
};

// Sorted from the narrow to the wide; the first that fits counts.
constexpr Meaning kMeanings[] = {
    {"", "rate exceeded", Kind::kThrottled, "SF-AUTH-014", "the org asks to sign in less often",
     ""},
    {"", "hasn't approved this consumer", Kind::kDenied, "SF-AUTH-002",
     "the user has not approved the connected app",
     "in Setup, let the app's users be pre-authorized by an admin, and add the user's profile or a "
     "permission set to the app"},
    {"", "audience is invalid", Kind::kDenied, "SF-AUTH-003",
     "the org refused the audience of the signed assertion",
     "set `login_url` to https://login.salesforce.com, or to https://test.salesforce.com for a "
     "sandbox"},
    {"", "expired access/refresh token", Kind::kDenied, "SF-AUTH-009",
     "the refresh token has expired, was revoked, or was used before",
     "authorize the app again and put the new refresh token in place"},
    {"", "expired authorization code", Kind::kDenied, "SF-AUTH-004",
     "the org says that the signed assertion has expired", "set the machine's clock by NTP"},
    {"", "assertion expired", Kind::kDenied, "SF-AUTH-004",
     "the org says that the signed assertion has expired", "set the machine's clock by NTP"},
    {"", "expired assertion", Kind::kDenied, "SF-AUTH-004",
     "the org says that the signed assertion has expired", "set the machine's clock by NTP"},
    {"", "invalid assertion", Kind::kDenied, "SF-AUTH-005",
     "the org refused the signature of the assertion",
     "look whether the app has this key's certificate and whether that has expired; upload a new "
     "one "
     "or use the other key"},
    {"", "signature", Kind::kDenied, "SF-AUTH-005",
     "the org refused the signature of the assertion",
     "look whether the app has this key's certificate and whether that has expired; upload a new "
     "one "
     "or use the other key"},
    {"", "inactive user", Kind::kDenied, "SF-AUTH-008", "the user is inactive", ""},
    {"", "user is inactive", Kind::kDenied, "SF-AUTH-008", "the user is inactive", ""},
    {"inactive_user", "", Kind::kDenied, "SF-AUTH-008", "the user is inactive", ""},
    {"", "user is locked", Kind::kDenied, "SF-AUTH-008", "the user is locked", ""},
    {"", "ip restricted", Kind::kDenied, "SF-AUTH-008",
     "the user or app may not sign in from this address",
     "relax the app's IP restriction, or add this address to the profile's login ranges"},
    {"inactive_org", "", Kind::kDenied, "SF-AUTH-008", "the org is locked, closed or suspended",
     ""},
    {"", "no client credentials user", Kind::kDenied, "SF-AUTH-013",
     "the connected app has no user to run client credentials as",
     "in the app's policies, enable the client credentials flow and name its run-as user"},
    {"", "no valid scopes", Kind::kDenied, "SF-AUTH-013",
     "the connected app has no scope that fits",
     "give the app the scopes `api` and "
     "`refresh_token`"},
    {"", "not supported on this domain", Kind::kDenied, "SF-AUTH-013",
     "client credentials work only on the org's own domain",
     "set `login_url` to the org's My Domain"},
    {"invalid_client_id", "", Kind::kDenied, "SF-AUTH-012",
     "the org knows no connected app with this client id",
     "copy the consumer key again; a new app "
     "needs up to ten minutes"},
    {"invalid_client", "", Kind::kDenied, "SF-AUTH-012",
     "the org refused the client id or its secret", "copy the consumer key and secret again"},
    {"", "client identifier invalid", Kind::kDenied, "SF-AUTH-012",
     "the org knows no connected app with this client id",
     "copy the consumer key again; a new app "
     "needs up to ten minutes"},
    {"", "invalid client credentials", Kind::kDenied, "SF-AUTH-012",
     "the org refused the client id or its secret", "copy the consumer key and secret again"},
    {"unsupported_grant_type", "", Kind::kDenied, "SF-AUTH-013",
     "the org does not allow this way of signing in", ""},
};

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string SkewText(std::chrono::seconds skew) {
  const int64_t seconds = std::abs(skew.count());
  const std::string size =
      seconds < 120 ? std::to_string(seconds) + " s" : std::to_string((seconds + 30) / 60) + " min";
  return "this machine's clock is " + size + (skew.count() > 0 ? " ahead of" : " behind") +
         " the org's";
}

Error Meant(const OauthRefusal& refusal, const VendorError& vendor) {
  const std::string description = LowerCase(vendor.message);
  for (const Meaning& meaning : kMeanings) {
    if (!meaning.error.empty() && vendor.code != meaning.error) continue;
    if (description.find(meaning.description) == std::string::npos) continue;
    Error error(meaning.kind, meaning.code, std::string(meaning.what));
    if (meaning.kind == Kind::kThrottled) error = std::move(error).RetryWithBackoff();
    return meaning.hint.empty() ? error : std::move(error).Hint(std::string(meaning.hint));
  }
  if (refusal.status == 429) {
    return Error(Kind::kThrottled, "SF-AUTH-014", "the org asks to sign in less often")
        .RetryWithBackoff();
  }
  if (refusal.status >= 500) {
    return Error(
               Kind::kUnreachable, "SF-AUTH-015",
               "the org cannot sign anybody in now (status " + std::to_string(refusal.status) + ")")
        .RetryWithBackoff();
  }
  return Error(Kind::kDenied, "SF-AUTH-001",
               "the org refused to sign in (status " + std::to_string(refusal.status) + ")");
}

}  // namespace

std::optional<std::chrono::seconds> ClockSkew(std::string_view date_header, UtcMicros now) {
  const auto date = net::ParseHttpDate(date_header);
  if (!date) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::seconds>(now - *date);
}

Error OauthError(const OauthRefusal& refusal) {
  const VendorError vendor = ParseVendorError(refusal.body);
  Error error = Meant(refusal, vendor);
  std::string why = vendor.code.empty() && vendor.message.empty()
                        ? "the answer holds no error text"
                        : "Salesforce says `" + vendor.code + "`: " + vendor.message;
  const auto skew = refusal.headers == nullptr
                        ? std::nullopt
                        : ClockSkew(refusal.headers->GetOr("Date", ""), refusal.now);
  const bool by_time = error.code() == "SF-AUTH-001" || error.code() == "SF-AUTH-004" ||
                       error.code() == "SF-AUTH-005";
  if (skew && by_time && std::chrono::abs(*skew) >= kSkewWorthTelling) {
    why = SkewText(*skew) + "; " + why;
    error = std::move(error).Hint("set the machine's clock by NTP");
  }
  if (error.retry().when != Retry::When::kNever && refusal.headers != nullptr) {
    if (const auto after = RetryAfterOf(*refusal.headers)) {
      error = std::move(error).RetryAfter(*after);
    }
  }
  const Refusal plain{refusal.org, refusal.status, refusal.headers, refusal.body};
  return std::move(error)
      .Because(std::move(why))
      .At("org `" + std::string(refusal.org) + "`")
      .From(RemoteOf(plain, vendor));
}

}  // namespace firn::salesforce
