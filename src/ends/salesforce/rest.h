// REST: versions, describes, limits, queries record by record, single records, blobs, and the lists
// of changed and deleted ids.
//
// A RestClient belongs to an Org and may be called from any thread; a RecordStream or BlobStream is
// read by one thread at a time. Requests that are safe to repeat are repeated on Unreachable,
// Timeout, Throttled and 5xx within the call's retry budget; each may renew the session once.
// Record bodies are handed on as the JSON text the org sent and are never logged.
//
// Source: REST API Developer Guide (v66), "Versions", "Describe Global", "sObject Describe",
// "Query", "QueryAll", "sObject Blob Retrieve", "sObject Get Updated / Deleted", "Limits",
// "Status Codes and Error Responses", read 2026-11.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/call.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/net/http.h"
#include "ends/salesforce/limits.h"

namespace firn::salesforce {

struct ApiVersion {
  std::string label;    // `Summer '26`
  std::string version;  // `67.0`
};

struct VersionCheck {
  std::string pinned;               // `66.0`
  std::vector<ApiVersion> offered;  // oldest first
  bool is_offered = false;
  bool older_than_three_years = false;
  std::vector<std::string> warnings;  // for people, one sentence each
};
// What to say about `pinned` when the org offers `offered` at time `now`. Pure. A version lives at
// least three years (API End-of-Life Policy); releases come in October, February and June.
[[nodiscard]] VersionCheck CheckVersion(std::string pinned, std::vector<ApiVersion> offered,
                                        UtcMicros now);

// One row of the global describe.
struct ObjectInfo {
  std::string name;
  std::string label;
  std::string key_prefix;  // empty when it has none
  bool queryable = false;
  bool retrieveable = false;
  bool replicateable = false;
  bool custom = false;
  bool deprecated_and_hidden = false;
};

struct Description {
  std::string json;           // the body of /sobjects/X/describe as sent
  std::string last_modified;  // the header's text; empty when there was none
  bool from_cache = false;    // the org answered 304, or REST said nothing newer
};

// Describe answers by org, API version and object. Implementations are thread-safe and durable as
// far as they like: a lost entry costs one call.
class DescribeCache {
 public:
  virtual ~DescribeCache() = default;
  [[nodiscard]] virtual Result<std::optional<Description>> Load(const std::string& org_id,
                                                                const std::string& key) = 0;
  [[nodiscard]] virtual Result<void> Save(const std::string& org_id, const std::string& key,
                                          const Description& description) = 0;
};
[[nodiscard]] std::unique_ptr<DescribeCache> NewDescribeCache(
    std::shared_ptr<state::SharedState> shared);

struct QueryOptions {
  std::string soql;
  bool all_rows = false;  // queryAll: deleted and archived rows too
  int batch_size = 2000;  // rows of a page, 200 to 2000; the org may send fewer
};

// Records of a query in the order the org sends them, page after page, one page in memory.
class RecordStream {
 public:
  virtual ~RecordStream() = default;
  // JSON text of the next record (an object with `attributes`), valid until the next call; nothing
  // at the end. Errors: Corrupt SF-REST-006 for a page that is no query result or leads nowhere;
  // Expired SF-REST-007 when the cursor is gone (query again); those of a request.
  [[nodiscard]] virtual Result<std::optional<std::string_view>> Next(const Call& call) = 0;
  // Rows the org announced with the first page. Rows deleted while the pages were read may be
  // missing at the end: whoever reconciles compares the two.
  [[nodiscard]] virtual int64_t total() const = 0;
  // Rows handed out.
  [[nodiscard]] virtual int64_t received() const = 0;
};

// A query whose field list may be too long for one URI (limit 16,384 bytes with headers).
struct WideQuery {
  std::string object;
  std::vector<std::string> fields;  // `Id` and the stamp field are added where missing
  // Tells whether a record changed between two queries; empty for an object that has none.
  std::string stamp_field = "SystemModstamp";
  std::string where;  // without the word; empty: none
  bool all_rows = false;
  int batch_size = 2000;
};

struct BlobStream {
  int64_t bytes = -1;  // -1: not announced
  std::string content_type;
  std::unique_ptr<net::BodyStream> body;  // inflated; a body cut short is an error
};

struct ChangedIds {
  std::vector<std::string> ids;
  std::string earliest_available;   // deleted only
  std::string latest_date_covered;  // use as the next start
};
struct DeletedId {
  std::string id;
  std::string deleted_date;
};
struct DeletedIds {
  std::vector<DeletedId> records;
  std::string earliest_available;
  std::string latest_date_covered;
};
struct TimeWindow {
  UtcMicros start;
  UtcMicros end;
};

class RestClient {
 public:
  virtual ~RestClient() = default;

