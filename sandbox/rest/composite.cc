// `composite`, `composite/batch` and `composite/graph`: several requests in one.
// Source: REST API Developer Guide, "Composite", "Composite Batch", "Composite Graph", "Composite
// Graph Limits", read 2026-11.
#include <nlohmann/json.hpp>
#include <optional>

#include "sandbox/rest/rest.h"
#include "sandbox/rest/subrequest.h"
#include "sandbox/rest/write.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kSubrequestsMax = 25;
constexpr size_t kGraphsMax = 75;
constexpr size_t kNodesMax = 500;  // of all graphs of a request
constexpr int kGraphsSince = 50;

std::string Member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool Flag(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

ordered_json BodyOf(const Answer& answer) {
  if (answer.body.empty()) return nullptr;
  ordered_json body = ordered_json::parse(answer.body, nullptr, false);
  return body.is_discarded() ? ordered_json(nullptr) : body;
}

ordered_json ErrorBody(std::string_view code, std::string_view message) {
  return ordered_json::array({{{"errorCode", code}, {"message", message}}});
}

Answer Batch(ApiParts& parts, const ApiRequest& request, const json& body) {
  const auto found = body.find("batchRequests");
  if (found == body.end() || !found->is_array() || found->empty()) {
    return ErrorAnswer(400, "INVALID_INPUT", "batchRequests must hold 1 to 25 subrequests");
  }
  if (found->size() > kSubrequestsMax) {
    return ErrorAnswer(400, "LIMIT_EXCEEDED", "A batch takes at most 25 subrequests");
  }
  const bool halt = Flag(body, "haltOnError");
  ordered_json results = ordered_json::array();
  bool errors = false;
  for (const json& one : *found) {
    if (errors && halt) {
      results.push_back(
          {{"statusCode", 412},
           {"result", ErrorBody("BATCH_PROCESSING_HALTED",
                                "Batch processing halted per request. An earlier subrequest "
                                "failed.")}});
      continue;
    }
    const auto input = one.is_object() ? one.find("richInput") : one.end();
    const bool given = one.is_object() && input != one.end() && !input->is_null();
    const Answer answer = one.is_object()
                              ? RunSubrequest(parts, request,
                                              {Member(one, "method"),
                                               Member(one, "url"),
                                               given ? input->dump() : std::string(),
                                               {}})
                              : ErrorAnswer(400, "JSON_PARSER_ERROR", "A subrequest is an object");
    errors = errors || answer.status >= 400;
    results.push_back({{"statusCode", answer.status}, {"result", BodyOf(answer)}});
  }
  return JsonAnswer(200, ordered_json{{"hasErrors", errors}, {"results", results}}.dump());
}

// The answers so far by referenceId, for `@{refAccount.id}` and `@{contacts.records[0].Id}`.
class References {
 public:
  void Add(const std::string& id, ordered_json body) { bodies_[id] = std::move(body); }

  // Replaces every reference in a text. Errors: api error PROCESSING_HALTED.
  [[nodiscard]] Result<std::string> Fill(const std::string& text) const {
    std::string out;
    size_t at = 0;
    while (true) {
      const size_t from = text.find("@{", at);
      const size_t to = from == std::string::npos ? from : text.find('}', from);
      if (to == std::string::npos) return out + text.substr(at);
      out += text.substr(at, from - at);
      FIRN_TRY(const std::string value, Look(text.substr(from + 2, to - from - 2)));
      out += value;
      at = to + 1;
    }
  }
  [[nodiscard]] Result<void> FillAll(json& value) const {
    if (value.is_string()) {
      FIRN_TRY(value, Fill(value.get<std::string>()));
    } else if (value.is_structured()) {
      for (auto& each : value) FIRN_CHECK(FillAll(each));
    }
    return {};
  }

 private:
  static tl::unexpected<Error> NoValue(const std::string& path, const std::string& id) {
    return Fail(ApiError(400, "PROCESSING_HALTED",
                         "Invalid reference specified. No value for " + path + " found in " + id));
  }

  [[nodiscard]] Result<std::string> Look(const std::string& path) const {
    const size_t end = std::min(path.find_first_of(".["), path.size());
    const std::string id = path.substr(0, end);
    const auto found = bodies_.find(id);
    if (found == bodies_.end()) return NoValue(path, id);
    const ordered_json* value = &found->second;
    for (size_t at = end; at < path.size();) {
      const bool index = path[at] == '[';
      const size_t stop = index ? path.find(']', at) : path.find_first_of(".[", at + 1);
      const std::string step = path.substr(at + 1, std::min(stop, path.size()) - at - 1);
      if (index) {
        const size_t place = std::strtoul(step.c_str(), nullptr, 10);
        if (stop == std::string::npos || !value->is_array() || place >= value->size()) {
          return NoValue(path, id);
        }
        value = &(*value)[place];
        at = stop + 1;
      } else {
        if (!value->is_object() || !value->contains(step)) return NoValue(path, id);
        value = &(*value)[step];
        at = std::min(stop, path.size());
      }
    }
    if (value->is_structured() || value->is_null()) return NoValue(path, id);
    return value->is_string() ? value->get<std::string>() : value->dump();
  }

  std::map<std::string, ordered_json> bodies_;
};

ordered_json Entry(const std::string& id, int status, ordered_json body,
                   const Answer* answer = nullptr) {
  ordered_json headers = ordered_json::object();
  for (const char* name : {"Location", "ETag", "Last-Modified"}) {
    if (answer == nullptr) break;
    if (const auto value = answer->headers.Get(name)) headers[name] = std::string(*value);
  }
  return {{"body", std::move(body)},
          {"httpHeaders", std::move(headers)},
          {"httpStatusCode", status},
          {"referenceId", id}};
}

Result<Subrequest> FilledSubrequest(const json& one, const References& references) {
  Subrequest sub;
  sub.method = Member(one, "method");
  FIRN_TRY(sub.url, references.Fill(Member(one, "url")));
  if (const auto body = one.find("body"); body != one.end() && !body->is_null()) {
    json filled = *body;
    FIRN_CHECK(references.FillAll(filled));
    sub.body = filled.dump();
  }
  if (const auto headers = one.find("httpHeaders"); headers != one.end() && headers->is_object()) {
    for (const auto& [name, value] : headers->items()) {
      if (value.is_string()) sub.headers.emplace_back(name, value.get<std::string>());
    }
  }
  return sub;
}

// What is wrong with the list as a whole.
std::optional<Answer> Refuse(const json& list, size_t max) {
  if (!list.is_array() || list.empty()) {
    return ErrorAnswer(400, "INVALID_INPUT",
                       "compositeRequest must hold 1 to " + std::to_string(max) + " subrequests");
  }
  if (list.size() > max) {
    return ErrorAnswer(400, "LIMIT_EXCEEDED",
                       "A composite request takes at most " + std::to_string(max) + " subrequests");
  }
  std::map<std::string, int> seen;
  for (const json& one : list) {
    const std::string id = one.is_object() ? Member(one, "referenceId") : "";
    if (id.empty()) {
      return ErrorAnswer(400, "JSON_PARSER_ERROR", "Each subrequest needs a referenceId");
    }
    if (++seen[id] > 1) {
      return ErrorAnswer(400, "INVALID_INPUT", "Provided referenceId is not unique: " + id);
    }
  }
  return std::nullopt;
}

ordered_json RolledBack(const std::string& id) {
  return Entry(id, 400,
               ErrorBody("PROCESSING_HALTED",
                         "The transaction was rolled back since another operation in the same "
                         "transaction failed."));
}

// Runs the subrequests in turn, to the first that fails where they stand or fall as one. Where that
// was.
std::optional<size_t> RunAll(ApiParts& parts, const ApiRequest& request, const json& list,
                             bool all_or_none, ordered_json& entries) {
  References references;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string id = Member(list[i], "referenceId");
    const auto sub = FilledSubrequest(list[i], references);
    const Answer answer = sub ? RunSubrequest(parts, request, *sub) : ErrorAnswer(sub.error());
    ordered_json answered = BodyOf(answer);
    entries.push_back(Entry(id, answer.status, answered, &answer));
    if (answer.status < 400) {
      references.Add(id, std::move(answered));
    } else if (all_or_none) {
      return i;
    }
  }
  return std::nullopt;
}

