#include "patterns/exports/verify/spill_buckets.h"

#include <algorithm>
#include <cstring>

namespace firn::exports {
namespace {

constexpr size_t kMarkBytes = 18 + 8 + 8;
constexpr size_t kWaitingBytesMost = 64 << 10;
constexpr uint64_t kBucketBytesMost = 8ULL << 30;

uint64_t HashOf(std::string_view id) {
  uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash ^ (hash >> 32);
}

}  // namespace

bool ToIdText(std::string_view text, IdText& id) {
  if (text.size() != id.size()) return false;
  std::copy(text.begin(), text.end(), id.begin());
  return true;
}

SpillFiles::SpillFiles(Options options)
    : path_(std::move(options.path)),
      record_bytes_(options.record_bytes),
      parts_(static_cast<size_t>(std::clamp(options.buckets, 1, kBucketsMax))) {
  FIRN_ASSERT(record_bytes_ >= IdText().size());
}

SpillFiles::~SpillFiles() {
  for (size_t i = 0; i < parts_.size(); ++i) {
    // A file that stays is removed with its folder.
    (void)RemoveFile(PathOf(i));
  }
}

std::string SpillFiles::PathOf(size_t bucket) const { return path_ + "." + std::to_string(bucket); }

Result<void> SpillFiles::Add(std::string_view record) {
  FIRN_ASSERT(record.size() == record_bytes_);
  const size_t bucket = HashOf(record.substr(0, IdText().size())) % parts_.size();
  std::string& waiting = parts_[bucket].waiting;
  waiting.append(record);
  return waiting.size() < kWaitingBytesMost ? Result<void>() : Flush(bucket);
}

Result<void> SpillFiles::Flush(size_t bucket) {
  Part& part = parts_[bucket];
  if (part.waiting.empty()) return {};
  if (part.file == nullptr) {
    FIRN_TRY(part.file, FileWriter::Create(PathOf(bucket), 0600));
  }
  FIRN_CHECK(part.file->Append(part.waiting));
  part.waiting.clear();
  return {};
}

Result<void> SpillFiles::Finish() {
  for (size_t i = 0; i < parts_.size(); ++i) FIRN_CHECK(Flush(i));
  return {};
}

Result<std::string> SpillFiles::Take(int bucket) {
  const auto at = static_cast<size_t>(bucket);
  if (parts_[at].file == nullptr) return std::string();
  FIRN_TRY(std::string bytes, ReadFile(PathOf(at), kBucketBytesMost));
  bytes.resize(bytes.size() / record_bytes_ * record_bytes_);
  return bytes;
}

int SpillBuckets::CountFor(int64_t rows) {
  return static_cast<int>(
      std::clamp<int64_t>(rows / kMarksPerBucket + 1, 1, SpillFiles::kBucketsMax));
}

SpillBuckets::SpillBuckets(std::string path, int buckets)
    : files_({.path = std::move(path), .buckets = buckets, .record_bytes = kMarkBytes}) {}

Result<void> SpillBuckets::Add(const SpilledMark& mark) {
  char bytes[kMarkBytes];
  std::memcpy(bytes, mark.id.data(), 18);
  std::memcpy(bytes + 18, &mark.hash, 8);
  std::memcpy(bytes + 26, &mark.stamp, 8);
  ++marks_;
  return files_.Add({bytes, kMarkBytes});
}

Result<std::vector<SpilledMark>> SpillBuckets::Take(int bucket) {
  FIRN_TRY(const std::string bytes, files_.Take(bucket));
  std::vector<SpilledMark> marks(bytes.size() / kMarkBytes);
  for (size_t i = 0; i < marks.size(); ++i) {
    const char* from = bytes.data() + i * kMarkBytes;
    std::memcpy(marks[i].id.data(), from, 18);
    std::memcpy(&marks[i].hash, from + 18, 8);
    std::memcpy(&marks[i].stamp, from + 26, 8);
  }
  std::sort(marks.begin(), marks.end(),
            [](const SpilledMark& a, const SpilledMark& b) { return a.id < b.id; });
  return marks;
}

}  // namespace firn::exports
