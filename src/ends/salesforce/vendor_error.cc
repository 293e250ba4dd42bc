#include "ends/salesforce/internal/vendor_error.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/net/http_date.h"

namespace firn::salesforce {
namespace {

using Json = nlohmann::json;

constexpr size_t kMessageBytesMax = 500;
constexpr std::chrono::milliseconds kRetryAfterMost = std::chrono::hours(1);

std::string TextOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return "";
  std::string text = found->get<std::string>();
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  if (text.size() <= kMessageBytesMax) return text;
  text.resize(kMessageBytesMax);
  // A multi-byte character that was cut in two goes as a whole.
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0x80) != 0) text.pop_back();
  return text;
}

bool Contains(std::string_view text, std::string_view part) {
  const auto found = std::search(
      text.begin(), text.end(), part.begin(), part.end(),
      [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
  return found != text.end();
}

// 401s that a new session would only repeat (jsforce#1291, #1168, #1263; cli#3428).
bool IsNotAboutExpiry(std::string_view message) {
  return Contains(message, "not valid for use with") || Contains(message, "not attached to agent");
}

std::string RequestIdOf(const net::Headers* headers) {
  if (headers == nullptr) return "";
  for (const char* name : {"X-Request-Id", "X-SFDC-Request-Id", "sfdc-request-id"}) {
    if (const auto value = headers->Get(name)) return std::string(*value);
  }
  return "";
}

std::string Said(const VendorError& error) {
  if (error.code.empty() && error.message.empty()) return "the answer holds no error text";
  if (error.message.empty()) return "Salesforce says `" + error.code + "`";
  return "Salesforce says `" + error.code + "`: " + error.message;
}

struct Meaning {
  std::string_view vendor_code;
  Kind kind;
  std::string_view code;
  std::string_view what;
  std::string_view hint;
};

// REST API Developer Guide, "Status Codes and Error Responses"; SOAP API, "Exception Codes".
constexpr Meaning kMeanings[] = {
    {"REQUEST_LIMIT_EXCEEDED", Kind::kLimitReached, "SF-LIMIT-005",
     "the org's API calls of the last 24 hours are used up", "try again later; nothing is lost"},
    {"TXN_SECURITY_METERING_ERROR", Kind::kDenied, "SF-REST-003",
     "a transaction security policy of the org stopped the request", ""},
    {"API_DISABLED_FOR_ORG", Kind::kDenied, "SF-REST-003", "the org's edition has no API access",
     ""},
    {"API_CURRENTLY_DISABLED", Kind::kDenied, "SF-REST-003", "this user may not use the API now",
     "give the user the permission `API Enabled`"},
    {"INSUFFICIENT_ACCESS", Kind::kDenied, "SF-REST-003", "the user may not read this", ""},
    {"INSUFFICIENT_ACCESS_OR_READONLY", Kind::kDenied, "SF-REST-003", "the user may not do this",
     ""},
    {"FUNCTIONALITY_NOT_ENABLED", Kind::kUnsupported, "SF-REST-013",
     "the org has this function switched off", ""},
    {"INVALID_QUERY_LOCATOR", Kind::kExpired, "SF-REST-007",
     "the query's cursor is gone: cursors live two days", "run the query again"},
    {"QUERY_TIMEOUT", Kind::kTimeout, "SF-REST-009",
     "Salesforce gave up on the query after its own time limit",
     "make the query smaller or filter on an indexed field"},
    {"EXCEEDED_ID_LIMIT", Kind::kLimitReached, "SF-REST-010",
     "more than 600,000 ids lie in the time window", "ask for a smaller window"},
    {"INVALID_REPLICATION_DATE", Kind::kBadInput, "SF-REST-001",
     "the time window lies further back than the org keeps its lists", ""},
    {"MALFORMED_QUERY", Kind::kBadInput, "SF-REST-001", "Salesforce cannot read the query", ""},
    {"INVALID_FIELD", Kind::kBadInput, "SF-REST-001",
     "the query names a field that does not exist or is hidden from this user", ""},
    {"INVALID_TYPE", Kind::kBadInput, "SF-REST-001",
     "the query names an object that does not exist or is hidden from this user", ""},
    {"UNSUPPORTED_API_VERSION", Kind::kUnsupported, "SF-REST-004",
     "the org does not offer this API version", "set `api_version` to one the org offers"},
};

Error ByStatus(int status, const VendorError& error) {
  if (status >= 300 && status < 400) {
    return Error(
        Kind::kUnsupported, "SF-REST-015",
        "the org sends the request to another address (status " + std::to_string(status) + ")");
  }
  if (status == 401) {
    if (IsExpiredSession(status, error)) {
      return Error(Kind::kExpired, "SF-AUTH-006", "the session has expired or was revoked");
    }
    return Error(Kind::kDenied, "SF-AUTH-007",
                 "the org refuses this session, and a new one of the "
                 "same app would be refused too");
  }
  if (status == 403) return Error(Kind::kDenied, "SF-REST-003", "the org forbids the request");
  if (status == 404) {
    return Error(Kind::kNotFound, "SF-REST-002",
                 "the org knows no such record, object or address, or hides it from this user");
  }
  if (status == 410) {
    return Error(Kind::kUnsupported, "SF-REST-004", "the API version is retired")
        .Hint("set `api_version` to one the org offers");
  }
  if (status == 414 || status == 431) {
    return Error(Kind::kBadInput, "SF-REST-005", "the address of the request is too long");
  }
  if (status == 408 || status == 504) {
    return Error(Kind::kTimeout, "SF-REST-012", "the org did not answer in time")
        .RetryWithBackoff();
  }
  if (status == 429) {
    return Error(Kind::kThrottled, "SF-REST-011", "the org asks to slow down").RetryWithBackoff();
  }
  if (status >= 500) {
    return Error(Kind::kUnreachable, "SF-REST-012",
                 "the org cannot answer now (status " + std::to_string(status) + ")")
        .RetryWithBackoff();
  }
  return Error(Kind::kBadInput, "SF-REST-001",
               "the org refuses the request (status " + std::to_string(status) + ")");
}

Error Complete(Error error, const Refusal& refusal, const VendorError& vendor) {
  if (error.retry().when != Retry::When::kNever && refusal.headers != nullptr) {
    if (const auto after = RetryAfterOf(*refusal.headers)) {
      error = std::move(error).RetryAfter(*after);
    }
  }
  return std::move(error)
      .Because(Said(vendor))
      .At("org `" + std::string(refusal.system) + "`")
      .From(RemoteOf(refusal, vendor));
}

}  // namespace

VendorError ParseVendorError(std::string_view body) {
  Json document = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (document.is_array() && !document.empty()) document = Json(document.front());
  if (!document.is_object()) return {};
  if (document.contains("errorCode")) {
    return {TextOf(document, "errorCode"), TextOf(document, "message")};
  }
  if (document.contains("exceptionCode")) {
    return {TextOf(document, "exceptionCode"), TextOf(document, "exceptionMessage")};
  }
  return {TextOf(document, "error"), TextOf(document, "error_description")};
}

std::optional<std::chrono::milliseconds> RetryAfterOf(const net::Headers& headers) {
  const auto text = headers.Get("Retry-After");
  if (!text) return std::nullopt;
  int64_t seconds = -1;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (problem != std::errc() || end != text->data() + text->size()) {
    const auto then = net::ParseHttpDate(*text);
    const auto now = net::ParseHttpDate(headers.GetOr("Date", ""));
    if (!then || !now) return std::nullopt;
    seconds = std::chrono::duration_cast<std::chrono::seconds>(*then - *now).count();
  }
  if (seconds < 0) return std::nullopt;
  const std::chrono::milliseconds asked = std::chrono::seconds(std::min<int64_t>(seconds, 86'400));
  return std::min(asked, kRetryAfterMost);
}

Remote RemoteOf(const Refusal& refusal, const VendorError& error) {
  return {"org `" + std::string(refusal.system) + "`", refusal.status, error.code,
          RequestIdOf(refusal.headers)};
}

bool IsExpiredSession(int status, const VendorError& error) {
  if (IsNotAboutExpiry(error.message)) return false;
  if (status == 400) return error.code == "InvalidSessionId";  // Bulk v1's shape
  return status == 401 && (error.code == "INVALID_SESSION_ID" || error.code == "InvalidSessionId" ||
                           error.code.empty());
}

Error ApiError(const Refusal& refusal) {
  const VendorError vendor = ParseVendorError(refusal.body);
  if (refusal.status == 400 && IsExpiredSession(400, vendor)) {
    return Complete(Error(Kind::kExpired, "SF-AUTH-006", "the session has expired or was revoked"),
                    refusal, vendor);
  }
  // "ConcurrentRequests (Concurrent API Requests) Limit exceeded." passes in seconds, unlike the
  // day's total.
  if (vendor.code == "REQUEST_LIMIT_EXCEEDED" && Contains(vendor.message, "concurrent")) {
    return Complete(
        Error(Kind::kThrottled, "SF-REST-011", "too many long requests run in the org at once")
            .RetryWithBackoff(),
        refusal, vendor);
  }
  for (const Meaning& meaning : kMeanings) {
    if (refusal.status >= 500 || vendor.code != meaning.vendor_code) continue;
    Error error(meaning.kind, meaning.code, std::string(meaning.what));
    if (!meaning.hint.empty()) error = std::move(error).Hint(std::string(meaning.hint));
    return Complete(std::move(error), refusal, vendor);
  }
  return Complete(ByStatus(refusal.status, vendor), refusal, vendor);
}

bool BulkCannotRead(std::string_view code, std::string_view message) {
  return code == "INVALIDENTITY" || code == "FEATURENOTENABLED" ||
         Contains(message, "not supported by the bulk") ||
         Contains(message, "not supported in bulk") ||
         Contains(message, "does not support query") ||
         Contains(message, "bulk api 2.0 does not support") ||
         (Contains(message, "FUNCTIONALITY_NOT_ENABLED") && Contains(message, "bulk"));
}

Error BulkError(const Refusal& refusal) {
  const VendorError vendor = ParseVendorError(refusal.body);
  const int status = refusal.status;
  if (status >= 400 && status < 500 && BulkCannotRead(vendor.code, vendor.message)) {
    return Complete(Error(Kind::kUnsupported, "SF-BULK-002",
                          "Bulk API 2.0 cannot read this object or one of these fields"),
                    refusal, vendor);
  }
  if (vendor.code == "LIMIT_EXCEEDED" || Contains(vendor.message, "max bulk v2 query jobs")) {
    return Complete(Error(Kind::kLimitReached, "SF-BULK-005",
                          "the org's Bulk query jobs of the last 24 hours are used up")
                        .Hint("try again later, or read small objects by REST"),
                    refusal, vendor);
  }
  if (status == 404) {
    return Complete(Error(Kind::kNotFound, "SF-BULK-004",
                          "the org no longer has this query job or page: results live seven days"),
                    refusal, vendor);
  }
  if (status == 409 || status == 412) {
    return Complete(Error(Kind::kConflict, "SF-BULK-008",
                          status == 412 ? "the query job is not complete yet"
                                        : "the job was made with another API version"),
                    refusal, vendor);
  }
  Error error = ApiError(refusal);
  if (error.kind() != Kind::kBadInput) return error;
  return Complete(Error(Kind::kBadInput, "SF-BULK-001", "Bulk API 2.0 refuses the query"), refusal,
                  vendor);
}

}  // namespace firn::salesforce