// All of them, or none: where it failed, the others tell that they were taken back.
Result<bool> RunAsOne(ApiParts& parts, const ApiRequest& request, const json& list,
                      ordered_json& entries) {
  std::optional<size_t> failed;
  FIRN_CHECK(parts.org.Transact(OptionsOf(request, false), [&]() -> Result<bool> {
    failed = RunAll(parts, request, list, true, entries);
    return !failed.has_value();
  }));
  for (size_t i = 0; i < list.size() && failed; ++i) {
    const std::string id = Member(list[i], "referenceId");
    if (i < *failed) entries[i] = RolledBack(id);
    if (i > *failed) entries.push_back(RolledBack(id));
  }
  return !failed.has_value();
}

Answer Composite(ApiParts& parts, const ApiRequest& request, const json& body) {
  const json list = body.value("compositeRequest", json());
  if (auto refusal = Refuse(list, kSubrequestsMax)) return *std::move(refusal);
  ordered_json entries = ordered_json::array();
  if (!Flag(body, "allOrNone")) {
    RunAll(parts, request, list, false, entries);
    return JsonAnswer(200, ordered_json{{"compositeResponse", entries}}.dump());
  }
  const auto done = RunAsOne(parts, request, list, entries);
  if (!done) return ErrorAnswer(done.error());
  return JsonAnswer(200, ordered_json{{"compositeResponse", entries}}.dump());
}

