#include "sandbox/rest/write.h"

#include <algorithm>

#include "sandbox/events/change_origin.h"

namespace firn::sandbox {

MutateOptions OptionsOf(const ApiRequest& request, bool all_or_none) {
  MutateOptions options;
  options.user_id = request.session.user_id;
  options.all_or_none = all_or_none;
  options.origin =
      ChangeOrigin("rest", request.version, request.http.headers.GetOr("Sforce-Call-Options", ""));
  return options;
}

Result<std::vector<RowOutcome>> WriteRows(ApiParts& parts, const ApiRequest& request,
                                          const std::vector<Mutation>& mutations,
                                          bool all_or_none) {
  return parts.org.Mutate(mutations, OptionsOf(request, all_or_none));
}

Result<RowOutcome> WriteRow(ApiParts& parts, const ApiRequest& request, const Mutation& mutation) {
  FIRN_TRY(auto outcomes, WriteRows(parts, request, {mutation}, true));
  if (!outcomes[0].error) return outcomes[0];
  const ApiErrorParts error = PartsOf(*outcomes[0].error);
  // What a list calls a wrong reference is, by itself, a record that is not there; a delete keeps
  // the list's word (django-salesforce takes it for "gone already").
  if (mutation.kind != Mutation::Kind::kDelete && error.code == "INVALID_CROSS_REFERENCE_KEY" &&
      error.status == 404) {
    return Fail(ApiError(404, "NOT_FOUND", "The requested resource does not exist"));
  }
  return Fail(*std::move(outcomes[0].error));
}

std::string SavedJson(int64_t id, std::optional<bool> created) {
  std::string json = "{\"id\":\"" + IdText(id) + "\",\"success\":true,\"errors\":[]";
  if (created) json += *created ? ",\"created\":true" : ",\"created\":false";
  return json + "}";
}

std::string RowErrorJson(const Error& error) {
  const ApiErrorParts parts = PartsOf(error);
  std::string json = "{\"statusCode\":" + JsonString(parts.code) +
                     ",\"message\":" + JsonString(parts.message) + ",\"fields\":[";
  for (size_t i = 0; i < parts.fields.size(); ++i) {
    json += (i > 0 ? "," : "") + JsonString(parts.fields[i]);
  }
  return json + "]}";
}

bool IsIdShaped(std::string_view id) {
  return (id.size() == 15 || id.size() == 18) && std::all_of(id.begin(), id.end(), [](char c) {
           return std::isalnum(static_cast<uint8_t>(c)) != 0;
         });
}

std::string FailedJson(const Error& error, const std::string& id, std::optional<bool> created) {
  std::string json = (id.empty() ? "{" : "{\"id\":" + JsonString(id) + ",") +
                     "\"success\":false,\"errors\":[" + RowErrorJson(error) + "]";
  if (created) json += *created ? ",\"created\":true" : ",\"created\":false";
  return json + "}";
}

}  // namespace firn::sandbox
