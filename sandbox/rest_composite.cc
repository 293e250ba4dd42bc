#include <nlohmann/json.hpp>

#include "sandbox/rest.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kSubrequestsMax = 25;

// One subrequest run as a request of its own: `v60.0/sobjects/Account/describe`.
Answer RunOne(ApiParts& parts, const ApiRequest& outer, const std::string& method, std::string url,
              const json& body) {
  if (url.starts_with("/services/data/")) url.erase(0, 15);
  if (url.starts_with("/")) url.erase(0, 1);
  const size_t slash = std::min(url.find('/'), url.size());
  if (url.substr(0, slash) != "v" + std::to_string(outer.version) + ".0") {
    return ErrorAnswer(400, "INVALID_INPUT", "The subrequest has another API version");
  }
  const size_t question = url.find('?');
  ApiRequest inner{outer.http, outer.call, method, outer.version, {}, {}, "", outer.session, {}};
  if (question != std::string::npos) {
    inner.query = FormDecode(url.substr(question + 1)).value_or(FormFields{});
  }
  std::string_view path = std::string_view(url).substr(0, question);
  path.remove_prefix(std::min(slash + 1, path.size()));
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    if (end > 0) {
      inner.path.push_back(
          PercentDecode(path.substr(0, end), false).value_or(std::string(path.substr(0, end))));
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  if (!inner.path.empty() && inner.path[0] == "composite") {
    return ErrorAnswer(400, "INVALID_INPUT", "A subrequest cannot be composite");
  }
  if (!body.is_null()) inner.body = body.dump();
  return HandleRest(parts, inner);
}

ordered_json BodyOf(const Answer& answer) {
  if (answer.body.empty()) return nullptr;
  return ordered_json::parse(answer.body, nullptr, false);
}

Answer Batch(ApiParts& parts, const ApiRequest& request, const json& body) {
  const json list = body.value("batchRequests", json::array());
  if (!list.is_array() || list.empty() || list.size() > kSubrequestsMax) {
    return ErrorAnswer(400, "INVALID_INPUT", "batchRequests must hold 1 to 25 subrequests");
  }
  const bool halt = body.value("haltOnError", false);
  ordered_json results = ordered_json::array();
  bool errors = false;
  for (const json& one : list) {
    if (errors && halt) {
      results.push_back({{"statusCode", 412},
                         {"result",
                          {{{"errorCode", "BATCH_PROCESSING_HALTED"},
                            {"message",
                             "Batch processing halted per request. An earlier subrequest "
                             "failed."}}}}});
      continue;
    }
    const Answer answer = RunOne(parts, request, one.value("method", ""), one.value("url", ""),
                                 one.value("richInput", json()));
    errors = errors || answer.status >= 400;
    results.push_back({{"statusCode", answer.status}, {"result", BodyOf(answer)}});
  }
  return JsonAnswer(200, ordered_json{{"hasErrors", errors}, {"results", results}}.dump());
}

}  // namespace

Answer HandleComposite(ApiParts& parts, ApiRequest& request) {
  if (request.path.size() == 2 && request.path[1] == "batch") {
    if (request.method != "POST") return MethodNotAllowed(request.method, "POST");
    const json body = json::parse(request.body, nullptr, false);
    if (!body.is_object()) {
      return ErrorAnswer(400, "JSON_PARSER_ERROR", "The HTTP entity body is not a JSON object");
    }
    try {
      return Batch(parts, request, body);
    } catch (const json::exception&) {
      return ErrorAnswer(400, "JSON_PARSER_ERROR", "A value of the body has the wrong type");
    }
  }
  return NotFoundAnswer();
}

}  // namespace firn::sandbox
