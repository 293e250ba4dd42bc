// KeySorter: the order of a query's rows by keys that compare as bytes, in bounded memory.
//
// Keys and record numbers are held up to a bound, then sorted and put into an unnamed file beside
// the org's database; at the end the files are merged. The disk gets the space back by itself,
// whatever ends the process. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"

namespace firn::sandbox::soql {

class KeySorter {
 public:
  struct Options {
    size_t keep_max = SIZE_MAX;          // only so many smallest are wanted
    size_t memory_bytes_max = 96 << 20;  // held before they go to a file
    std::string folder;                  // for files
  };
  explicit KeySorter(Options options) : options_(std::move(options)) {}

  // Errors: LimitReached (SBX-QUERY-003) when the disk is full.
  [[nodiscard]] Result<void> Add(std::string_view key, int64_t record_number);
  // Once, after the last Add.
  [[nodiscard]] Result<void> Finish();
  // Record numbers in order, equal keys by record number; nothing at the end.
  [[nodiscard]] Result<std::optional<int64_t>> Next();
  [[nodiscard]] size_t files() const { return runs_.size(); }

 private:
  struct Entry {
    size_t at;
    uint32_t size;
    int64_t record_number;
  };
  // A sorted file while it is read.
  struct Run {
    Fd file;
    std::string buffer;
    size_t at = 0;  // of the current entry in the buffer
    std::string_view key;
    int64_t record_number = 0;
    bool done = false;
  };
  [[nodiscard]] bool Less(const Entry& a, const Entry& b) const;
  [[nodiscard]] std::string_view KeyOf(const Entry& entry) const {
    return std::string_view(arena_).substr(entry.at, entry.size);
  }
  void Shrink();
  void Sort();
  [[nodiscard]] Result<void> Spill();
  // To the run's next entry.
  [[nodiscard]] static Result<void> Advance(Run& run);

  const Options options_;
  std::string arena_;
  std::vector<Entry> entries_;
  size_t next_ = 0;  // of the entries in memory
  std::vector<std::unique_ptr<Run>> runs_;
  uint64_t given_ = 0;
};

}  // namespace firn::sandbox::soql
