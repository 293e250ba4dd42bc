#include <algorithm>
#include <atomic>

#include "core/base/encoding.h"
#include "core/base/log.h"
#include "core/net/inflate.h"
#include "ends/salesforce/internal/bulk_internal.h"

namespace firn::salesforce {
namespace {

constexpr int kFirstVersionWithPages = 58;
constexpr int kCreateAttemptsMax = 3;
// The org's clock may be this far from what its last answer told.
constexpr std::chrono::seconds kClockDoubt{5};
constexpr int kJobPagesMax = 20;

// Asks for smaller pages from now on, each time a page stalls (R10).
class PageSize {
 public:
  PageSize(int64_t rows, int64_t rows_min) : rows_(rows), rows_min_(rows_min) {}
  [[nodiscard]] int64_t rows() const { return rows_.load(); }
  // `asked`: what the stalled page was asked to hold, so that pages that stall together halve once.
  void Stalled(int64_t asked) {
    int64_t now = rows_.load();
    while (asked <= now && now > rows_min_) {
      const int64_t smaller = std::max(rows_min_, now / 2);
      if (!rows_.compare_exchange_weak(now, smaller)) continue;
      log::Warn("a result page stalled; asking for smaller pages", {{"rows", smaller}});
      return;
    }
  }

 private:
  std::atomic<int64_t> rows_;
  const int64_t rows_min_;
};

class WatchedBody final : public net::BodyStream {
 public:
  WatchedBody(std::unique_ptr<net::BodyStream> body, std::shared_ptr<PageSize> size, int64_t asked)
      : body_(std::move(body)), size_(std::move(size)), asked_(asked) {}

  Result<std::string> Read(size_t bytes_max) override { return Watched(body_->Read(bytes_max)); }
  Result<size_t> ReadInto(char* into, size_t bytes_max) override {
    return Watched(body_->ReadInto(into, bytes_max));
  }

 private:
  template <typename T>
  Result<T> Watched(Result<T> read) {
    if (!read && read.error().kind() == Kind::kTimeout) size_->Stalled(asked_);
    return read;
  }

  const std::unique_ptr<net::BodyStream> body_;
  const std::shared_ptr<PageSize> size_;
  const int64_t asked_;
};

class Bulk final : public BulkClient {
 public:
  explicit Bulk(BulkParts parts)
      : parts_(std::move(parts)),
        jobs_(DataPath(parts_.version) + "/jobs/query"),
        page_size_(std::make_shared<PageSize>(parts_.options.records_per_page,
                                              parts_.options.records_per_page_min)) {}

  Result<Job> Create(const Call& call, const QuerySpec& query) override {
    ApiRequest request = Plain("POST", jobs_);
    request.headers.Set("Content-Type", "application/json; charset=UTF-8");
    request.body = CreateJobBody(query);
    request.repeatable = false;
    FIRN_TRY(const Session session, parts_.connection->tokens().Get(call));
    for (int attempt = 0;; ++attempt) {
      const UtcMicros since = call.clock->Now() + parts_.connection->clock_offset() - kClockDoubt;
      FIRN_CHECK(parts_.connection->budget().ReserveJob(call));
      auto answer = parts_.connection->Send(call, request);
      if (answer) return ParseJob(org(), answer->body);
      Error error =
          std::move(answer).error().Doing("creating a query job for `" + query.object + "`");
      const bool unknown = error.kind() == Kind::kUnreachable || error.kind() == Kind::kTimeout;
      if (!unknown) return Fail(std::move(error));
      FIRN_CHECK(call.Check());
      FIRN_TRY(auto found, FindCreated(call, {&query, session.user_id, since}, error));
      if (found) return *std::move(found);
      if (attempt + 1 == kCreateAttemptsMax) return Fail(std::move(error));
    }
  }

  Result<Job> Get(const Call& call, const std::string& job_id) override {
    FIRN_TRY(const ApiAnswer answer,
             Doing(parts_.connection->Send(call, Plain("GET", JobAddress(job_id))),
                   "looking at job `" + job_id + "`"));
    return ParseJob(org(), answer.body);
  }

  Result<Job> Wait(const Call& call, const std::string& job_id,
                   const std::function<void(const Job&)>& progress) override {
    const Call limited = call.Within(parts_.options.wait_most);
    std::chrono::milliseconds pause = parts_.options.poll_first;
    for (;;) {
      FIRN_TRY(Job job, Get(call, job_id));
      if (progress) progress(job);
      if (job.state == JobState::kJobComplete) return job;
      FIRN_CHECK(CheckJobEnd(org(), job));
      auto slept = limited.Sleep(pause);
      if (!slept && slept.error().kind() == Kind::kTimeout) {
        return Fail(Error(Kind::kTimeout, "SF-BULK-007",
                          "the query job did not complete in the time allowed")
                        .At("org `" + org() + "`, job `" + job_id + "`")
                        .Because("it is in state `" + job.state_text + "`")
                        .Hint("the job goes on; resume the run later"));
      }
      FIRN_CHECK(slept);
      pause = std::min(pause + pause / 2, parts_.options.poll_most);
    }
  }

  Result<JobPage> List(const Call& call, const std::string& next) override {
    FIRN_TRY(const ApiAnswer answer,
             parts_.connection->Send(
                 call, Plain("GET", next.empty() ? jobs_ + "?jobType=V2Query" : next)));
    return ParseJobPage(org(), answer.body);
  }

