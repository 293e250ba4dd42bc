#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "sandbox/bulk/bulk_query.h"
#include "sandbox/bulk/create_body.h"
#include "sandbox/bulk/job_list.h"
#include "sandbox/rest/rest.h"
#include "sandbox/slice_stream.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kResultUrlsPerAnswer = 5;
constexpr int kResultPagesSince = 58;
constexpr int kPkChunkingFieldSince = 55;

std::string Dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// The fields of a create answer; a get adds more.
ordered_json JobJson(const BulkQueryJob& job) {
  return {{"id", job.id},
          {"operation", job.operation},
          {"object", job.object},
          {"createdById", job.user_id},
          {"createdDate", RestDatetime(job.created)},
          {"systemModstamp", RestDatetime(job.modified)},
          {"state", job.state},
          {"concurrencyMode", "Parallel"},
          {"contentType", "CSV"},
          {"apiVersion", static_cast<double>(job.api_version)},
          {"lineEnding", job.line_ending},
          {"columnDelimiter", job.delimiter}};
}

ordered_json FullJobJson(const BulkQueryJob& job) {
  ordered_json body = JobJson(job);
  body["jobType"] = "V2Query";
  if (job.state == "JobComplete" || job.state == "InProgress") {
    body["numberRecordsProcessed"] = job.rows;
  }
  if (!job.error.empty()) body["errorMessage"] = job.error;
  body["retries"] = 0;
  body["totalProcessingTime"] = job.took_ms;
  if (job.api_version >= kPkChunkingFieldSince) body["isPkChunkingSupported"] = true;
  return body;
}

Answer CreateJob(ApiParts& parts, const ApiRequest& request) {
  const std::string type = request.http.headers.GetOr("Content-Type", "application/json");
  if (type.find("application/json") == std::string::npos) {
    return ErrorAnswer(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type not supported");
  }
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object()) {
    return ErrorAnswer(400, "JSON_PARSER_ERROR", "The HTTP entity body is not a JSON object");
  }
  Choice operation{"operation", {"query", "queryAll"}, ""};
  Choice content{"contentType", {"CSV"}, "CSV"};
  Choice delimiter = DelimiterChoice();
  Choice ending = LineEndingChoice();
  for (Choice* choice : {&operation, &content, &delimiter, &ending}) {
    if (auto refusal = ReadChoice(body, *choice)) return *std::move(refusal);
  }
  if (auto refusal = RefuseUnknownKeys(
          body, {"operation", "contentType", "columnDelimiter", "lineEnding", "query", "object"})) {
    return *std::move(refusal);
  }
  if (operation.value.empty()) return ErrorAnswer(400, "INVALIDJOB", "No operation specified");
  const auto query = body.find("query");
  if (query == body.end() || !query->is_string() || query->get_ref<const std::string&>().empty()) {
    return ErrorAnswer(400, "INVALIDJOB", "No query specified");
  }
  BulkQueryJob job;
  job.operation = operation.value;
  job.query = query->get<std::string>();
  job.delimiter = delimiter.value;
  job.line_ending = ending.value;
  job.api_version = request.version;
  job.user_id = request.session.user_id;
  const auto created = parts.jobs.Create(std::move(job));
  return created ? JsonAnswer(200, Dump(JobJson(*created))) : ErrorAnswer(created.error());
}

// A whole number from the query string. Nothing when absent; -1 when it is none.
std::optional<int64_t> Number(const ApiRequest& request, std::string_view name) {
  const std::string text = request.Query(name);
  if (text.empty()) return std::nullopt;
  int64_t value = 0;
  const char* end = text.data() + text.size();
  return std::from_chars(text.data(), end, value).ptr == end && value >= 0 ? value : -1;
}

Answer ListJobs(ApiParts& parts, const ApiRequest& request) {
  constexpr JobKind kKind{"query", "V2Query"};
  JobListWish wish;
  if (auto refusal = ReadJobListWish(request, kKind, wish)) return *std::move(refusal);
  std::vector<ListedJob> listed;
  if (wish.none) return JobListAnswer(request, kKind, std::move(listed));
  for (const BulkQueryJob& job : parts.jobs.List(wish.after, kJobsPerPage)) {
    ordered_json entry = JobJson(job);
    entry["jobType"] = kKind.job_type;
    if (job.api_version >= kPkChunkingFieldSince) entry["isPkChunkingSupported"] = true;
    listed.push_back({job.number, Dump(entry)});
  }
  return JobListAnswer(request, kKind, std::move(listed));
}

