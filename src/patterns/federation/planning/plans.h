// Plans: the scans that the catalog server has planned, by the id that their answers carry.
//
// A plan is kept as its request with the snapshot settled, and worked out again when it is asked
// for: that is quick, and holds no files in memory. Plans past the limits are forgotten, the oldest
// first, as a restart forgets all; a client then plans anew. Thread-safe; owned by the Desk.
// Source: REST catalog spec, `fetchPlanningResult` and `cancelPlanning`, read 2026-11.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "ends/lake/catalog/catalog.h"

namespace firn::federation {

class Plans {
 public:
  // `id`: new. Returns at once; a request that is too large to be kept is not.
  void Keep(const std::string& id, const lake::TableIdent& table, std::string request_json);
  // The request of a plan of `table`; nothing: there is none of that id.
  [[nodiscard]] std::optional<std::string> Find(const std::string& id,
                                                const lake::TableIdent& table) const;
  // Whether there was one.
  [[nodiscard]] bool Forget(const std::string& id, const lake::TableIdent& table);

 private:
  struct Plan {
    lake::TableIdent table;
    std::string request_json;
  };
  void Erase(std::map<std::string, Plan>::iterator plan);

  mutable std::mutex mutex_;
  std::map<std::string, Plan> plans_;
  std::deque<std::string> by_age_;  // may name plans that are gone
  size_t bytes_ = 0;
};

}  // namespace firn::federation
