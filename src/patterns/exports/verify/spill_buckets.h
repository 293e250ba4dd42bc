// SpillBuckets: marks of any number of records on disk, divided by Id, so that two sides can be
// compared one bucket at a time with one bucket in memory.
//
// One thread. The files are private to the run, mode 0600, and removed with the object. A mark
// holds no content, only the Id, a hash and a stamp. Internal to exports.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"

namespace firn::exports {

// 18 characters of a record's Id, compared by bytes.
using IdText = std::array<char, 18>;
// Nothing for a text that is no 18-character Id.
[[nodiscard]] bool ToIdText(std::string_view text, IdText& id);
[[nodiscard]] inline std::string_view View(const IdText& id) { return {id.data(), id.size()}; }

struct SpilledMark {
  IdText id{};
  uint64_t hash = 0;
  int64_t stamp = 0;
};

class SpillBuckets {
 public:
  // `rows`: about how many marks will come; decides how many buckets are made (at most
  // kBucketsMax), so that one holds about kMarksPerBucket. `path`: of files `<path>.<n>`.
  SpillBuckets(std::string path, int buckets);
  SpillBuckets(const SpillBuckets&) = delete;
  SpillBuckets& operator=(const SpillBuckets&) = delete;
  ~SpillBuckets();

  static constexpr int64_t kMarksPerBucket = 256 * 1024;
  static constexpr int kBucketsMax = 512;
  // Buckets for so many rows; both sides of a comparison use one number.
  [[nodiscard]] static int CountFor(int64_t rows);

  // Errors: of files (a full disk).
  [[nodiscard]] Result<void> Add(const SpilledMark& mark);
  // No more marks come.
  [[nodiscard]] Result<void> Finish();
  // The marks of a bucket, sorted by Id.
  [[nodiscard]] Result<std::vector<SpilledMark>> Take(int bucket);
  [[nodiscard]] int buckets() const { return static_cast<int>(parts_.size()); }
  [[nodiscard]] int64_t marks() const { return marks_; }

 private:
  struct Part {
    std::unique_ptr<FileWriter> file;
    std::string waiting;
  };
  Result<void> Flush(size_t bucket);
  [[nodiscard]] std::string PathOf(size_t bucket) const;

  std::string path_;
  std::vector<Part> parts_;
  int64_t marks_ = 0;
};

}  // namespace firn::exports