// What is wrong with the graphs as a whole.
std::optional<Answer> RefuseGraphs(const json& graphs) {
  if (!graphs.is_array() || graphs.empty() || graphs.size() > kGraphsMax) {
    return ErrorAnswer(400, "INVALID_INPUT", "graphs must hold 1 to 75 graphs");
  }
  size_t nodes = 0;
  std::map<std::string, int> seen;
  for (const json& graph : graphs) {
    const std::string id = graph.is_object() ? Member(graph, "graphId") : "";
    if (id.empty()) return ErrorAnswer(400, "JSON_PARSER_ERROR", "Each graph needs a graphId");
    if (++seen[id] > 1) {
      return ErrorAnswer(400, "INVALID_INPUT", "Provided graphId is not unique: " + id);
    }
    const json list = graph.value("compositeRequest", json());
    if (auto refusal = Refuse(list, kNodesMax)) return refusal;
    nodes += list.size();
  }
  if (nodes <= kNodesMax) return std::nullopt;
  return ErrorAnswer(400, "LIMIT_EXCEEDED", "All graphs together take at most 500 subrequests");
}

// Each graph stands or falls by itself.
Answer Graphs(ApiParts& parts, const ApiRequest& request, const json& body) {
  const json graphs = body.value("graphs", json());
  if (auto refusal = RefuseGraphs(graphs)) return *std::move(refusal);
  ordered_json answers = ordered_json::array();
  for (const json& graph : graphs) {
    ordered_json entries = ordered_json::array();
    const auto done = RunAsOne(parts, request, graph["compositeRequest"], entries);
    if (!done) return ErrorAnswer(done.error());
    answers.push_back({{"graphId", Member(graph, "graphId")},
                       {"graphResponse", {{"compositeResponse", std::move(entries)}}},
                       {"isSuccessful", *done}});
  }
  return JsonAnswer(200, ordered_json{{"graphs", std::move(answers)}}.dump());
}

Answer Resources(const ApiRequest& request) {
  ordered_json resources;
  for (const char* name : {"tree", "batch", "sobjects", "graph"}) {
    resources[name] = request.Root() + "/composite/" + name;
  }
  return JsonAnswer(200, resources.dump());
}

}  // namespace

Answer HandleComposite(ApiParts& parts, ApiRequest& request) {
  const bool bare = request.path.size() == 1;
  if (!bare && request.path[1] == "sobjects") return HandleCollections(parts, request);
  if (!bare && request.path[1] == "tree") return HandleTree(parts, request);
  const bool graphs = !bare && request.path[1] == "graph" && request.version >= kGraphsSince;
  if (!bare && (request.path.size() > 2 || (request.path[1] != "batch" && !graphs))) {
    return NotFoundAnswer();
  }
  if (bare && request.method == "GET") return Resources(request);
  if (request.method != "POST") return MethodNotAllowed(request.method, "POST");
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object()) {
    return ErrorAnswer(400, "JSON_PARSER_ERROR", "The HTTP entity body is not a JSON object");
  }
  if (graphs) return Graphs(parts, request, body);
  return bare ? Composite(parts, request, body) : Batch(parts, request, body);
}

}  // namespace firn::sandbox
