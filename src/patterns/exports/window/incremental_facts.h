// IncrementalFacts: what a run knows of the window it merges, and of those it has merged; part of
// ObjectFacts. Plain values. Internal to exports.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace firn::exports {

// Rows by what a merge did with them. `by_*` count what each source told, known to the table or
// not.
struct MergeTotals {
  int64_t rows_read = 0;  // out of the window's files
  int64_t inserted = 0;
  int64_t updated = 0;
  int64_t deleted = 0;
  int64_t stale = 0;     // older than what the table has
  int64_t by_query = 0;  // deletes: queryAll's IsDeleted
  int64_t by_list = 0;   // deletes: getDeleted
  int64_t by_sweep = 0;  // deletes: Ids that are gone
  int64_t columns_updated = 0;
  int64_t snapshots = 0;
  int64_t snapshot_id = 0;
};

// A window that this run has merged. Bounds in ISO 8601.
struct WindowDone {
  std::string start;
  std::string end;
  std::string method;
  MergeTotals merged;
};

struct IncrementalFacts {
  bool is_window = false;  // false: the object is read whole
  std::string why_whole;   // why, when it is
  std::string cursor;      // empty: it has none
  std::string from;        // the watermark the window goes on from
  std::string start;       // the window
  std::string end;
  std::string until;  // where the run wants to arrive

  bool deletes_listed = false;  // the list of getDeleted is on disk
  std::string deletes_covered;  // up to where getDeleted has told
  bool sweep = false;           // this window does one
  std::string swept;            // when all Ids were last compared, by the org's clock
  int64_t swept_ids = 0;
  int64_t late_rows = 0;                    // that the sweep found and read again
  bool refresh = false;                     // this window reads silent columns again
  std::string refreshed;                    // when they were last read
  std::vector<std::string> columns_read;    // in this window: refreshed and filled
  std::string columns_read_at;              // by the org's clock
  std::vector<std::string> delete_sources;  // one sentence each: what applied, and how far
  MergeTotals merged;

  std::vector<WindowDone> done;  // windows before this one in the run
};

[[nodiscard]] nlohmann::json IncrementalFactsToJson(const IncrementalFacts& facts);
// Throws nlohmann::json::exception for what is no such JSON; its caller translates.
[[nodiscard]] IncrementalFacts IncrementalFactsFromJson(const nlohmann::json& json);

}  // namespace firn::exports
