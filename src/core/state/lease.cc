#include "core/state/lease.h"

#include <charconv>

#include "core/base/time_text.h"

namespace firn::state {
namespace {

// Stored as `epoch expires_us holder`; a released lease has no holder.
struct StoredLease {
  int64_t epoch = 0;
  UtcMicros expires;
  std::string holder;
};

StoredLease Parse(const std::optional<std::string>& text) {
  StoredLease lease;
  if (!text) return lease;
  const char* end = text->data() + text->size();
  int64_t expires_us = 0;
  auto at = std::from_chars(text->data(), end, lease.epoch);
  at = std::from_chars(at.ptr + (at.ptr < end ? 1 : 0), end, expires_us);
  lease.expires = UtcMicros(std::chrono::microseconds(expires_us));
  if (at.ptr < end) lease.holder.assign(at.ptr + 1, end);
  return lease;
}

std::string Text(const StoredLease& lease) {
  return std::to_string(lease.epoch) + " " +
         std::to_string(lease.expires.time_since_epoch().count()) + " " + lease.holder;
}

class SqliteLeases final : public Leases {
 public:
  SqliteLeases(std::shared_ptr<SharedState> shared, Clock& clock)
      : shared_(std::move(shared)), clock_(clock) {}

  Result<HeldLease> Acquire(const LeaseTerms& terms) override {
    HeldLease held;
    FIRN_CHECK(shared_->Update(
        KeyOf(terms.org, terms.task),
        [&](const std::optional<std::string>& present) -> Result<std::optional<std::string>> {
          const StoredLease old = Parse(present);
          const UtcMicros now = clock_.Now();
          if (!old.holder.empty() && old.holder != terms.holder && old.expires > now) {
            return Fail(Error(Kind::kConflict, "STATE-LEASE-001",
                              "`" + terms.task + "` is held by " + old.holder)
                            .At(terms.org)
                            .Because("its lease lasts until " + FormatUtc(old.expires)));
          }
          held = {old.epoch + 1, now + terms.length};
          return Text({held.epoch, held.expires, terms.holder});
        }));
    return held;
  }

  Result<HeldLease> Renew(const LeaseTerms& terms, int64_t epoch) override {
    HeldLease held;
    FIRN_CHECK(shared_->Update(
        KeyOf(terms.org, terms.task),
        [&](const std::optional<std::string>& present) -> Result<std::optional<std::string>> {
          const StoredLease old = Parse(present);
          if (old.epoch != epoch || old.holder != terms.holder) {
            return Fail(
                Error(Kind::kExpired, "STATE-LEASE-002",
                      "the lease on `" + terms.task + "` was lost")
                    .At(terms.org)
                    .Because("epoch " + std::to_string(old.epoch) + " has been given out since"));
          }
          held = {epoch, clock_.Now() + terms.length};
          return Text({epoch, held.expires, terms.holder});
        }));
    return held;
  }

  Result<void> Release(const LeaseTerms& terms, int64_t epoch) override {
    return shared_->Update(
        KeyOf(terms.org, terms.task),
        [&](const std::optional<std::string>& present) -> Result<std::optional<std::string>> {
          const StoredLease old = Parse(present);
          if (old.epoch != epoch || old.holder != terms.holder) return std::optional<std::string>();
          return Text({epoch, clock_.Now(), ""});
        });
  }

 private:
  static Key KeyOf(const std::string& org, const std::string& task) { return {org, "lease", task}; }
  std::shared_ptr<SharedState> shared_;
  Clock& clock_;
};

}  // namespace

std::unique_ptr<Leases> NewSqliteLeases(std::shared_ptr<SharedState> shared, Clock& clock) {
  return std::make_unique<SqliteLeases>(std::move(shared), clock);
}

}  // namespace firn::state
