// Answers of REST queries that are longer than one page, kept for two days so that
// `nextRecordsUrl` goes on where the first page stopped, whatever changed since, also after a
// restart.
//
// The rows of an answer are rendered once, when the query runs, into `cursors/<locator>.rows` with
// the end and the weight of every row in `.idx`. Rows of child sub-selects weigh one each, so a
// page of parents with many children is shorter; of a long child list, what the parent's answer has
// no room for is kept like an answer of its own. Thread-safe. It deletes what is past its life at
// start and now and then. Source: REST API Developer Guide, "Query More Results", "Query Options
// Header"; API Query Cursor Limits (two days since v56), read 2026-11.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"
#include "sandbox/api_db.h"
#include "sandbox/query.h"
#include "sandbox/sandbox_clock.h"

namespace firn::sandbox {

struct QueryPage {
  uint64_t total = 0;             // of the whole answer
  uint64_t first = 0;             // row of the answer that this page begins with
  std::vector<std::string> rows;  // rendered JSON objects
  std::string next;               // `0r8..-2000`; empty on the last page
  std::vector<int64_t> ids;       // of a first page whose records count as recently used
};

class QueryPages {
 public:
  [[nodiscard]] static Result<std::unique_ptr<QueryPages>> Open(const std::string& folder,
                                                                ApiDb& db,
                                                                const SandboxClock& clock,
                                                                Random& random);
  // Reads the cursor to its end; what does not fit on the first page goes to a file. Errors: api
  // error EXCEEDED_ID_LIMIT when groups do not fit on one page.
  [[nodiscard]] Result<QueryPage> First(RowCursor& cursor, int api_version, uint64_t batch_size,
                                        const std::string& user_id);
  // The rows of a cursor of which `shown` rows are elsewhere. Without rows it keeps nothing.
  [[nodiscard]] Result<KeptRows> Keep(RowCursor& cursor, uint64_t shown, int api_version,
                                      uint64_t batch_size, const std::string& user_id);
  // Errors: api error INVALID_QUERY_LOCATOR when it is unknown, past its life, or another user's.
  [[nodiscard]] Result<QueryPage> Next(std::string_view locator, const std::string& user_id);
  // Removes what is past its life. Called by the server's housekeeping.
  [[nodiscard]] Result<void> DropOld();

 private:
  QueryPages(std::string folder, ApiDb& db, const SandboxClock& clock, Random& random)
      : folder_(std::move(folder)), db_(db), clock_(clock), random_(random) {}
  struct Kept;
  [[nodiscard]] Result<Kept> Find(std::string_view id, const std::string& user_id);
  [[nodiscard]] Result<void> Note(const std::string& id, const Kept& kept,
                                  const std::string& user_id);
  [[nodiscard]] std::string NewId();
  [[nodiscard]] std::string RowsPath(std::string_view id) const {
    return folder_ + "/" + std::string(id) + ".rows";
  }
  [[nodiscard]] std::string IndexPath(std::string_view id) const {
    return folder_ + "/" + std::string(id) + ".idx";
  }

  const std::string folder_;
  ApiDb& db_;
  const SandboxClock& clock_;
  Random& random_;
};

}  // namespace firn::sandbox
