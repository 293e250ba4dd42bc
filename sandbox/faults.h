// Faults on demand: which requests go wrong, and how.
//
// A fault names the requests it is for (method, path glob, the n-th match, a probability with a
// seed) and one effect. They come from `faults.json` of the org folder at start and from the admin
// endpoint. This class only decides; the server and the handlers carry out. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"

namespace firn::sandbox {

enum class FaultKind {
  kDelay,         // answer after `ms`
  kStatus,        // answer `status` with `code` and `message`, or with `body`
  kDrop,          // close the connection after `at_byte` bytes of the body
  kStall,         // send nothing more after `at_byte` bytes of the body, keep the connection
  kShortPage,     // leave out the last `rows` rows; headers still count them
  kExtraRow,      // one row too many
  kBadUtf8,       // an invalid byte in a cell of the first row
  kNul,           // a NUL byte in a cell of the first row
  kExpireTokens,  // all sessions end before the request is looked at
  kQuota,         // `used` API requests of the day are spent (without it: all)
  kLateCommit,    // after the answer a record of `object` changes, stamped `seconds` in the past
  kHideField,     // field-level security takes `object`.`field` away
  kVanishField,   // `object`.`field` is deleted from the schema
  kClockSkew,     // the org's clock moves by `seconds`
  // Of streams of the Pub/Sub API (method GRPC, path `/eventbus.v1.PubSub/Subscribe*`):
  kStreamReset,    // the stream breaks without a status after `events` events
  kSilentStream,   // the stream lives, and nothing comes any more
  kReplayRefused,  // the replay id is not accepted
  kBadEvent,       // the bytes of the event after `events` others fit no schema
  kMigrateOrg,     // the org moves to another instance: old replay ids are unknown
  kMaintenance,    // 503 SERVER_UNAVAILABLE, as during the vendor's maintenance windows
  kLock,           // a row of `object` (all without it) is locked: UNABLE_TO_LOCK_ROW
  kBatchFailure,   // an internal batch of an ingest job breaks off after `rows` rows of it
};

struct FaultEffect {
  std::string name;
  FaultKind kind = FaultKind::kDelay;
  int64_t ms = 0;
  int status = 500;
  std::string code;
  std::string message;
  std::string body;
  int64_t at_byte = 0;
  int64_t rows = 1;
  int64_t events = 0;
  int64_t used = -1;
  std::string object;
  std::string field;
  int64_t seconds = 0;
};

class FaultBook {
 public:
  // One JSON object or a list. Errors: BadInput (SBX-FAULT-001) naming the key; then none is added.
  [[nodiscard]] Result<void> Add(std::string_view json);
  void Clear();
  // True when there was one of that name.
  bool Remove(std::string_view name);
  // A JSON list with what each has done so far.
  [[nodiscard]] std::string ToJson() const;
  // Counts the request and answers what shall happen to it, in the order the faults were added. A
  // glob may fit the path alone or the target with its query.
  [[nodiscard]] std::vector<FaultEffect> Strike(std::string_view method, std::string_view path,
                                                std::string_view target);
  // The same for an internal batch of an ingest job, `/jobs/ingest/<id>/batches/<n>`: batch
  // failures, and every other fault whose method is `BATCH`.
  [[nodiscard]] std::vector<FaultEffect> StrikeBatch(std::string_view path);
  // True when a lock keeps this record from being written; its path is `/<object>/<id>`.
  [[nodiscard]] bool StrikeRow(std::string_view object, int64_t id);

 private:
  enum class Stage { kRequest, kBatch, kRow };
  struct Fault {
    FaultEffect effect;
    Stage stage = Stage::kRequest;
    std::string method;  // empty: any
    std::string path = "*";
    int64_t nth = 1;    // the first match that counts
    int64_t times = 0;  // how often it strikes; 0: without end
    double probability = 1.0;
    uint64_t seed = 1;
    std::unique_ptr<Random> random;
    int64_t seen = 0;
    int64_t struck = 0;
  };
  [[nodiscard]] static Result<Fault> Parse(std::string_view json_object, size_t number);

  // Counts one match; true when the fault strikes.
  [[nodiscard]] static bool Counts(Fault& fault);

  mutable std::mutex mutex_;
  std::atomic<bool> locks_{false};  // there is a fault of a row
  std::vector<Fault> faults_;
  uint64_t added_ = 0;
};

// `*` stands for any run of characters, slashes included; `?` for one.
[[nodiscard]] bool GlobMatches(std::string_view glob, std::string_view text);

}  // namespace firn::sandbox
