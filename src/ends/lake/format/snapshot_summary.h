// What a snapshot's summary says of its files, in the keys and with the omissions of the Java
// reference (SnapshotSummary). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "ends/lake/data_file.h"

namespace firn::lake {

class SummaryBuilder {
 public:
  void Added(const DataFile& file);
  void Removed(const DataFile& file);
  // `previous`: summary of the parent snapshot, nullptr for the first one. A total that the parent
  // does not have is left out, as it cannot be known.
  [[nodiscard]] std::map<std::string, std::string> Build(
      const std::map<std::string, std::string>* previous) const;
  [[nodiscard]] bool added_any() const { return added_.files + added_.delete_files > 0; }
  [[nodiscard]] bool removed_any() const { return removed_.files + removed_.delete_files > 0; }

 private:
  struct Side {
    int64_t files = 0;
    int64_t records = 0;
    int64_t bytes = 0;
    int64_t delete_files = 0;
    int64_t position_delete_files = 0;
    int64_t position_deletes = 0;
    int64_t equality_delete_files = 0;
    int64_t equality_deletes = 0;
    void Count(const DataFile& file);
  };
  Side added_;
  Side removed_;
};

}  // namespace firn::lake
