#include "sandbox/tooling/tooling_door.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "sandbox/rest/rest.h"
#include "sandbox/soql/parse.h"
#include "sandbox/store/bare_org.h"
#include "sandbox/tooling/definitions.h"
#include "sandbox/tooling/tooling_objects.h"
#include "sandbox/tooling/tooling_wish.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

bool IsDefinition(std::string_view object) {
  return object == "EntityDefinition" || object == "FieldDefinition";
}

void ReplaceAll(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// Addresses in answers of this API lead below `tooling`.
void Rebase(const ApiRequest& request, Answer& answer) {
  for (const std::string folder : {"/sobjects/", "/query/"}) {
    ReplaceAll(answer.body, '"' + request.Root() + folder,
               '"' + request.Root() + "/tooling" + folder);
  }
}

// Texts that hold JSON become it.
void Unfold(ordered_json& value) {
  if (value.is_array()) {
    for (ordered_json& one : value) Unfold(one);
  }
  if (!value.is_object()) return;
  for (auto& [name, member] : value.items()) {
    const bool folded = (name == "Metadata" || name == "ReferenceTo") && member.is_string();
    if (!folded) {
      Unfold(member);
      continue;
    }
    auto unfolded = ordered_json::parse(member.get<std::string>(), nullptr, false);
    if (!unfolded.is_discarded()) member = std::move(unfolded);
  }
}

void UnfoldBody(Answer& answer) {
  const bool holds_some = answer.body.find("\"Metadata\":\"{") != std::string::npos ||
                          answer.body.find("\"ReferenceTo\":\"{") != std::string::npos;
  if (!holds_some) return;
  auto body = ordered_json::parse(answer.body, nullptr, false);
  Unfold(body);
  answer.body = body.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// Whether a query asks for what the API gives of one record at a time.
bool WantsMetadata(const soql::Query& query) {
  for (const soql::SelectItem& item : query.select) {
    if (item.field.path.size() != 1) continue;
    const std::string name = Folded(item.field.path[0]);
    if (name == "metadata" || name == "fullname") return true;
  }
  return false;
}

std::optional<uint64_t> TotalSize(const Answer& answer) {
  constexpr std::string_view kHead = "{\"totalSize\":";
  if (answer.status != 200 || !answer.body.starts_with(kHead)) return std::nullopt;
  return std::strtoull(answer.body.c_str() + kHead.size(), nullptr, 10);
}

std::string RecordJson(const ApiRequest& request, const ToolingRecord& record) {
  ordered_json body = {
      {"attributes",
       {{"type", record.object},
        {"url", request.Root() + "/tooling/sobjects/" + record.object + "/" + record.id}}},
      {"Id", record.id}};
  for (const auto& [name, value] : record.fields) {
    body[name] = value ? ordered_json(*value) : ordered_json(nullptr);
  }
  Unfold(body);
  return body.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string TextOf(const std::vector<ToolingRecord>& records) {
  std::string text;
  for (const ToolingRecord& record : records) {
    text += record.id;
    for (const auto& [name, value] : record.fields) text += name + '=' + value.value_or("") + '\n';
  }
  return text;
}

Result<void> WriteRecords(const std::vector<ToolingRecord>& records, Org& org) {
  MutateOptions options;
  options.set_audit_fields = true;
  for (const ToolingRecord& record : records) {
    std::vector<Cell> cells;
    for (const auto& [name, value] : record.fields) cells.push_back({name, value});
    Mutation mutation;
    mutation.object = record.object;
    mutation.id = ParseId(record.id).value_or(0);
    mutation.cells = cells;
    FIRN_TRY(auto outcomes, org.Mutate({&mutation, 1}, options));
    if (outcomes[0].error) return Fail(*std::move(outcomes[0].error));
  }
  return {};
}

}  // namespace

ToolingDoor::ToolingDoor(ApiParts& parts)
    : parts_(parts), book_(parts.events, parts.db), folder_(parts.folder + "/tooling") {}

Result<std::shared_ptr<Org>> ToolingDoor::Make(const std::vector<ToolingRecord>& records) {
  const std::string folder = folder_ + "/" + std::to_string(++made_);
  std::error_code ignored;
  std::filesystem::remove_all(made_ == 1 ? folder_ : folder, ignored);
  Org::Options options;
  options.folder = folder;
  options.clock = &parts_.clock;
  for (const std::string_view file : ToolingObjectFiles()) options.object_yaml.emplace_back(file);
  FIRN_TRY(std::unique_ptr<Org> org, OpenBareOrg(std::move(options)));
  FIRN_CHECK(WriteDefinitions(*parts_.org.catalogue(), *org));
  FIRN_CHECK(WriteRecords(records, *org));
  // The files go with the last request that uses them.
  return std::shared_ptr<Org>(org.release(), [folder](Org* done) {
    delete done;
    std::error_code failed;
    std::filesystem::remove_all(folder, failed);
  });
}

Result<std::shared_ptr<Org>> ToolingDoor::Current() {
  FIRN_TRY(const auto records, book_.Records());
  const std::string settings = TextOf(records);
  const auto catalogue = parts_.org.catalogue();
  const std::lock_guard lock(mutex_);
  if (!org_ || catalogue_ != catalogue || settings_ != settings) {
    FIRN_TRY(org_, Make(records));
    catalogue_ = catalogue;
    settings_ = settings;
  }
  return org_;
}

Answer ToolingDoor::OnTooling(ApiRequest& request,
                              const std::function<Answer(ApiParts&, ApiRequest&)>& handler) {
  const auto org = Current();
  if (!org) return ErrorAnswer(org.error());
  ApiParts tooling{parts_.folder,   **org,          parts_.db,    parts_.apps,
                   parts_.sessions, parts_.usage,   parts_.users, parts_.clock,
                   parts_.faults,   parts_.log,     parts_.pages, parts_.jobs,
                   parts_.ingest,   parts_.classic, parts_.keys,  parts_.passwords,
                   parts_.events,   parts_.changes, parts_.lake,  parts_.lake_jobs,
                   parts_.lake_rate};
  // No user's view: the org of definitions has no users.
  std::string user;
  user.swap(request.session.user_id);
  Answer answer = handler(tooling, request);
  user.swap(request.session.user_id);
  UnfoldBody(answer);
  return answer;
}

std::optional<Answer> ToolingDoor::Serve(ApiRequest& request) {
  if (request.path.empty()) return std::nullopt;
  Answer answer;
  if (request.path[0] == "tooling") {
    request.path.erase(request.path.begin());
    answer = Handle(request);
  } else if (request.path[0] == "query" && request.path.size() == 1 &&
             request.Query("q").find("Definition") != std::string::npos) {
    const auto query = soql::Parse(request.Query("q"));
    if (!query || !IsDefinition(query->object)) return std::nullopt;
    answer = Query(request);
  } else if (request.path[0] == "sobjects" && request.path.size() == 3 &&
             IsDefinition(request.path[1]) && request.path[2] == "describe") {
    answer = Sobjects(request);
  } else {
    return std::nullopt;
  }
  Rebase(request, answer);
  return answer;
}

Answer ToolingDoor::Handle(ApiRequest& request) {
  if (request.path.empty()) {
    ordered_json resources;
    for (const char* name : {"sobjects", "query"}) {
      resources[name] = request.Root() + "/tooling/" + name;
    }
    return JsonAnswer(200, resources.dump());
  }
  const std::string& family = request.path[0];
  if (family == "query" || family == "queryAll") return Query(request);
  return family == "sobjects" ? Sobjects(request) : NotFoundAnswer();
}

Answer ToolingDoor::Query(ApiRequest& request) {
  const auto query = soql::Parse(request.Query("q"));
  const bool ours = query && (IsDefinition(query->object) || ToolingBook::Knows(query->object));
  const bool next_page = request.path.size() == 2;
  if (!ours && !next_page) return HandleQuery(parts_, request, false);
  if (next_page) {
    Answer page = HandleQuery(parts_, request, false);
    if (page.status == 200) return page;
  }
  Answer answer = OnTooling(
      request, [](ApiParts& parts, ApiRequest& same) { return HandleQuery(parts, same, false); });
  const auto rows = TotalSize(answer);
  if (ours && rows && *rows > 1 && WantsMetadata(*query)) {
    return ErrorAnswer(400, "MALFORMED_QUERY",
                       "When retrieving results with Metadata or FullName fields, the query "
                       "qualifications must specify no more than one row for retrieval. Result "
                       "size: " +
                           std::to_string(*rows));
  }
  return answer;
}

Answer ToolingDoor::Sobjects(ApiRequest& request) {
  const size_t depth = request.path.size();
  if (depth == 1 || (depth == 3 && request.path[2] == "describe")) {
    return OnTooling(request,
                     [](ApiParts& parts, ApiRequest& same) { return HandleSobjects(parts, same); });
  }
  if (depth > 3) return NotFoundAnswer();
  if (IsDefinition(request.path[1])) return Definition(request);
  return ToolingBook::Knows(request.path[1]) ? Record(request) : NotFoundAnswer();
}

// By its durable id: `/tooling/sobjects/EntityDefinition/Account`.
Answer ToolingDoor::Definition(ApiRequest& request) {
  if (request.path.size() != 3 || request.method != "GET") {
    return request.method == "GET" ? NotFoundAnswer()
                                   : MethodNotAllowed(request.method, "GET,HEAD");
  }
  return OnTooling(request, [](ApiParts& parts, ApiRequest& same) {
    const auto found = parts.org.FindByExternalId(same.path[1], "DurableId", same.path[2]);
    if (!found) return ErrorAnswer(found.error());
    if (found->empty()) return NotFoundAnswer();
    auto json = parts.org.RecordJson(same.path[1], found->front(), same.Options(false));
    return json ? JsonAnswer(200, *std::move(json)) : ErrorAnswer(json.error());
  });
}

Answer ToolingDoor::Record(ApiRequest& request) {
  const std::string& object = request.path[1];
  const std::string& method = request.method;
  if (request.path.size() == 2) {
    if (method == "GET") {
      return OnTooling(
          request, [](ApiParts& parts, ApiRequest& same) { return HandleSobjects(parts, same); });
    }
    if (object == kEnrichedObject) return MethodNotAllowed(method, "GET,HEAD");
    if (method != "POST") return MethodNotAllowed(method, "GET,HEAD,POST");
    const auto id = book_.Create(object, request.body);
    if (!id) return ErrorAnswer(id.error());
    return JsonAnswer(201, ordered_json({{"id", *id},
                                         {"success", true},
                                         {"errors", ordered_json::array()},
                                         {"warnings", ordered_json::array()},
                                         {"infos", ordered_json::array()}})
                               .dump());
  }
  const auto record = book_.Find(object, request.path[2]);
  if (!record) return ErrorAnswer(record.error());
  if (method == "GET" || method == "HEAD") return JsonAnswer(200, RecordJson(request, *record));
  if (method == "PATCH" && object == kEnrichedObject) {
    return MethodNotAllowed(method, "DELETE,GET,HEAD");
  }
  if (method != "PATCH" && method != "DELETE") {
    return MethodNotAllowed(method, "DELETE,GET,HEAD,PATCH");
  }
  const auto done = method == "PATCH" ? book_.Update(*record, request.body) : book_.Delete(*record);
  return done ? NoContent() : ErrorAnswer(done.error());
}

}  // namespace firn::sandbox
