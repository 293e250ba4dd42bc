// The keys of events seen, by which duplicates are told. Private to the outbox.
//
// A key begins with the second of the change's commit, which a duplicate shares: so keys lie in the
// order of time, and millions of them are written to the few pages at the end of their tree rather
// than each to a page of its own. Events without such a time, or with one that is far from now,
// have second 0 and an index by when they were seen.
//
// Keys of the first form, without the second, may be 72 hours old when the program is replaced by
// this one: they are kept beside, are looked at too, and go as they would have gone.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/sqlite.h"
#include "patterns/events/outbox/outbox_store.h"

namespace firn::events {

inline constexpr std::string_view kKeySchema = R"(
DROP INDEX seen_by_time;
ALTER TABLE seen RENAME TO seen_before;
CREATE TABLE seen (key BLOB PRIMARY KEY, at_us INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX seen_by_time ON seen (at_us) WHERE key < x'00000001';
)";
// Files that went to the second schema before it kept the older keys have none.
inline constexpr std::string_view kOlderKeySchema = R"(
CREATE TABLE IF NOT EXISTS seen_before (key BLOB PRIMARY KEY, at_us INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX seen_before_by_time ON seen_before (at_us);
)";

// As it is stored at `now`.
[[nodiscard]] std::string StoredKey(const std::string& key, int64_t commit_ms, UtcMicros now);
// As programs before this schema stored it.
[[nodiscard]] std::string OlderKey(const std::string& key);
// Whether keys of that form are left.
[[nodiscard]] Result<bool> HasOlderKeys(Database& db);
// Of both forms.
[[nodiscard]] Result<int64_t> CountKeys(Database& db);
// Takes away keys before the horizon and, oldest first, those of `held` that are too many; a
// bounded number of them. How many went.
[[nodiscard]] Result<int64_t> ForgetKeys(Database& db, UtcMicros horizon, int64_t too_many);

}  // namespace firn::events
