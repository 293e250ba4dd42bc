#include "sandbox/events/event_log.h"

#include "sandbox/events/replay_id.h"

namespace firn::sandbox {
namespace {

constexpr int64_t kFirstReplayId = 4'870'000;
constexpr int64_t kMigrationLeap = 1'000'003;
constexpr size_t kChunkBytesMax = 128 << 10;
constexpr int64_t kChunkEventsMax = 200;

constexpr const char* kTables =
    "CREATE TABLE IF NOT EXISTS event_state(key TEXT PRIMARY KEY, value INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS event_schema(id TEXT PRIMARY KEY, stream TEXT NOT NULL,"
    " json TEXT NOT NULL) WITHOUT ROWID;"
    // `last` is the key: a page behind a replay id begins in the chunk that ends behind it.
    "CREATE TABLE IF NOT EXISTS event_chunk(last INTEGER PRIMARY KEY, first INTEGER NOT NULL,"
    " stream TEXT NOT NULL, schema TEXT NOT NULL, at_ms INTEGER NOT NULL, events INTEGER NOT NULL,"
    " body BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS event_chunk_stream ON event_chunk(stream, last);";

void PutVarint(uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

// Walks the events of a chunk: gap to the id before, id text, payload.
class ChunkReader {
 public:
  ChunkReader(int64_t first, std::string_view body) : next_(first), rest_(body) {}
  // False at the end; `damaged()` tells whether it was one.
  bool Next() {
    if (rest_.empty()) return false;
    replay_id_ = next_ + static_cast<int64_t>(Varint());
    next_ = replay_id_;
    id_ = Bytes();
    payload_ = Bytes();
    return !damaged_;
  }
  [[nodiscard]] bool damaged() const { return damaged_; }
  [[nodiscard]] int64_t replay_id() const { return replay_id_; }
  [[nodiscard]] std::string_view id() const { return id_; }
  [[nodiscard]] std::string_view payload() const { return payload_; }

 private:
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    damaged_ = true;
    return 0;
  }
  std::string_view Bytes() {
    const uint64_t size = Varint();
    if (size > rest_.size()) {
      damaged_ = true;
      rest_ = {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }
  int64_t next_;
  std::string_view rest_;
  int64_t replay_id_ = 0;
  std::string_view id_;
  std::string_view payload_;
  bool damaged_ = false;
};

tl::unexpected<Error> Damaged() {
  return Fail(Kind::kCorrupt, "SBX-EVENTS-002", "the org's event log holds a damaged chunk");
}

Result<std::optional<int64_t>> OneNumber(Statement& statement) {
  FIRN_TRY(const bool found, statement.Step());
  std::optional<int64_t> value;
  if (found && !statement.IsNull(0)) value = statement.Int(0);
  statement.Reset();
  return value;
}

constexpr const char* kTipSql = "SELECT value FROM event_state WHERE key = 'last'";
// The id before the first event of this instance.
constexpr const char* kBaseSql = "SELECT value FROM event_state WHERE key = 'base'";

// A stream that was told the base while there was no event yet lost none as long as the first of
// all is kept.
Result<bool> FollowsBase(Reader& reader, int64_t base, int64_t from_millis) {
  FIRN_TRY(Statement * find,
           reader.Cached("SELECT first, at_ms FROM event_chunk ORDER BY last LIMIT 1"));
  FIRN_TRY(const bool found, find->Step());
  const bool follows = found && find->Int(0) == NextReplayId(base) && find->Int(1) >= from_millis;
  find->Reset();
  return follows;
}

}  // namespace

Result<void> EventAppender::MakeTables(Database& db) {
  FIRN_CHECK(db.Execute(kTables));
  const std::string first = std::to_string(kFirstReplayId);
  return db.Execute("INSERT OR IGNORE INTO event_state VALUES('last', " + first + "), ('base', " +
                    first + ")");
}

Result<EventAppender> EventAppender::Prepare(Database& db) {
  FIRN_TRY(Statement state, db.Prepare(kTipSql));
  FIRN_TRY(Statement set_state, db.Prepare("UPDATE event_state SET value = ? WHERE key = 'last'"));
  FIRN_TRY(Statement chunk, db.Prepare("INSERT INTO event_chunk VALUES(?, ?, ?, ?, ?, ?, ?)"));
  FIRN_TRY(Statement schema, db.Prepare("INSERT OR IGNORE INTO event_schema VALUES(?, ?, ?)"));
  return EventAppender(std::move(state), std::move(set_state), std::move(chunk), std::move(schema));
}

Result<void> EventAppender::PutChunk(const EventSchema& schema, const Chunk& chunk) {
  if (!known_schemas_.contains(schema.id)) {
    schema_.Bind(1, schema.id).Bind(2, schema.name).Bind(3, schema.json);
    FIRN_CHECK(schema_.Run());
    known_schemas_.insert(schema.id);
  }
  chunk_.Bind(1, chunk.last).Bind(2, chunk.first).Bind(3, schema.name).Bind(4, schema.id);
  chunk_.Bind(5, chunk.at_millis).Bind(6, chunk.events).BindStaticBlob(7, body_);
  FIRN_CHECK(chunk_.Run());
  body_.clear();
  return {};
}

Result<std::vector<int64_t>> EventAppender::Append(std::span<const NewEvent> events,
                                                   int64_t at_millis) {
  std::vector<int64_t> ids;
  if (events.empty()) return ids;
  FIRN_TRY(const auto tip, OneNumber(state_));
  Chunk chunk{.last = tip.value_or(kFirstReplayId), .at_millis = at_millis};
  const EventSchema* schema = nullptr;
  body_.clear();
  ids.reserve(events.size());
  for (const NewEvent& event : events) {
    if (chunk.events > 0 && (event.schema != schema || chunk.events >= kChunkEventsMax ||
                             body_.size() >= kChunkBytesMax)) {
      FIRN_CHECK(PutChunk(*schema, chunk));
      chunk.events = 0;
    }
    const int64_t before = chunk.last;
    chunk.last = NextReplayId(before);
    schema = event.schema;
    if (chunk.events++ == 0) chunk.first = chunk.last;
    PutVarint(chunk.events == 1 ? 0 : static_cast<uint64_t>(chunk.last - before), body_);
    PutVarint(event.id.size(), body_);
    body_ += event.id;
    PutVarint(event.payload.size(), body_);
    body_ += event.payload;
    ids.push_back(chunk.last);
  }
  FIRN_CHECK(PutChunk(*schema, chunk));
  set_state_.Bind(1, chunk.last);
  FIRN_CHECK(set_state_.Run());
  return ids;
}

Result<int64_t> EventLog::Tip() {
  FIRN_TRY(auto reader, readers_->Take());
  FIRN_TRY(Statement * find, reader->Cached(kTipSql));
  FIRN_TRY(const auto tip, OneNumber(*find));
  return tip.value_or(kFirstReplayId);
}

Result<LogPage> EventLog::Read(const std::set<std::string>& streams, int64_t after,
                               size_t events_max, size_t bytes_max) {
  LogPage page;
  page.position = after;
  FIRN_TRY(auto reader, readers_->Take());
  const bool single = streams.size() == 1;
  FIRN_TRY(Statement * chunks,
           reader->Cached(std::string("SELECT last, first, stream, schema, body FROM event_chunk"
                                      " WHERE last > ?1") +
                          (single ? " AND stream = ?2" : "") + " ORDER BY last"));
  chunks->Bind(1, after);
  if (single) chunks->Bind(2, *streams.begin());
  while (page.events.size() < events_max && page.bytes < bytes_max) {
    FIRN_TRY(const bool more, chunks->Step());
    if (!more) break;
    const int64_t last = chunks->Int(0);
    if (!streams.contains(std::string(chunks->Text(2)))) {
      page.position = last;
      continue;
    }
    ChunkReader chunk(chunks->Int(1), chunks->Blob(4));
    while (page.events.size() < events_max && chunk.Next()) {
      if (chunk.replay_id() <= after) continue;
      if (!page.events.empty() && page.bytes + chunk.payload().size() > bytes_max) {
        page.bytes = bytes_max;  // ends the page
        break;
      }
      page.position = chunk.replay_id();
      page.bytes += chunk.payload().size();
      page.events.push_back(
          {chunk.replay_id(),
           chunk.id().empty() ? EventUuidOf(chunk.replay_id()) : std::string(chunk.id()),
           std::string(chunks->Text(3)), std::string(chunk.payload())});
    }
    if (chunk.damaged()) {
      chunks->Reset();
      return Damaged();
    }
  }
  chunks->Reset();
  return page;
}

Result<int64_t> EventLog::Earliest(int64_t from_millis) {
  FIRN_TRY(auto reader, readers_->Take());
  FIRN_TRY(Statement * find, reader->Cached("SELECT first FROM event_chunk WHERE at_ms >= ?"
                                            " ORDER BY last LIMIT 1"));
  find->Bind(1, from_millis);
  FIRN_TRY(const auto first, OneNumber(*find));
  if (first) return *first - 1;
  reader.reset();
  return Tip();
}

Result<bool> EventLog::IsKnown(int64_t replay_id, int64_t from_millis) {
  FIRN_TRY(const int64_t tip, Tip());
  if (replay_id == tip) return true;
  if (replay_id > tip) return false;
  FIRN_TRY(auto reader, readers_->Take());
  FIRN_TRY(Statement * find_base, reader->Cached(kBaseSql));
  FIRN_TRY(const auto base, OneNumber(*find_base));
  if (base == replay_id) return FollowsBase(*reader, replay_id, from_millis);
  FIRN_TRY(Statement * find, reader->Cached("SELECT first, at_ms, body FROM event_chunk"
                                            " WHERE last >= ? ORDER BY last LIMIT 1"));
  find->Bind(1, replay_id);
  FIRN_TRY(const bool found, find->Step());
  bool known = false;
  if (found && find->Int(1) >= from_millis && find->Int(0) <= replay_id) {
    ChunkReader chunk(find->Int(0), find->Blob(2));
    while (!known && chunk.Next()) known = chunk.replay_id() == replay_id;
  }
  find->Reset();
  return known;
}

Result<std::optional<std::string>> EventLog::SchemaJson(std::string_view id) {
  FIRN_TRY(auto reader, readers_->Take());
  FIRN_TRY(Statement * find, reader->Cached("SELECT json FROM event_schema WHERE id = ?"));
  find->Bind(1, id);
  FIRN_TRY(const bool found, find->Step());
  std::optional<std::string> json;
  if (found) json = std::string(find->Text(0));
  find->Reset();
  return json;
}

Result<std::optional<std::string>> EventLog::StreamOfSchema(std::string_view id) {
  FIRN_TRY(auto reader, readers_->Take());
  FIRN_TRY(Statement * find, reader->Cached("SELECT stream FROM event_schema WHERE id = ?"));
  find->Bind(1, id);
  FIRN_TRY(const bool found, find->Step());
  std::optional<std::string> stream;
  if (found) stream = std::string(find->Text(0));
  find->Reset();
  return stream;
}

Result<uint64_t> EventLog::Count() {
  FIRN_TRY(auto reader, readers_->Take());
  FIRN_TRY(Statement * find, reader->Cached("SELECT sum(events) FROM event_chunk"));
  FIRN_TRY(const auto events, OneNumber(*find));
  return static_cast<uint64_t>(events.value_or(0));
}

Result<int64_t> EventLog::Prune(Database& db, int64_t before_millis) {
  FIRN_TRY(Statement drop, db.Prepare("DELETE FROM event_chunk WHERE at_ms < ?"));
  drop.Bind(1, before_millis);
  FIRN_CHECK(drop.Run());
  return db.RowsChanged();
}

Result<void> EventLog::Migrate(Database& db) {
  FIRN_TRY(Transaction transaction, Transaction::Begin(db));
  FIRN_CHECK(db.Execute("DELETE FROM event_chunk"));
  FIRN_CHECK(db.Execute("UPDATE event_state SET value = value + " + std::to_string(kMigrationLeap) +
                        " WHERE key = 'last'"));
  FIRN_CHECK(
      db.Execute("UPDATE event_state SET value = (SELECT value FROM event_state WHERE key = 'last')"
                 " WHERE key = 'base'"));
  return transaction.Commit();
}

}  // namespace firn::sandbox