  // The versions the org offers, oldest first. Costs no call and needs no session.
  [[nodiscard]] virtual Result<std::vector<ApiVersion>> Versions(const Call& call) = 0;
  // What the org's own clock says, in whole seconds (the `Date` of an answer). Windows of changed
  // records end by it, not by our clock. Costs no call. Errors: Corrupt SF-REST-006 when the org
  // tells no date.
  [[nodiscard]] virtual Result<UtcMicros> OrgTime(const Call& call) = 0;
  [[nodiscard]] virtual Result<std::vector<ObjectInfo>> DescribeGlobal(const Call& call) = 0;
  // With a cache, asks with If-Modified-Since. Errors: NotFound SF-REST-002 for an object that does
  // not exist or is hidden from this user.
  [[nodiscard]] virtual Result<Description> Describe(const Call& call,
                                                     const std::string& object) = 0;
  // Also feeds the budget.
  [[nodiscard]] virtual Result<Limits> FetchLimits(const Call& call) = 0;

  // Fetches the first page. Errors: BadInput SF-REST-001 with Salesforce's text for a query it
  // refuses; BadInput SF-REST-005 when the URI would be too long (use QueryWide).
  [[nodiscard]] virtual Result<std::unique_ptr<RecordStream>> Query(
      const Call& call, const QueryOptions& options) = 0;
  // Splits the fields over as many queries as needed, all ordered by Id, and merges their records
  // by Id. A record that changed between two of them (the stamp differs, or it is missing in
  // one) is read again by its Id until all parts agree; one that is gone is left out. One query
  // when the fields fit. Errors: as Query; Conflict SF-REST-008 for a record that never stands
  // still.
  [[nodiscard]] virtual Result<std::unique_ptr<RecordStream>> QueryWide(const Call& call,
                                                                        const WideQuery& query) = 0;
  // `SELECT COUNT() ..`: the number. Errors: Timeout SF-REST-009 when Salesforce gave up counting.
  [[nodiscard]] virtual Result<int64_t> Count(const Call& call, const std::string& soql,
                                              bool all_rows) = 0;
  // JSON text of one record. Empty `fields`: all. Errors: NotFound SF-REST-002.
  [[nodiscard]] virtual Result<std::string> Record(const Call& call, const std::string& object,
                                                   const std::string& id,
                                                   const std::vector<std::string>& fields) = 0;
  // The body of a base64 field: object `ContentVersion`, field `VersionData`.
  [[nodiscard]] virtual Result<BlobStream> OpenBlob(const Call& call, const std::string& object,
                                                    const std::string& id,
                                                    const std::string& field) = 0;
  // At most 30 (updated) or 15 days (deleted) back and 600,000 ids (LimitReached SF-REST-010: make
  // the window smaller).
  [[nodiscard]] virtual Result<ChangedIds> Updated(const Call& call, const std::string& object,
                                                   const TimeWindow& window) = 0;
  [[nodiscard]] virtual Result<DeletedIds> Deleted(const Call& call, const std::string& object,
                                                   const TimeWindow& window) = 0;
};

}  // namespace firn::salesforce
