// The durable event log: what was published, in the order of its replay ids, in tables of org.db.
//
// An EventAppender belongs to one connection and writes inside its caller's transaction, so that an
// event stands or falls with the change it tells of. An EventLog reads, from any thread. Events are
// kept in chunks (a run of one schema) of bounded size. Errors: Corrupt, Conflict (the store's).
// Source: Pub/Sub API guide, 'Event Message Durability' (72 hours), read 2026-11.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/sqlite.h"
#include "sandbox/events/event_schema.h"
#include "sandbox/store/tables.h"

namespace firn::sandbox {

struct NewEvent {
  const EventSchema* schema = nullptr;
  std::string_view id;  // the publisher's; empty: the org makes one
  std::string_view payload;
};

class EventAppender {
 public:
  [[nodiscard]] static Result<void> MakeTables(Database& db);
  [[nodiscard]] static Result<EventAppender> Prepare(Database& db);
  // Their replay ids. `at_millis` by the org's clock.
  [[nodiscard]] Result<std::vector<int64_t>> Append(std::span<const NewEvent> events,
                                                    int64_t at_millis);
  // The caller's transaction did not come about: what it knew to be written may not be.
  void Forget() { known_schemas_.clear(); }

 private:
  EventAppender(Statement state, Statement set_state, Statement chunk, Statement schema)
      : state_(std::move(state)),
        set_state_(std::move(set_state)),
        chunk_(std::move(chunk)),
        schema_(std::move(schema)) {}
  struct Chunk {
    int64_t first = 0;
    int64_t last = 0;
    int64_t at_millis = 0;
    int64_t events = 0;
  };
  [[nodiscard]] Result<void> PutChunk(const EventSchema& schema, const Chunk& chunk);
  Statement state_;
  Statement set_state_;
  Statement chunk_;
  Statement schema_;
  std::set<std::string> known_schemas_;
  std::string body_;
};

struct LogEvent {
  int64_t replay_id = 0;
  std::string id;
  std::string schema_id;
  std::string payload;
};

struct LogPage {
  std::vector<LogEvent> events;
  int64_t position = 0;  // everything up to here was looked at
  size_t bytes = 0;
};

class EventLog {
 public:
  explicit EventLog(const std::string& folder)
      : readers_(std::make_shared<ReaderPool>(folder + "/org.db")) {}

  // The newest replay id ever given, of an event or of the empty bus.
  [[nodiscard]] Result<int64_t> Tip();
  // Events of these streams behind `after`, at least one if there is one, however large.
  [[nodiscard]] Result<LogPage> Read(const std::set<std::string>& streams, int64_t after,
                                     size_t events_max, size_t bytes_max);
  // Where EARLIEST begins: the position before the oldest event not older than `from_millis`.
  [[nodiscard]] Result<int64_t> Earliest(int64_t from_millis);
  // Whether a subscription may begin behind this id: the tip, an event not older than that,
  // or what a stream was told before the first event of all, while that is kept.
  [[nodiscard]] Result<bool> IsKnown(int64_t replay_id, int64_t from_millis);
  [[nodiscard]] Result<std::optional<std::string>> SchemaJson(std::string_view id);
  // The stream whose events this schema has, or had.
  [[nodiscard]] Result<std::optional<std::string>> StreamOfSchema(std::string_view id);
  [[nodiscard]] Result<uint64_t> Count();
  // Ends the life of older events. How many chunks went.
  [[nodiscard]] static Result<int64_t> Prune(Database& db, int64_t before_millis);
  // The bus of a migrated org: nothing of the old one is known, ids go on elsewhere.
  [[nodiscard]] static Result<void> Migrate(Database& db);

 private:
  std::shared_ptr<ReaderPool> readers_;
};

}  // namespace firn::sandbox
