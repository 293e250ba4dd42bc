#include <atomic>
#include <charconv>
#include <mutex>

#include "core/state/shared_state.h"
#include "ends/salesforce/internal/budget_block.h"
#include "ends/salesforce/internal/budget_row.h"
#include "ends/salesforce/limits.h"

namespace firn::salesforce {
namespace {

int64_t NowMicros(const Call& call) { return call.clock->Now().time_since_epoch().count(); }

std::string Numbers(int64_t used, int64_t max, int64_t share, int percent) {
  return std::to_string(used) + " of " + std::to_string(max) + " are used or in flight; " +
         std::to_string(percent) + " % are " + std::to_string(share);
}

class StoredBudget final : public Budget {
 public:
  StoredBudget(std::string org_id, const BudgetOptions& options, BudgetStore& store)
      : org_id_(std::move(org_id)), options_(options), store_(store) {}
  // What this fails to give back stays counted until an answer tells better.
  ~StoredBudget() override {
    const std::lock_guard lock(mutex_);
    if (!block_.IsSettled()) {
      (void)Change(last_us_, [](BudgetRow&, int64_t) -> Result<void> { return {}; });
    }
  }
  StoredBudget(const StoredBudget&) = delete;
  StoredBudget& operator=(const StoredBudget&) = delete;

  Result<Reservation> Reserve(const Call& call, int64_t calls) override {
    return Take(call, {calls, options_.share_percent, false});
  }
  Result<Reservation> ReserveLook(const Call& call) override {
    return Take(call, {1, options_.share_percent, true});
  }

  Result<void> ReserveJob(const Call& call) override {
    FIRN_CHECK(TakeOwn(jobs_this_run_, 1, options_.jobs_per_run_max, "SF-LIMIT-004", "query jobs"));
    const std::lock_guard lock(mutex_);
    auto stored = Change(NowMicros(call), [&](BudgetRow& row, int64_t now) -> Result<void> {
      if (TryReserveJob(row, options_.share_percent, now)) return {};
      return Fail(Refused("SF-LIMIT-003", "Bulk query jobs", row.jobs_used, row.jobs_max));
    });
    if (!stored) --jobs_this_run_;
    return stored;
  }

  Result<void> Finish(const Call& call, const Reservation& reservation,
                      const net::Headers* headers) override {
    const auto told =
        headers == nullptr ? std::nullopt : ParseLimitInfo(headers->GetOr("Sforce-Limit-Info", ""));
    const std::lock_guard lock(mutex_);
    last_us_ = NowMicros(call);
    block_.Note(reservation, told ? &*told : nullptr, last_us_);
    if (!block_.MustSettle(options_.share_percent)) return {};
    return Change(last_us_, [](BudgetRow&, int64_t) -> Result<void> { return {}; });
  }

  Result<void> Learn(const Call& call, const Limits& limits) override {
    const std::lock_guard lock(mutex_);
    return Change(NowMicros(call), [&](BudgetRow& row, int64_t now) -> Result<void> {
      LearnLimits(row, limits, now);
      return {};
    });
  }

  Result<BudgetView> View(const Call& call) override {
    BudgetView view;
    const std::lock_guard lock(mutex_);
    FIRN_CHECK(Change(NowMicros(call), [&](BudgetRow& row, int64_t) -> Result<void> {
      view.known = row.calls_max > 0;
      view.calls_used = row.calls_used;
      view.calls_max = row.calls_max;
      view.calls_share = ShareOf(row.calls_max, options_.share_percent);
      view.jobs_used = row.jobs_used;
      view.jobs_max = row.jobs_max;
      view.jobs_share = ShareOf(row.jobs_max, options_.share_percent);
      view.as_of = UtcMicros(std::chrono::microseconds(row.told_us));
      return {};
    }));
    view.calls_this_run = calls_this_run_;
    view.jobs_this_run = jobs_this_run_;
    return view;
  }

 private:
  Result<Reservation> Take(const Call& call, const Wish& wish) {
    FIRN_CHECK(
        TakeOwn(calls_this_run_, wish.calls, options_.calls_per_run_max, "SF-LIMIT-002", "calls"));
    const std::lock_guard lock(mutex_);
    const int64_t now = NowMicros(call);
    if (!wish.is_look) {
      if (const auto spent = block_.Spend(wish.calls, now)) return *spent;
    }
    Reservation reservation;
    BudgetBlock refilled;
    auto stored = Change(now, [&](BudgetRow& row, int64_t) -> Result<void> {
      const auto first = refilled.Refill(row, wish, now);
      if (!first) return Fail(Refused("SF-LIMIT-001", "API calls", row.calls_used, row.calls_max));
      reservation = *first;
      return {};
    });
    if (!stored) {
      calls_this_run_ -= wish.calls;
      return Fail(std::move(stored).error());
    }
    block_ = std::move(refilled);
    return reservation;
  }

