// `/sandbox/data_cloud/..`: what an administrator of Data Cloud sets up, and what came in.
#include <nlohmann/json.hpp>

#include "sandbox/data_cloud/lake_http.h"
#include "sandbox/data_cloud/lake_jobs.h"
#include "sandbox/life/admin_answer.h"
#include "sandbox/sign_in/oauth_text.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr uint64_t kRowsDefault = 100;
constexpr uint64_t kRowsMax = 10'000;

ordered_json ObjectJson(const LakeObject& object) {
  ordered_json fields = ordered_json::object();
  for (const LakeField& field : object.fields) fields[field.name] = LakeTypeName(field.type);
  ordered_json body = {
      {"name", object.name}, {"primary_key", object.fields[object.key].name}, {"fields", fields}};
  if (object.modified) body["record_modified"] = object.fields[*object.modified].name;
  return body;
}

Answer ListSources(ApiParts& parts) {
  ordered_json sources = ordered_json::array();
  for (const LakeSource& source : parts.lake.Sources()) {
    ordered_json objects = ordered_json::array();
    for (const LakeObject& object : source.objects) {
      ordered_json body = ObjectJson(object);
      const auto rows = parts.lake.Count(source.name, object.name);
      if (!rows) return AdminError(rows.error());
      body["rows"] = *rows;
      objects.push_back(std::move(body));
    }
    sources.push_back({{"name", source.name}, {"objects", objects}});
  }
  return JsonAnswer(200, DumpJson({{"sources", sources}}));
}

Answer Sources(ApiParts& parts, const net::ServerRequest& request,
               const std::vector<std::string>& path) {
  if (path.size() == 3 && request.method == "GET") return ListSources(parts);
  if (path.size() != 4) return AdminError(404, "name the connector: /sources/NAME");
  if (request.method == "PUT") {
    const auto put = parts.lake.PutSource(path[3], request.body);
    return put ? NoContent() : AdminError(put.error());
  }
  if (request.method == "DELETE") {
    const auto dropped = parts.lake.DropSource(path[3]);
    return dropped ? NoContent() : AdminError(dropped.error());
  }
  return AdminError(405, "PUT the schema, or DELETE the connector");
}

Answer Rows(ApiParts& parts, const FormFields& query) {
  const std::string source = FieldOf(query, "source");
  const std::string object = FieldOf(query, "object");
  const std::string limit = FieldOf(query, "limit");
  LakeStore::Page page;
  page.key = FieldOf(query, "key");
  page.offset = std::strtoull(FieldOf(query, "offset").c_str(), nullptr, 10);
  page.rows_max = std::min(
      limit.empty() ? kRowsDefault : uint64_t{std::strtoull(limit.c_str(), nullptr, 10)}, kRowsMax);
  const auto count = parts.lake.Count(source, object);
  if (!count) return AdminError(count.error());
  const auto rows = parts.lake.Rows(source, object, page);
  if (!rows) return AdminError(rows.error());
  std::string body = "{\"count\":" + std::to_string(*count) + ",\"rows\":[";
  for (size_t i = 0; i < rows->size(); ++i) body += (i > 0 ? "," : "") + (*rows)[i];
  return JsonAnswer(200, body + "]}");
}

Answer Problems(ApiParts& parts, const FormFields& query) {
  const auto problems = parts.lake.Problems(FieldOf(query, "source"), FieldOf(query, "object"));
  if (!problems) return AdminError(problems.error());
  ordered_json list = ordered_json::array();
  for (const LakeProblem& problem : *problems) {
    list.push_back({{"origin", problem.origin}, {"row", problem.row}, {"what", problem.what}});
  }
  return JsonAnswer(200, DumpJson({{"problems", list}}));
}

// What a client is not told of a job.
Answer Jobs(ApiParts& parts) {
  ordered_json list = ordered_json::array();
  for (const LakeJob& job : parts.lake_jobs.All()) {
    list.push_back({{"id", job.id},
                    {"source", job.source},
                    {"object", job.object},
                    {"operation", job.operation},
                    {"state", job.state},
                    {"files", job.files},
                    {"rows", job.rows},
                    {"bad_rows", job.bad_rows},
                    {"error", job.error}});
  }
  return JsonAnswer(200, DumpJson({{"jobs", list}}));
}

Answer Limits(ApiParts& parts, const net::ServerRequest& request) {
  LakeLimits limits = parts.lake_jobs.limits();
  if (request.method == "POST") {
    const json body = json::parse(request.body, nullptr, false);
    if (!body.is_object()) return AdminError(400, "the body is not a JSON object");
    try {
      limits.jobs_per_hour = body.value("jobs_per_hour", limits.jobs_per_hour);
      limits.jobs_at_once = body.value("jobs_at_once", limits.jobs_at_once);
      limits.requests_per_second = body.value("requests_per_second", limits.requests_per_second);
    } catch (const json::exception&) {
      return AdminError(400, "a limit is no whole number");
    }
    parts.lake_jobs.SetLimits(limits);
  }
  return JsonAnswer(200, DumpJson({{"jobs_per_hour", limits.jobs_per_hour},
                                   {"jobs_at_once", limits.jobs_at_once},
                                   {"requests_per_second", limits.requests_per_second}}));
}

}  // namespace

Answer HandleDataCloudAdmin(ApiParts& parts, const net::ServerRequest& request,
                            const std::vector<std::string>& path) {
  const std::string what = path.size() > 2 ? path[2] : "";
  const FormFields query = FormDecode(request.query).value_or(FormFields{});
  if (what == "sources") return Sources(parts, request, path);
  if (what == "rows" && request.method == "GET") return Rows(parts, query);
  if (what == "problems" && request.method == "GET") return Problems(parts, query);
  if (what == "jobs" && request.method == "GET") return Jobs(parts);
  if (what == "limits") return Limits(parts, request);
  return AdminError(404, "take sources, rows, problems, jobs or limits");
}

}  // namespace firn::sandbox
