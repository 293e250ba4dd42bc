#include "patterns/federation/error_model.h"

#include <nlohmann/json.hpp>

namespace firn::federation {
namespace {

struct Entry {
  std::string_view code;
  int status;
  const char* type;
};

constexpr Entry kByCode[] = {
    {"CAT-NS-001", 404, "NoSuchNamespaceException"},
    {"CAT-NS-002", 409, "AlreadyExistsException"},
    {"CAT-NS-003", 409, "NamespaceNotEmptyException"},
    {"CAT-NS-004", 422, "UnprocessableEntityException"},
    {"CAT-TABLE-001", 404, "NoSuchTableException"},
    {"CAT-TABLE-002", 409, "AlreadyExistsException"},
    {"CAT-VIEW-001", 404, "NoSuchViewException"},
    {"CAT-VIEW-002", 409, "AlreadyExistsException"},
    {"CAT-VIEW-003", 400, "IllegalArgumentException"},
    {"CAT-COMMIT-001", 409, "CommitFailedException"},
    {"CAT-AUTH-001", 401, "NotAuthorizedException"},
    {"CAT-AUTH-002", 401, "NotAuthorizedException"},
    {"CAT-LOCATION-001", 403, "ForbiddenException"},
    {"CAT-REQUEST-002", 404, "NoSuchEndpointException"},
    {"CAT-REQUEST-004", 405, "MethodNotAllowedException"},
    {"CAT-PLAN-002", 404, "NoSuchPlanTaskException"},
    {"CAT-PLAN-003", 404, "NoSuchPlanIdException"},
    {"CAT-SIGN-001", 403, "ForbiddenException"},
    {"LAKE-UPDATE-001", 400, "ValidationException"},
    {"LAKE-UPDATE-002", 409, "CommitFailedException"},
    {"LAKE-TABLE-001", 404, "NoSuchTableException"},
    {"LAKE-STORE-002", 404, "NotFoundException"},
    {"LAKE-META-002", 400, "UnsupportedOperationException"},
};

Entry ByKind(Kind kind) {
  switch (kind) {
    case Kind::kNotFound:
      return {"", 404, "NotFoundException"};
    case Kind::kDenied:
      return {"", 403, "ForbiddenException"};
    case Kind::kBadInput:
    case Kind::kBadConfig:
      return {"", 400, "BadRequestException"};
    case Kind::kConflict:
    case Kind::kThrottled:
    case Kind::kLimitReached:
    case Kind::kUnreachable:
    // What has expired is something of the server's own, such as its keys to the bucket.
    case Kind::kExpired:
      return {"", 503, "ServiceUnavailableException"};
    case Kind::kTimeout:
      return {"", 504, "CommitStateUnknownException"};
    case Kind::kCommitUnknown:
      return {"", 500, "CommitStateUnknownException"};
    case Kind::kUnsupported:
      return {"", 406, "UnsupportedOperationException"};
    case Kind::kCorrupt:
    case Kind::kCancelled:
    case Kind::kInternal:
      return {"", 500, "InternalServerError"};
  }
  return {"", 500, "InternalServerError"};
}

Entry EntryFor(const Error& error) {
  for (const Entry& entry : kByCode) {
    if (entry.code == error.code()) return entry;
  }
  return ByKind(error.kind());
}

}  // namespace

ErrorAnswer ErrorAnswerFor(const Error& error) {
  const Entry entry = EntryFor(error);
  std::string message = error.what();
  if (!error.why().empty()) message += ": " + error.why();
  const nlohmann::ordered_json body = {
      {"error", {{"message", message}, {"type", entry.type}, {"code", entry.status}}}};
  // Names in messages may hold bytes that are no UTF-8; they are replaced, not refused.
  return {entry.status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

}  // namespace firn::federation