  // Settles the block and does `work`, as one step of the shared row. Under `mutex_`, which is held
  // while the store writes: requests that need the row wait for it in any case.
  template <typename Work>
  Result<void> Change(int64_t now, Work work) {
    auto stored = store_.Update(org_id_, [&](std::string& text) -> Result<void> {
      BudgetRow row = BudgetRow::Parse(text);
      Age(row, now);
      BudgetBlock(block_).Settle(row);
      FIRN_CHECK(work(row, now));
      text = row.Text();
      return {};
    });
    if (stored) block_ = BudgetBlock();
    return stored;
  }

  // Counts towards this run's own cap before the shared row is asked, so that threads of one run
  // cannot pass it together.
  Result<void> TakeOwn(std::atomic<int64_t>& count, int64_t by, int64_t most, std::string_view code,
                       std::string_view what) const {
    const int64_t after = count.fetch_add(by) + by;
    if (most == 0 || after <= most) return {};
    count -= by;
    return Fail(Error(Kind::kLimitReached, code,
                      "this run has used the " + std::to_string(most) + " " + std::string(what) +
                          " it may use")
                    .At("org `" + org_id_ + "`")
                    .Hint("resume the run, or raise `limits.per_run_cap` of the org in firn.yaml"));
  }

  [[nodiscard]] Error Refused(std::string_view code, const std::string& what, int64_t used,
                              int64_t max) const {
    const int percent = options_.share_percent;
    return Error(Kind::kLimitReached, code,
                 "going on would use more than " + std::to_string(percent) + " % of the org's " +
                     what + " of 24 hours")
        .At("org `" + org_id_ + "`")
        .Because(Numbers(used, max, ShareOf(max, percent), percent))
        .Hint("resume later, or raise `limits.share` of the org in firn.yaml");
  }

  const std::string org_id_;
  const BudgetOptions options_;
  BudgetStore& store_;
  std::mutex mutex_;
  BudgetBlock block_;
  int64_t last_us_ = 0;
  std::atomic<int64_t> calls_this_run_{0};
  std::atomic<int64_t> jobs_this_run_{0};
};

class MemoryBudgetStore final : public BudgetStore {
 public:
  Result<void> Update(const std::string& org_id, const Change& change) override {
    const std::lock_guard lock(mutex_);
    std::string row = rows_[org_id];
    FIRN_CHECK(change(row));
    rows_[org_id] = std::move(row);
    return {};
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> rows_;
};

class SharedBudgetStore final : public BudgetStore {
 public:
  explicit SharedBudgetStore(std::shared_ptr<state::SharedState> shared)
      : shared_(std::move(shared)) {}

  Result<void> Update(const std::string& org_id, const Change& change) override {
    return shared_->Update(
        {org_id, "budget", "api"},
        [&](const std::optional<std::string>& present) -> Result<std::optional<std::string>> {
          std::string row = present.value_or("");
          FIRN_CHECK(change(row));
          if (present == row) return std::optional<std::string>();
          return std::optional(std::move(row));
        });
  }

 private:
  std::shared_ptr<state::SharedState> shared_;
};

}  // namespace

std::unique_ptr<BudgetStore> NewMemoryBudgetStore() {
  return std::make_unique<MemoryBudgetStore>();
}

std::unique_ptr<BudgetStore> NewBudgetStore(std::shared_ptr<state::SharedState> shared) {
  return std::make_unique<SharedBudgetStore>(std::move(shared));
}

std::unique_ptr<Budget> NewBudget(std::string org_id, const BudgetOptions& options,
                                  BudgetStore& store) {
  return std::make_unique<StoredBudget>(std::move(org_id), options, store);
}

std::optional<ApiUsage> ParseLimitInfo(std::string_view header) {
  constexpr std::string_view kName = "api-usage=";
  for (size_t at = header.find(kName); at != std::string_view::npos;
       at = header.find(kName, at + 1)) {
    // `per-app-api-usage=` ends in the same letters.
    if (at > 0 && header[at - 1] != ' ' && header[at - 1] != ';' && header[at - 1] != ',') continue;
    ApiUsage usage;
    const char* end = header.data() + header.size();
    const auto used = std::from_chars(header.data() + at + kName.size(), end, usage.used);
    if (used.ec != std::errc() || used.ptr == end || *used.ptr != '/') return std::nullopt;
    const auto max = std::from_chars(used.ptr + 1, end, usage.max);
    if (max.ec != std::errc() || usage.used < 0 || usage.max <= 0) return std::nullopt;
    return usage;
  }
  return std::nullopt;
}

}  // namespace firn::salesforce
