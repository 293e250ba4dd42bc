#include "ends/lake/catalog/rest_reply.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace firn::lake {
namespace {

constexpr size_t kTextMax = 500;
constexpr auto kRetryAfterMax = std::chrono::seconds(300);

// Others' text, fit to be shown: one line, not too long.
std::string Shown(std::string text) {
  if (text.size() > kTextMax) text = text.substr(0, kTextMax) + "..";
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

struct Said {
  bool by_catalog = false;
  std::string type;
  std::string message;
};

Said SaidIn(const net::Response& response) {
  Said said;
  const auto json = nlohmann::json::parse(response.body, nullptr, false);
  const auto text = [](const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? Shown(found->get<std::string>()) : "";
  };
  if (!json.is_object()) return said;
  const auto error = json.find("error");
  if (error != json.end() && error->is_object()) {
    said = {true, text(*error, "type"), text(*error, "message")};
  } else if (error != json.end() && error->is_string()) {
    said = {true, text(json, "error"), text(json, "error_description")};
  } else {
    // AWS's services say it so where the request did not reach their catalog.
    said = {false, text(json, "__type"),
            text(json, json.contains("message") ? "message" : "Message")};
  }
  return said;
}

struct Meaning {
  Kind kind;
  const char* code;
  const char* what;
  const char* hint;
};

Meaning MeaningOf(int status) {
  switch (status) {
    case 401:
    case 419:
      return {Kind::kDenied, "LAKE-REST-002", "the catalog does not take our sign-in",
              "check the credential, its scope and its audience under `lake.rest` in firn.yaml"};
    case 403:
      return {Kind::kDenied, "LAKE-REST-003", "the catalog does not allow this",
              "ask its owner for the right, or sign in as somebody else"};
    case 404:
      return {Kind::kNotFound, "LAKE-REST-004", "the catalog has no such thing", ""};
    case 409:
      return {Kind::kConflict, "LAKE-REST-005", "the catalog refuses it in its present state", ""};
    case 405:
    case 406:
    case 501:
      return {Kind::kUnsupported, "LAKE-REST-006", "the catalog does not offer this", ""};
    case 429:
    case 503:
      return {Kind::kThrottled, "LAKE-REST-007", "the catalog asks to come later", ""};
    default:
      if (status >= 500) return {Kind::kUnreachable, "LAKE-REST-008", "the catalog failed", ""};
      return {Kind::kBadInput, "LAKE-REST-001", "the catalog refuses the request", ""};
  }
}

Error Made(const Meaning& meaning, const net::Response& response, const std::string& where) {
  const Said said = SaidIn(response);
  std::string why = said.message.empty()
                        ? "it answered with status " + std::to_string(response.status)
                        : "it says: " + said.message;
  Error error = Error(meaning.kind, meaning.code, meaning.what)
                    .At(where)
                    .Because(std::move(why))
                    .From({"catalog", response.status, said.type,
                           response.headers.GetOr("x-amzn-requestid",
                                                  response.headers.GetOr("x-request-id", ""))});
  if (*meaning.hint != '\0') error = std::move(error).Hint(meaning.hint);
  if (const auto after = RetryAfterOf(response)) return std::move(error).RetryAfter(*after);
  if (response.status == 429 || response.status >= 500) return std::move(error).RetryWithBackoff();
  return error;
}

}  // namespace

std::optional<std::chrono::seconds> RetryAfterOf(const net::Response& response) {
  if (response.status != 429 && response.status != 503 && response.status != 409) return {};
  const std::string text = response.headers.GetOr("Retry-After", "");
  int64_t seconds = 0;
  const auto [at, bad] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (bad != std::errc() || at != text.data() + text.size() || seconds < 0) return {};
  return std::min(std::chrono::seconds(seconds), kRetryAfterMax);
}

Error RestError(const net::Response& response, const std::string& where) {
  return Made(MeaningOf(response.status), response, where);
}

Error RestTokenError(const net::Response& response, const std::string& where) {
  Meaning meaning = MeaningOf(response.status);
  if (response.status < 500 && response.status != 429) {
    meaning = MeaningOf(401);
    meaning.what = "the token server does not take our sign-in";
  }
  return Made(meaning, response, where);
}

bool MayHaveHappened(const Error& error) {
  if (error.remote().status != 0) return error.remote().status >= 500;
  // It never left: no connection, no such host, a certificate or proxy that is refused.
  static constexpr std::string_view kNeverSent[] = {"NET-HTTP-001", "NET-HTTP-005",
                                                    "NET-HTTP-007", "NET-HTTP-008",
                                                    "NET-TLS-001",  "LAKE-REST-006"};
  return std::find(std::begin(kNeverSent), std::end(kNeverSent), error.code()) ==
         std::end(kNeverSent);
}

}  // namespace firn::lake
