#include "patterns/exports/object/page_source.h"

#include <algorithm>

namespace firn::exports {
namespace {

// Parts of a split page are numbered apart, so that they never meet the job's own pages.
constexpr uint64_t kFirstPartOrdinal = 1'000'000'000;

bool MayHelpToFetchAgain(const Error& error) {
  switch (error.kind()) {
    case Kind::kTimeout:
    case Kind::kUnreachable:
    case Kind::kThrottled:
      return true;
    case Kind::kCorrupt:
      // Another header is another query: the same page would say the same again.
      return error.code() != "LAKE-PAGE-004";
    default:
      return false;
  }
}

}  // namespace

PageSource::PageSource(salesforce::BulkClient& bulk, PageLedger& ledger, Options options,
                       const std::vector<state::PageRow>& known)
    : bulk_(bulk), ledger_(ledger), options_(std::move(options)) {
  next_part_ordinal_ = kFirstPartOrdinal;
  std::optional<uint64_t> last;
  for (const state::PageRow& page : known) {
    if (page.ordinal < kFirstPartOrdinal) {
      last = std::max(last.value_or(0), page.ordinal);
    } else {
      next_part_ordinal_ = std::max(next_part_ordinal_, page.ordinal + 1);
    }
    if (page.durable) continue;
    waiting_.push_back({page, 0});
  }
  // On a chain, the page whose header was never seen is the one that leads to more.
  if (!options_.parallel && !waiting_.empty()) {
    const auto tail = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& page) {
      return page.row.rows < 0 && page.row.ordinal == last;
    });
    if (tail != waiting_.end()) {
      tail_ = *tail;
      waiting_.erase(tail);
    }
  }
  next_ordinal_ = options_.parallel ? options_.pages_listed : last.value_or(0) + 1;
  list_done_ = !options_.parallel || options_.list_done;
  list_next_ = options_.list_next;
}

Result<std::optional<OpenPage>> PageSource::Next(const Call& call) {
  for (;;) {
    FIRN_CHECK(call.Check());
    std::unique_lock lock(mutex_);
    if (waiting_.empty() && learning_) {
      changed_.wait(lock, call.stop, [this] { return !learning_; });
      continue;
    }
    Waiting page;
    bool is_tail = false;
    if (!waiting_.empty()) {
      page = std::move(waiting_.front());
      waiting_.pop_front();
    } else if (tail_) {
      page = *std::exchange(tail_, std::nullopt);
      is_tail = learning_ = true;
    } else if (list_done_) {
      return std::optional<OpenPage>();
    } else {
      learning_ = true;
      lock.unlock();
      auto listed = ListMore(call);
      StopLearning();
      FIRN_CHECK(listed);
      continue;
    }
    handed_out_[page.row.ordinal] = page;
    lock.unlock();
    auto open = is_tail ? OpenTail(call, page) : Open(call, page);
    if (open) {
      lock.lock();
      handed_out_[open->row.ordinal].row = open->row;
    }
    if (!open && is_tail) PutBackTail(page);
    if (lock.owns_lock()) lock.unlock();
    if (is_tail) StopLearning();
    if (open) return std::optional<OpenPage>(*std::move(open));
    FIRN_CHECK(GiveBack(call, {page.row.ordinal}, page.row.ordinal, std::move(open).error()));
  }
}

void PageSource::StopLearning() {
  std::lock_guard lock(mutex_);
  learning_ = false;
  changed_.notify_all();
}

void PageSource::PutBackTail(Waiting page) {
  std::lock_guard lock(mutex_);
  tail_ = std::move(page);
}

Result<void> PageSource::ListMore(const Call& call) {
  FIRN_TRY(const auto urls, bulk_.ResultPages(call, options_.job_id, list_next_));
  std::vector<state::PageRow> rows;
  {
    std::lock_guard lock(mutex_);
    for (const salesforce::PageUrl& page : urls.pages) {
      rows.push_back({.ordinal = next_ordinal_++, .locator = page.locator, .url = page.url});
    }
  }
  FIRN_CHECK(ledger_.AddPages(rows, urls.next, urls.done));
  std::lock_guard lock(mutex_);
  for (state::PageRow& row : rows) waiting_.push_back({std::move(row), 0});
  list_next_ = urls.next;
  list_done_ = urls.done || urls.next.empty();
  return {};
}

