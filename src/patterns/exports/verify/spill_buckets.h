// Records of any number on disk, divided by Id, so that two sides can be compared one bucket at a
// time with one bucket in memory: SpillFiles holds records of one length, SpillBuckets marks.
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

// Records of `record_bytes` each, of which the first 18 are the Id.
class SpillFiles {
 public:
  struct Options {
    std::string path;  // of files `<path>.<n>`
    int buckets = 1;   // at most kBucketsMax
    size_t record_bytes = 0;
  };
  explicit SpillFiles(Options options);
  SpillFiles(const SpillFiles&) = delete;
  SpillFiles& operator=(const SpillFiles&) = delete;
  ~SpillFiles();

  static constexpr int kBucketsMax = 512;

  // Errors: of files (a full disk).
  [[nodiscard]] Result<void> Add(std::string_view record);
  // No more records come.
  [[nodiscard]] Result<void> Finish();
  // The records of a bucket, one behind the other, as they were added.
  [[nodiscard]] Result<std::string> Take(int bucket);
  [[nodiscard]] int buckets() const { return static_cast<int>(parts_.size()); }

 private:
  struct Part {
    std::unique_ptr<FileWriter> file;
    std::string waiting;
  };
  Result<void> Flush(size_t bucket);
  [[nodiscard]] std::string PathOf(size_t bucket) const;

  std::string path_;
  size_t record_bytes_;
  std::vector<Part> parts_;
};

struct SpilledMark {
  IdText id{};
  uint64_t hash = 0;
  int64_t stamp = 0;
};

class SpillBuckets {
 public:
  // `rows`: about how many marks will come; decides how many buckets are made, so that one holds
  // about kMarksPerBucket. `path`: of files `<path>.<n>`.
  SpillBuckets(std::string path, int buckets);

  static constexpr int64_t kMarksPerBucket = 256 * 1024;
  // Buckets for so many rows; both sides of a comparison use one number.
  [[nodiscard]] static int CountFor(int64_t rows);

  // Errors: of files (a full disk).
  [[nodiscard]] Result<void> Add(const SpilledMark& mark);
  // No more marks come.
  [[nodiscard]] Result<void> Finish() { return files_.Finish(); }
  // The marks of a bucket, sorted by Id.
  [[nodiscard]] Result<std::vector<SpilledMark>> Take(int bucket);
  [[nodiscard]] int buckets() const { return files_.buckets(); }
  [[nodiscard]] int64_t marks() const { return marks_; }

 private:
  SpillFiles files_;
  int64_t marks_ = 0;
};

}  // namespace firn::exports
