#include "core/base/encoding.h"
#include "core/base/time_text.h"
#include "ends/salesforce/internal/bulk_internal.h"
#include "ends/salesforce/internal/json_fields.h"

namespace firn::salesforce {
namespace {

struct StateName {
  JobState state;
  std::string_view name;
};
constexpr StateName kStates[] = {
    {JobState::kUploadComplete, "UploadComplete"},
    {JobState::kInProgress, "InProgress"},
    {JobState::kJobComplete, "JobComplete"},
    {JobState::kFailed, "Failed"},
    {JobState::kAborted, "Aborted"},
};

Error NotABulkAnswer(const std::string& org, const char* what) {
  return Error(Kind::kCorrupt, "SF-BULK-009",
               std::string("the org's answer is not ") + what + " as documented")
      .At("org `" + org + "`");
}

Job JobOf(const Json& json) {
  Job job;
  job.id = TextOf(json, "id");
  job.state_text = TextOf(json, "state");
  for (const StateName& one : kStates) {
    if (job.state_text == one.name) job.state = one.state;
  }
  job.operation = TextOf(json, "operation");
  job.object = TextOf(json, "object");
  job.created_by_id = TextOf(json, "createdById");
  job.created_date = TextOf(json, "createdDate");
  job.system_modstamp = TextOf(json, "systemModstamp");
  const auto version = json.find("apiVersion");  // a number, 66.0, but a text in some answers
  if (version != json.end() && version->is_number()) {
    job.api_version = std::to_string(version->get<int64_t>()) + ".0";
  } else {
    job.api_version = TextOf(json, "apiVersion");
  }
  job.records_processed = NumberOf(json, "numberRecordsProcessed");
  job.total_processing_ms = NumberOf(json, "totalProcessingTime");
  job.retries = static_cast<int>(NumberOf(json, "retries"));
  job.error_message = TextOf(json, "errorMessage");
  job.query = TextOf(json, "query");
  return job;
}

// The value of `name=` in an address's query, decoded.
std::string ParameterOf(std::string_view url, std::string_view name) {
  size_t at = url.find('?');
  while (at != std::string_view::npos) {
    const size_t end = url.find('&', at + 1);
    const std::string_view pair = url.substr(at + 1, end - at - 1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      const auto value = PercentDecode(pair.substr(name.size() + 1), /*plus_is_space=*/false);
      return value ? *value : std::string();
    }
    at = end;
  }
  return "";
}

}  // namespace

Result<Job> ParseJob(const std::string& org, std::string_view body) {
  const Json json = ParseOrDiscard(body);
  if (!json.is_object() || TextOf(json, "id").empty() || TextOf(json, "state").empty()) {
    return Fail(NotABulkAnswer(org, "a query job"));
  }
  return JobOf(json);
}

Result<JobPage> ParseJobPage(const std::string& org, std::string_view body) {
  const Json json = ParseOrDiscard(body);
  if (!json.is_object() || !json.contains("records") || !json["records"].is_array()) {
    return Fail(NotABulkAnswer(org, "a list of query jobs"));
  }
  JobPage page;
  for (const Json& one : json["records"]) {
    if (one.is_object()) page.jobs.push_back(JobOf(one));
  }
  page.next = TextOf(json, "nextRecordsUrl");
  page.done = TrueOf(json, "done") || page.next.empty();
  if (page.done) page.next.clear();
  return page;
}

Result<PageUrls> ParsePageUrls(const std::string& org, std::string_view body) {
  const Json json = ParseOrDiscard(body);
  if (!json.is_object() || !json.contains("resultPages") || !json["resultPages"].is_array()) {
    return Fail(NotABulkAnswer(org, "a list of result pages"));
  }
  PageUrls urls;
  for (const Json& one : json["resultPages"]) {
    const std::string url = one.is_object() ? TextOf(one, "resultUrl") : std::string();
    if (url.empty()) return Fail(NotABulkAnswer(org, "a list of result pages"));
    urls.pages.push_back({url, ParameterOf(url, "locator")});
  }
  // The guide's table spells nextRecordUrl, its text nextRecordsUrl.
  urls.next = TextOf(json, "nextRecordsUrl");
  if (urls.next.empty()) urls.next = TextOf(json, "nextRecordUrl");
  urls.done = TrueOf(json, "done");
  if (!urls.done && urls.next.empty()) return Fail(NotABulkAnswer(org, "a list of result pages"));
  if (urls.done) urls.next.clear();
  return urls;
}

std::string CreateJobBody(const QuerySpec& query) {
  return Json{{"operation", query.all_rows ? "queryAll" : "query"},
              {"query", query.soql},
              {"contentType", "CSV"},
              {"columnDelimiter", "COMMA"},
              {"lineEnding", "LF"}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<void> CheckJobEnd(const std::string& org, const Job& job) {
  if (job.state != JobState::kFailed && job.state != JobState::kAborted) return {};
  const bool aborted = job.state == JobState::kAborted;
  const bool refused = !aborted && BulkCannotRead("", job.error_message);
  Error error = refused
                    ? Error(Kind::kUnsupported, "SF-BULK-002",
                            "Bulk API 2.0 cannot read this object or one of these fields")
                    : Error(aborted ? Kind::kCancelled : Kind::kBadInput, "SF-BULK-003",
                            aborted ? "somebody aborted the query job" : "the query job failed");
  if (!job.error_message.empty()) {
    error = std::move(error).Because("Salesforce says: " + job.error_message.substr(0, 500));
  }
  return Fail(std::move(error).At("org `" + org + "`, job `" + job.id + "`"));
}

Match Matches(const Job& job, const Wanted& wanted) {
  const QuerySpec& query = *wanted.query;
  if (job.operation != (query.all_rows ? "queryAll" : "query")) return Match::kNo;
  if (!query.object.empty() && job.object != query.object) return Match::kNo;
  if (!wanted.user_id.empty() && job.created_by_id.substr(0, 15) != wanted.user_id.substr(0, 15)) {
    return Match::kNo;
  }
  const auto created = ParseInstant(job.created_date);
  if (!created || *created < wanted.since) return Match::kNo;
  if (job.query.empty()) return Match::kMaybe;
  return job.query == query.soql ? Match::kYes : Match::kNo;
}

}  // namespace firn::salesforce
