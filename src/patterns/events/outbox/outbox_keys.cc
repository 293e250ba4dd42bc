#include "patterns/events/outbox/outbox_keys.h"

#include <openssl/sha.h>

#include <algorithm>

#include "patterns/events/outbox/outbox_rows.h"

namespace firn::events {
namespace {

constexpr size_t kHashBytes = 12;
constexpr size_t kOlderHashBytes = 16;
constexpr int64_t kKeysAStep = 2'000;
constexpr auto kAheadMax = std::chrono::hours(24);

std::string HashOf(const std::string& key, size_t bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest);
  return {reinterpret_cast<const char*>(digest), bytes};
}

Result<int64_t> NumberOf(Database& db, std::string_view sql) {
  FIRN_TRY(auto select, db.Prepare(sql));
  FIRN_TRY(const bool row, select.Step());
  return row ? select.Int(0) : 0;
}

std::string BigEndian(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(number >> static_cast<unsigned>(shift) & 0xffU));
  }
  return bytes;
}

uint32_t SecondOf(UtcMicros time) {
  return static_cast<uint32_t>(
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

// Of changes before a second, in the order of their commits.
Result<int64_t> ForgetTimed(Database& db, const std::string& before, int64_t most) {
  FIRN_TRY(auto remove,
           db.Prepare("DELETE FROM seen WHERE key IN (SELECT key FROM seen WHERE key >= "
                      "x'00000001' AND key < ?1 ORDER BY key LIMIT ?2)"));
  remove.BindBlob(1, before).Bind(2, most);
  FIRN_CHECK(remove.Run());
  return db.RowsChanged();
}

// Of other events, in the order in which they were seen.
Result<int64_t> ForgetSeen(Database& db, int64_t before_us, int64_t most) {
  FIRN_TRY(auto remove,
           db.Prepare("DELETE FROM seen WHERE key IN (SELECT key FROM seen INDEXED BY "
                      "seen_by_time WHERE key < x'00000001' AND at_us < ?1 ORDER BY at_us LIMIT "
                      "?2)"));
  remove.Bind(1, before_us).Bind(2, most);
  FIRN_CHECK(remove.Run());
  return db.RowsChanged();
}

// Of the first form, in the order in which they were seen.
Result<int64_t> ForgetOlder(Database& db, int64_t before_us, int64_t most) {
  FIRN_TRY(auto remove,
           db.Prepare("DELETE FROM seen_before WHERE key IN (SELECT key FROM seen_before WHERE "
                      "at_us < ?1 ORDER BY at_us LIMIT ?2)"));
  remove.Bind(1, before_us).Bind(2, most);
  FIRN_CHECK(remove.Run());
  return db.RowsChanged();
}

}  // namespace

std::string OlderKey(const std::string& key) { return HashOf(key, kOlderHashBytes); }

Result<bool> HasOlderKeys(Database& db) {
  FIRN_TRY(const int64_t any, NumberOf(db, "SELECT EXISTS (SELECT 1 FROM seen_before)"));
  return any > 0;
}

Result<int64_t> CountKeys(Database& db) {
  return NumberOf(db, "SELECT (SELECT count(*) FROM seen) + (SELECT count(*) FROM seen_before)");
}

std::string StoredKey(const std::string& key, int64_t commit_ms, UtcMicros now) {
  const int64_t now_ms = MicrosOf(now) / 1000;
  const bool near = commit_ms > now_ms - std::chrono::milliseconds(OutboxLimits().window).count() &&
                    commit_ms < now_ms + std::chrono::milliseconds(kAheadMax).count();
  return BigEndian(near ? static_cast<uint32_t>(commit_ms / 1000) : 0) + HashOf(key, kHashBytes);
}

Result<int64_t> ForgetKeys(Database& db, UtcMicros horizon, int64_t too_many) {
  FIRN_TRY(int64_t gone, ForgetTimed(db, BigEndian(SecondOf(horizon)), kKeysAStep));
  FIRN_TRY(const int64_t seen, ForgetSeen(db, MicrosOf(horizon), kKeysAStep));
  FIRN_TRY(const int64_t older, ForgetOlder(db, MicrosOf(horizon), kKeysAStep));
  gone += seen + older;
  int64_t over = std::min(too_many - gone, kKeysAStep);
  const auto forget_more = [&](auto forget, const auto& before) -> Result<void> {
    if (over <= 0) return {};
    FIRN_TRY(const int64_t some, forget(db, before, over));
    gone += some;
    over -= some;
    return {};
  };
  FIRN_CHECK(forget_more(ForgetOlder, INT64_MAX));
  FIRN_CHECK(forget_more(ForgetTimed, BigEndian(UINT32_MAX)));
  FIRN_CHECK(forget_more(ForgetSeen, INT64_MAX));
  return gone;
}

}  // namespace firn::events