Answer PatchJob(ApiParts& parts, const ApiRequest& request) {
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object()) {
    return ErrorAnswer(400, "JSON_PARSER_ERROR", "The HTTP entity body is not a JSON object");
  }
  const auto state = body.find("state");
  if (state == body.end() || *state != "Aborted") {
    return ErrorAnswer(400, "INVALIDJOBSTATE",
                       "The only state that a query job can be set to is Aborted");
  }
  const auto job = parts.jobs.Abort(request.path[2]);
  return job ? JsonAnswer(200, Dump(JobJson(*job))) : ErrorAnswer(job.error());
}

// A locator names a row, and for parallel pages how many rows belong to the page.
struct Locator {
  uint64_t first = 0;
  uint64_t rows = 0;  // 0: what the client asks for, or the default
};
std::string LocatorText(const Locator& locator) {
  std::string text = std::to_string(locator.first);
  if (locator.rows > 0) text += "-" + std::to_string(locator.rows);
  return Base64Url(text);
}
std::optional<Locator> ParseLocator(std::string_view text) {
  // Clients may send it with padding.
  while (text.ends_with('=')) text.remove_suffix(1);
  const auto plain = FromBase64Url(text);
  if (!plain || plain->empty()) return std::nullopt;
  Locator locator;
  const char* end = plain->data() + plain->size();
  const auto first = std::from_chars(plain->data(), end, locator.first);
  if (first.ec != std::errc()) return std::nullopt;
  if (first.ptr == end) return locator;
  const auto rows = std::from_chars(first.ptr + 1, end, locator.rows);
  const bool well = *first.ptr == '-' && rows.ec == std::errc() && rows.ptr == end;
  return well ? std::optional<Locator>(locator) : std::nullopt;
}

// A page's answer, as far as both result resources refuse alike. Nothing: it may be served.
std::optional<Answer> RefuseResults(const ApiRequest& request, const BulkQueryJob& job) {
  if (job.api_version != request.version) {
    return ErrorAnswer(409, "API_VERSION_MISMATCH",
                       "Results must be requested with the API version that the job was created "
                       "with: " +
                           std::to_string(job.api_version) + ".0");
  }
  if (job.state == "JobComplete") return std::nullopt;
  if (job.state == "Failed" || job.state == "Aborted") {
    return ErrorAnswer(400, "INVALIDJOBSTATE", "The job is in state " + job.state);
  }
  return ErrorAnswer(412, "JOB_NOT_COMPLETE",
                     "Job is not complete. Results are available when its state is JobComplete");
}

// Puts an odd byte before the closing quote of the row's last cell.
std::string SpoiledRow(std::string row, char odd) {
  const size_t quote = row.rfind('"');
  row.insert(quote == std::string::npos ? 0 : quote, 1, odd);
  return row;
}

struct Page {
  uint64_t first = 0;
  uint64_t rows = 0;  // that the header tells
};

// The page's bytes: header row, rows, and what the faults make of them.
Result<std::unique_ptr<SliceStream>> PageBody(ApiParts& parts, const ApiRequest& request,
                                              const BulkQueryJob& job, const Page& page) {
  const std::string path = parts.jobs.ResultPath(job);
  FIRN_TRY(auto stream, SliceStream::Open(path));
  stream->AddText(job.header);
  uint64_t rows = page.rows;
  uint64_t first = page.first;
  for (const FaultEffect& fault : request.faults) {
    if (fault.kind == FaultKind::kShortPage) {
      rows -= std::min(rows, static_cast<uint64_t>(fault.rows));
    }
    const bool odd = fault.kind == FaultKind::kBadUtf8 || fault.kind == FaultKind::kNul;
    if (odd && rows > 0) {
      FIRN_TRY(const ByteRange range, FindCsvRows(path, job.index, first, 1));
      FIRN_TRY(std::string row, stream->ReadFileSlice(range.offset, range.bytes));
      stream->AddText(SpoiledRow(std::move(row), fault.kind == FaultKind::kNul ? '\0' : '\xC3'));
      ++first;
      --rows;
    }
  }
  if (rows > 0) {
    FIRN_TRY(const ByteRange range, FindCsvRows(path, job.index, first, rows));
    stream->AddFile(range.offset, range.bytes);
  }
  for (const FaultEffect& fault : request.faults) {
    if (fault.kind == FaultKind::kExtraRow && page.rows > 0) {
      FIRN_TRY(const ByteRange last, FindCsvRows(path, job.index, page.first + page.rows - 1, 1));
      stream->AddFile(last.offset, last.bytes);
    }
  }
  return stream;
}

