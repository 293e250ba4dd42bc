#include "sandbox/bulk/job_list.h"

#include <charconv>

#include "core/base/encoding.h"

namespace firn::sandbox {

std::optional<Answer> ReadJobListWish(const ApiRequest& request, const JobKind& kind,
                                      JobListWish& wish) {
  if (const std::string text = request.Query("queryLocator"); !text.empty()) {
    const char* end = text.data() + text.size();
    if (std::from_chars(text.data(), end, wish.after).ptr != end || wish.after < 0) {
      return ErrorAnswer(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    }
  }
  const std::string job_type = request.Query("jobType");
  const std::string mode = Folded(request.Query("concurrencyMode"));
  // Only jobs of the older Bulk API have PK chunking that a client turned on, or run serially.
  wish.none = (!job_type.empty() && job_type != kind.job_type) ||
              (!mode.empty() && mode != "parallel") ||
              Folded(request.Query("isPkChunkingEnabled")) == "true";
  return std::nullopt;
}

Answer JobListAnswer(const ApiRequest& request, const JobKind& kind, std::vector<ListedJob> jobs) {
  const bool more = jobs.size() > kJobsPerPage;
  std::string next = "null";
  if (more) {
    jobs.resize(kJobsPerPage);
    std::string url = request.Root() + "/jobs/" + std::string(kind.resource) +
                      "?queryLocator=" + std::to_string(jobs.back().number);
    for (const char* filter : {"jobType", "concurrencyMode", "isPkChunkingEnabled"}) {
      const std::string value = request.Query(filter);
      if (!value.empty()) url += std::string("&") + filter + "=" + PercentEncode(value);
    }
    next = JsonString(url);
  }
  std::string body = std::string("{\"done\":") + (more ? "false" : "true") + ",\"records\":[";
  for (size_t i = 0; i < jobs.size(); ++i) body += (i > 0 ? "," : "") + jobs[i].json;
  return JsonAnswer(200, body + "],\"nextRecordsUrl\":" + next + "}");
}

}  // namespace firn::sandbox
