// A Bulk client whose one job has N rows, served in pages: for tests of faults that a server on
// loopback cannot give at will.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ends/salesforce/bulk.h"

namespace firn::exports {

class TextStream final : public net::BodyStream {
 public:
  explicit TextStream(std::string text) : text_(std::move(text)) {}
  Result<std::string> Read(size_t bytes_max) override {
    std::string piece = text_.substr(at_, bytes_max);
    at_ += piece.size();
    return piece;
  }

 private:
  std::string text_;
  size_t at_ = 0;
};

class FakeBulk final : public salesforce::BulkClient {
 public:
  int64_t rows = 0;
  int64_t page_rows = 10;
  bool parallel = false;
  std::map<std::string, int> open_failures;  // by locator: fails so many times
  std::string header = "\"Id\"\n";
  std::function<std::string(int64_t)> row = [](int64_t i) {
    return "\"" + std::to_string(i) + "\"\n";
  };
  int created = 0;
  int64_t page_rows_missing = 0;  // fewer rows in a page than announced
  bool refuses = false;           // Bulk cannot read the object
  std::optional<Error> create_error;
  std::vector<salesforce::Job> jobs;  // that the org lists
  std::vector<std::string> opened;    // locators, in order
  int lists = 0;

  Result<salesforce::Job> Create(const Call&, const salesforce::QuerySpec&) override {
    if (refuses) {
      return Fail(Kind::kUnsupported, "SF-BULK-002", "Bulk cannot read this object");
    }
    if (create_error) return Fail(*create_error);
    ++created;
    return salesforce::Job{.id = "750", .created_date = "2026-11-24T03:00:00.000+0000"};
  }
  Result<salesforce::Job> Get(const Call&, const std::string& id) override {
    return salesforce::Job{.id = id, .records_processed = rows};
  }
  Result<salesforce::Job> Wait(const Call& call, const std::string& id,
                               const std::function<void(const salesforce::Job&)>&) override {
    return Get(call, id);
  }
  Result<salesforce::JobPage> List(const Call&, const std::string&) override {
    salesforce::JobPage page;
    page.jobs = jobs;
    page.done = true;
    return page;
  }
  Result<void> Abort(const Call&, const std::string&) override { return {}; }
  Result<void> Delete(const Call&, const std::string&) override { return {}; }

  Result<salesforce::ResultPage> OpenResults(const Call&, const std::string&,
                                             const std::string& locator,
                                             int64_t records_max) override {
    std::lock_guard lock(mutex_);
    opened.push_back(locator);
    if (open_failures[locator]-- > 0) {
      return Fail(Error(Kind::kTimeout, "NET-HTTP-003", "no byte came").RetryWithBackoff());
    }
    const int64_t from = locator.empty() ? 0 : std::stoll(locator);
    const int64_t asked = records_max > 0 ? std::min(records_max, page_rows) : page_rows;
    const int64_t count = std::min(asked, rows - from);
    salesforce::ResultPage page;
    page.rows = count;
    page.locator = locator;
    if (from + count < rows) page.next_locator = std::to_string(from + count);
    std::string csv = header;
    for (int64_t i = from; i < from + count - page_rows_missing; ++i) csv += row(i);
    page.body = std::make_unique<TextStream>(std::move(csv));
    return page;
  }
  Result<salesforce::PageUrls> ResultPages(const Call&, const std::string&,
                                           const std::string& next) override {
    std::lock_guard lock(mutex_);
    ++lists;
    salesforce::PageUrls urls;
    urls.offered = parallel;
    int64_t from = next.empty() ? 0 : std::stoll(next);
    for (int i = 0; i < 5 && from < rows; ++i, from += page_rows) {
      const std::string locator = from == 0 ? "" : std::to_string(from);
      urls.pages.push_back({.url = "u" + locator, .locator = locator});
    }
    urls.done = from >= rows;
    if (!urls.done) urls.next = std::to_string(from);
    return urls;
  }
  Result<salesforce::ResultPage> OpenResultUrl(const Call& call,
                                               const salesforce::PageUrl& page) override {
    return OpenResults(call, "750", page.locator, 0);
  }
  int64_t records_per_page() const override { return page_rows; }

 private:
  std::mutex mutex_;
};

}  // namespace firn::exports