Answer JobResults(ApiParts& parts, const ApiRequest& request, const BulkQueryJob& job) {
  if (auto refusal = RefuseResults(request, job)) return *std::move(refusal);
  Locator locator;
  if (const std::string text = request.Query("locator"); !text.empty() && text != "null") {
    const auto parsed = ParseLocator(text);
    if (!parsed || (parsed->first > 0 && parsed->first >= job.rows)) {
      return ErrorAnswer(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    }
    locator = *parsed;
  }
  const auto asked = Number(request, "maxRecords");
  if (asked && *asked <= 0) {
    return ErrorAnswer(400, "INVALID_REQUEST", "maxRecords must be a positive number");
  }
  const uint64_t rows_max = asked              ? static_cast<uint64_t>(*asked)
                            : locator.rows > 0 ? locator.rows
                                               : parts.bulk_page_rows;
  Page page{locator.first, std::min(rows_max, job.rows - locator.first)};
  auto body = PageBody(parts, request, job, page);
  if (!body) return ErrorAnswer(body.error());
  parts.usage.Add(Allotment::kBulkQueryBytes, static_cast<int64_t>((*body)->bytes()));
  const uint64_t next = page.first + page.rows;
  Answer answer;
  answer.headers.Set("Content-Type", "text/csv;charset=UTF-8");
  answer.headers.Set("Sforce-NumberOfRecords", std::to_string(page.rows));
  answer.headers.Set("Sforce-Locator", next < job.rows ? LocatorText({next, 0}) : "null");
  answer.body_stream_bytes = static_cast<int64_t>((*body)->bytes());
  answer.body_stream = *std::move(body);
  return answer;
}

Answer JobResultPages(ApiParts& parts, const ApiRequest& request, const BulkQueryJob& job) {
  if (request.version < kResultPagesSince) return NotFoundAnswer();
  if (auto refusal = RefuseResults(request, job)) return *std::move(refusal);
  Locator at{0, parts.bulk_page_rows};
  if (const auto asked = Number(request, "maxRecords"); asked && *asked > 0) {
    at.rows = static_cast<uint64_t>(*asked);
  }
  if (const std::string text = request.Query("locator"); !text.empty()) {
    const auto parsed = ParseLocator(text);
    if (!parsed || parsed->rows == 0 || parsed->first >= job.rows) {
      return ErrorAnswer(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    }
    at = *parsed;
  }
  const std::string base = request.Root() + "/jobs/query/" + job.id;
  ordered_json pages = ordered_json::array();
  while (pages.size() < kResultUrlsPerAnswer && (at.first < job.rows || job.rows == 0)) {
    pages.push_back({{"resultUrl", base + "/results?locator=" + LocatorText(at)}});
    at.first += at.rows;
    if (job.rows == 0) break;
  }
  const bool done = at.first >= job.rows;
  ordered_json body = {{"resultPages", pages}};
  if (!done) {
    // The guide's table and its other lists spell this key differently: clients read either.
    const std::string next = base + "/resultPages?locator=" + LocatorText(at);
    body["nextRecordUrl"] = next;
    body["nextRecordsUrl"] = next;
  }
  body["done"] = done;
  return JsonAnswer(200, Dump(body));
}

Answer OneJob(ApiParts& parts, const ApiRequest& request) {
  const std::string& id = request.path[2];
  if (request.method == "PATCH") return PatchJob(parts, request);
  if (request.method == "DELETE") {
    const auto deleted = parts.jobs.Delete(id);
    return deleted ? NoContent() : ErrorAnswer(deleted.error());
  }
  if (request.method != "GET") return MethodNotAllowed(request.method, "GET,HEAD,PATCH,DELETE");
  const auto job = parts.jobs.Get(id);
  return job ? JsonAnswer(200, Dump(FullJobJson(*job))) : ErrorAnswer(job.error());
}

}  // namespace

Answer HandleBulkQuery(ApiParts& parts, ApiRequest& request) {
  const size_t depth = request.path.size();
  if (depth == 2) {
    if (request.method == "POST") return CreateJob(parts, request);
    if (request.method == "GET") return ListJobs(parts, request);
    return MethodNotAllowed(request.method, "GET,HEAD,POST");
  }
  if (depth == 3) return OneJob(parts, request);
  if (depth != 4) return NotFoundAnswer();
  if (request.method != "GET") return MethodNotAllowed(request.method, "GET,HEAD");
  const auto job = parts.jobs.Get(request.path[2]);
  if (!job) return ErrorAnswer(job.error());
  if (request.path[3] == "results") return JobResults(parts, request, *job);
  if (request.path[3] == "resultPages") return JobResultPages(parts, request, *job);
  return NotFoundAnswer();
}

}  // namespace firn::sandbox
