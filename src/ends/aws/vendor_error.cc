#include "ends/aws/internal/vendor_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

namespace firn::aws {
namespace {

template <size_t N>
bool IsOneOf(const std::array<std::string_view, N>& codes, const std::string& code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// Source: botocore, retries/standard.py, read 2026-11.
constexpr auto kThrottling = std::to_array<std::string_view>(
    {"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
     "TooManyRequestsException", "ProvisionedThroughputExceededException", "RequestThrottled",
     "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
     "LimitExceededException", "SlowDown", "PriorRequestNotComplete", "EC2ThrottledException"});
constexpr auto kClockSkew = std::to_array<std::string_view>(
    {"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
     "SignatureDoesNotMatch", "AuthFailure"});
constexpr auto kExpired = std::to_array<std::string_view>(
    {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"});
constexpr auto kDenied = std::to_array<std::string_view>(
    {"AccessDenied", "AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId",
     "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSignatureException", "ExpiredToken",
     "ExpiredTokenException", "MissingAuthenticationToken", "IncompleteSignature", "AuthFailure",
     "NotAuthorized", "OptInRequired", "AuthorizationError", "KMSAccessDeniedException",
     "KMS.AccessDeniedException", "NotAuthorizedForSourceException",
     "NotAuthorizedForDetailTypeException"});
constexpr auto kNotFound = std::to_array<std::string_view>(
    {"ResourceNotFoundException", "NotFoundException", "NoSuchKey", "NoSuchBucket",
     "EntityNotFoundException", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
     "StateMachineDoesNotExist", "NotFound"});

// `com.amazonaws.x#ThrottlingException:http://..` -> `ThrottlingException`.
std::string ShortCode(std::string code) {
  code = code.substr(0, code.find(':'));
  const size_t hash = code.rfind('#');
  return hash == std::string::npos ? code : code.substr(hash + 1);
}

void ReadJsonError(const std::string& body, VendorError& error) {
  const auto answer = nlohmann::json::parse(body, nullptr, false);
  if (!answer.is_object()) return;
  for (const char* key : {"__type", "code", "Code"}) {
    if (error.code.empty() && answer.contains(key) && answer[key].is_string()) {
      error.code = answer[key].get<std::string>();
    }
  }
  for (const char* key : {"message", "Message", "errorMessage"}) {
    if (error.message.empty() && answer.contains(key) && answer[key].is_string()) {
      error.message = answer[key].get<std::string>();
    }
  }
}

void ReadXmlError(const std::string& body, VendorError& error) {
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) return;
  const pugi::xml_node root = document.document_element();
  pugi::xml_node found = root;  // S3: <Error> is the root
  if (const pugi::xml_node inner = root.child("Error")) found = inner;
  if (const pugi::xml_node errors = root.child("Errors")) found = errors.child("Error");
  error.code = found.child_value("Code");
  error.message = found.child_value("Message");
  if (error.request_id.empty()) error.request_id = root.child_value("RequestId");
}

}  // namespace

VendorError ReadVendorError(const net::Response& response) {
  VendorError error;
  error.code = response.headers.GetOr("x-amzn-ErrorType", "");
  error.request_id =
      response.headers.GetOr("x-amzn-RequestId", response.headers.GetOr("x-amz-request-id", ""));
  if (response.body.find('<') == 0) {
    ReadXmlError(response.body, error);
  } else {
    ReadJsonError(response.body, error);
  }
  error.code = ShortCode(std::move(error.code));
  return error;
}

bool IsThrottling(const net::Response& response, const VendorError& error) {
  return response.status == 429 || IsOneOf(kThrottling, error.code);
}

bool IsClockSkew(const VendorError& error) { return IsOneOf(kClockSkew, error.code); }

bool IsExpired(const VendorError& error) { return IsOneOf(kExpired, error.code); }

Error AsError(std::string_view service, const net::Response& response, const VendorError& error) {
  const auto make = [&](Kind kind, std::string_view code, std::string_view what) {
    std::string why = error.code.empty() ? fmt::format("status {}", response.status)
                                         : fmt::format("`{}`", error.code);
    if (!error.message.empty()) why += ": " + error.message;
    return Error(kind, code, std::string(what))
        .At(std::string(service))
        .Because(std::move(why))
        .From({std::string(service), response.status, error.code, error.request_id});
  };
  if (IsThrottling(response, error)) {
    return make(Kind::kThrottled, "AWS-CALL-003", "AWS asks to slow down").RetryWithBackoff();
  }
  if (IsOneOf(kDenied, error.code) || response.status == 401 || response.status == 403) {
    return make(Kind::kDenied, "AWS-CALL-002", "AWS refuses the credentials")
        .Hint("`aws sts get-caller-identity` shows whose they are");
  }
  if (IsOneOf(kNotFound, error.code) || response.status == 404) {
    return make(Kind::kNotFound, "AWS-CALL-005", "what was asked of AWS is not there");
  }
  if (response.status >= 500) {
    return make(Kind::kUnreachable, "AWS-CALL-001", "AWS failed on the call").RetryWithBackoff();
  }
  if (response.status == 409) return make(Kind::kConflict, "AWS-CALL-001", "AWS refused the call");
  return make(Kind::kBadInput, "AWS-CALL-001", "AWS refused the call");
}

}  // namespace firn::aws