  Result<void> Abort(const Call& call, const std::string& job_id) override {
    ApiRequest request = Plain("PATCH", JobAddress(job_id));
    request.headers.Set("Content-Type", "application/json; charset=UTF-8");
    request.body = R"({"state":"Aborted"})";
    FIRN_TRY(const ApiAnswer answer, parts_.connection->Send(call, request));
    return {};
  }

  Result<void> Delete(const Call& call, const std::string& job_id) override {
    ApiRequest request = Plain("DELETE", JobAddress(job_id));
    request.also_good = {404};
    FIRN_TRY(const ApiAnswer answer, parts_.connection->Send(call, request));
    return {};
  }

  Result<ResultPage> OpenResults(const Call& call, const std::string& job_id,
                                 const std::string& locator, int64_t records_max) override {
    const int64_t rows = records_max > 0 ? records_max : page_size_->rows();
    std::string address = JobAddress(job_id) + "/results?maxRecords=" + std::to_string(rows);
    // As the org wrote it: a locator is the org's text, made for addresses.
    if (!locator.empty()) address += "&locator=" + PercentEncode(locator);
    return OpenPage(call, std::move(address), locator, rows);
  }

  Result<PageUrls> ResultPages(const Call& call, const std::string& job_id,
                               const std::string& next) override {
    const PageUrls not_offered{{}, "", true, false};
    if (std::atoi(parts_.version.c_str()) < kFirstVersionWithPages) return not_offered;
    const std::string address = next.empty() ? JobAddress(job_id) + "/resultPages" : next;
    auto answer = parts_.connection->Send(call, Plain("GET", address));
    if (answer) return ParsePageUrls(org(), answer->body);
    const int status = answer.error().remote().status;
    const bool may_lack = status == 400 || status == 404 || status == 405 || status == 501;
    if (!next.empty() || !may_lack) return Fail(std::move(answer).error());
    // Whether the job or the resource is missing, only the job can tell.
    FIRN_TRY(const Job job, Get(call, job_id));
    return not_offered;
  }

  Result<ResultPage> OpenResultUrl(const Call& call, const PageUrl& page) override {
    return OpenPage(call, page.url, page.locator, page_size_->rows());
  }

  int64_t records_per_page() const override { return page_size_->rows(); }

 private:
  [[nodiscard]] const std::string& org() const { return parts_.connection->org(); }
  [[nodiscard]] std::string JobAddress(const std::string& job_id) const {
    return jobs_ + "/" + PercentEncode(job_id);
  }

  static ApiRequest Plain(std::string method, std::string address) {
    ApiRequest request;
    request.method = std::move(method);
    request.address = std::move(address);
    request.headers = {{"Accept", "application/json"}};
    request.is_bulk = true;
    return request;
  }

  Result<ResultPage> OpenPage(const Call& call, std::string address, const std::string& locator,
                              int64_t rows) {
    ApiRequest request = Plain("GET", std::move(address));
    request.headers = {{"Accept", "text/csv"}};
    if (parts_.options.gzip) request.headers.Set("Accept-Encoding", "gzip");
    request.own_connection = true;
    request.idle_timeout = parts_.options.page_idle_timeout;
    auto opened = parts_.connection->Open(call, request);
    if (!opened) {
      if (opened.error().kind() == Kind::kTimeout) page_size_->Stalled(rows);
      return Fail(std::move(opened).error().Doing("opening a result page"));
    }
    ResultPage page;
    page.locator = locator;
    page.next_locator = opened->headers.GetOr("Sforce-Locator", "");
    if (page.next_locator == "null") page.next_locator.clear();
    const std::string announced = opened->headers.GetOr("Sforce-NumberOfRecords", "");
    if (!announced.empty() && announced.size() < 18 &&
        announced.find_first_not_of("0123456789") == std::string::npos) {
      page.rows = std::stoll(announced);
    }
    page.body = std::make_unique<WatchedBody>(std::move(opened->body), page_size_, rows);
    if (opened->headers.GetOr("Content-Encoding", "identity") == "gzip") {
      page.body = net::InflateStream(std::move(page.body));
    }
    return page;
  }

  // After a create whose answer was lost: the job, if the org has it and says that it is ours.
  Result<std::optional<Job>> FindCreated(const Call& call, const Wanted& wanted,
                                         const Error& lost) {
    std::string next;
    for (int pages = 0; pages < kJobPagesMax; ++pages) {
      auto page = List(call, next);
      if (!page) {
        return Fail(Error(Kind::kCommitUnknown, "SF-BULK-006",
                          "whether the query job was created is not known")
                        .At("org `" + org() + "`")
                        .Because(lost.what() + "; then, listing the jobs: " + page.error().what())
                        .Hint("resume the run: it looks again before it creates another"));
      }
      for (const Job& job : page->jobs) {
        const Match match = Matches(job, wanted);
        if (match == Match::kYes) return std::optional(job);
        if (match == Match::kMaybe) {
          log::Warn("a query job may be left over from a create whose answer was lost",
                    {{"org", org()}, {"job", job.id}});
        }
      }
      if (page->done) break;
      next = page->next;
    }
    return std::optional<Job>();
  }

  const BulkParts parts_;
  const std::string jobs_;
  const std::shared_ptr<PageSize> page_size_;
};

}  // namespace

std::unique_ptr<BulkClient> NewBulkClient(BulkParts parts) {
  return std::make_unique<Bulk>(std::move(parts));
}

}  // namespace firn::salesforce