Result<OpenPage> PageSource::Open(const Call& call, Waiting page) {
  if (page.row.url.empty() || page.attempts > 1) return OpenAgain(call, std::move(page));
  FIRN_TRY(auto opened,
           bulk_.OpenResultUrl(call, {.url = page.row.url, .locator = page.row.locator}));
  if (page.row.rows >= 0 && opened.rows != page.row.rows) {
    return Fail(Error(Kind::kCorrupt, "EXPORT-PAGE-001",
                      "page " + std::to_string(page.row.ordinal) + " of job " + options_.job_id +
                          " announces another number of rows than before"));
  }
  page.row.rows = opened.rows;
  FIRN_CHECK(ledger_.PageOpened(page.row, nullptr));
  return OpenPage{std::move(page.row), std::move(opened.body)};
}

int64_t PageSource::RowsToAsk() const {
  const int64_t best = bulk_.records_per_page();
  return options_.rows_per_page > 0 ? std::min(options_.rows_per_page, best) : best;
}

Result<OpenPage> PageSource::OpenTail(const Call& call, Waiting page) {
  FIRN_TRY(auto opened, bulk_.OpenResults(call, options_.job_id, page.row.locator, RowsToAsk()));
  page.row.rows = opened.rows;
  if (opened.next_locator.empty()) {
    FIRN_CHECK(ledger_.PageOpened(page.row, nullptr));
  } else {
    state::PageRow next;
    {
      std::lock_guard lock(mutex_);
      next.ordinal = next_ordinal_++;
    }
    next.locator = opened.next_locator;
    FIRN_CHECK(ledger_.PageOpened(page.row, &next));
    std::lock_guard lock(mutex_);
    tail_ = Waiting{std::move(next), 0};
  }
  return OpenPage{std::move(page.row), std::move(opened.body)};
}

Result<OpenPage> PageSource::OpenAgain(const Call& call, Waiting page) {
  const int64_t wanted = page.row.rows;
  const int64_t asked = wanted < 0 ? 0 : std::min(wanted, RowsToAsk());
  FIRN_TRY(auto opened, bulk_.OpenResults(call, options_.job_id, page.row.locator, asked));
  if (wanted < 0 || opened.rows == wanted) {
    page.row.rows = opened.rows;
    FIRN_CHECK(ledger_.PageOpened(page.row, nullptr));
    return OpenPage{std::move(page.row), std::move(opened.body)};
  }
  if (opened.rows <= 0 || opened.rows > wanted || opened.next_locator.empty()) {
    return Fail(Error(Kind::kCorrupt, "EXPORT-PAGE-001",
                      "page " + std::to_string(page.row.ordinal) + " of job " + options_.job_id +
                          " announces another number of rows than before"));
  }
  state::PageRow first = page.row;
  state::PageRow rest = page.row;
  {
    std::lock_guard lock(mutex_);
    first.ordinal = next_part_ordinal_++;
    rest.ordinal = next_part_ordinal_++;
  }
  first.url.clear();
  first.rows = opened.rows;
  rest.url.clear();
  rest.locator = opened.next_locator;
  rest.rows = wanted - opened.rows;
  FIRN_CHECK(ledger_.SplitPage(page.row.ordinal, {first, rest}));
  std::lock_guard lock(mutex_);
  handed_out_.erase(page.row.ordinal);
  handed_out_[first.ordinal] = Waiting{first, page.attempts};
  waiting_.push_front({std::move(rest), page.attempts});
  return OpenPage{std::move(first), std::move(opened.body)};
}

Result<void> PageSource::GiveBack(const Call& call, const std::vector<uint64_t>& lost,
                                  std::optional<uint64_t> failed, Error error) {
  int attempts = 0;
  {
    std::lock_guard lock(mutex_);
    for (const uint64_t ordinal : lost) {
      const auto at = handed_out_.find(ordinal);
      if (at == handed_out_.end()) continue;
      if (!failed || ordinal == failed) attempts = std::max(attempts, ++at->second.attempts);
      ++pages_repeated_;
      if (tail_ && tail_->row.ordinal == ordinal) {
        tail_->attempts = attempts;
        continue;
      }
      waiting_.push_back(std::move(at->second));
      handed_out_.erase(at);
    }
  }
  if (!MayHelpToFetchAgain(error) || attempts >= options_.page_attempts_max) {
    return Fail(std::move(error));
  }
  const Backoff pause{.first = std::chrono::milliseconds(100), .most = std::chrono::seconds(5)};
  return call.Sleep(pause.Wait(attempts, *call.random));
}

bool PageSource::HasWaiting() const {
  std::lock_guard lock(mutex_);
  return !waiting_.empty() || tail_.has_value();
}

int PageSource::pages_repeated() const {
  std::lock_guard lock(mutex_);
  return pages_repeated_;
}

}  // namespace firn::exports
