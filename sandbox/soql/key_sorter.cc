#include "sandbox/soql/key_sorter.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace firn::sandbox::soql {
namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kHeadBytes = sizeof(uint32_t) + sizeof(int64_t);

tl::unexpected<Error> Unusable(const std::string& folder) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return Fail(Error(full ? Kind::kLimitReached : Kind::kInternal, "SBX-QUERY-003",
                    "the rows of a sandbox query cannot be sorted on the disk")
                  .At(folder)
                  .Because(std::strerror(errno)));
}

// A file without a name: gone when it is closed.
Fd Unnamed(const std::string& folder) {
  Fd file(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file.valid()) return file;
  std::string name = folder + "/sort-XXXXXX";  // a file system without O_TMPFILE
  file = Fd(mkostemp(name.data(), O_CLOEXEC));
  if (file.valid()) unlink(name.c_str());
  return file;
}

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return true;
}

}  // namespace

bool KeySorter::Less(const Entry& a, const Entry& b) const {
  const int order = KeyOf(a).compare(KeyOf(b));
  return order != 0 ? order < 0 : a.record_number < b.record_number;
}

Result<void> KeySorter::Add(std::string_view key, int64_t record_number) {
  const size_t bytes = arena_.size() + key.size() + (entries_.size() + 1) * sizeof(Entry);
  if (bytes > options_.memory_bytes_max && !entries_.empty()) FIRN_CHECK(Spill());
  entries_.push_back({arena_.size(), static_cast<uint32_t>(key.size()), record_number});
  arena_ += key;
  if (entries_.size() >= 1024 && entries_.size() / 2 >= options_.keep_max) Shrink();
  return {};
}

void KeySorter::Shrink() {
  std::nth_element(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(options_.keep_max),
                   entries_.end(), [&](const Entry& a, const Entry& b) { return Less(a, b); });
  entries_.resize(options_.keep_max);
  std::string kept;
  for (auto& entry : entries_) {
    const size_t at = kept.size();
    kept.append(arena_, entry.at, entry.size);
    entry.at = at;
  }
  arena_ = std::move(kept);
}

void KeySorter::Sort() {
  std::sort(entries_.begin(), entries_.end(),
            [&](const Entry& a, const Entry& b) { return Less(a, b); });
  if (entries_.size() > options_.keep_max) entries_.resize(options_.keep_max);
}

Result<void> KeySorter::Spill() {
  Sort();
  auto run = std::make_unique<Run>();
  run->file = Unnamed(options_.folder);
  if (!run->file.valid()) return Unusable(options_.folder);
  std::string block;
  const auto put = [&] { return WriteAll(run->file.get(), block); };
  for (const Entry& entry : entries_) {
    block.append(reinterpret_cast<const char*>(&entry.size), sizeof(entry.size));
    block.append(reinterpret_cast<const char*>(&entry.record_number), sizeof(entry.record_number));
    block += KeyOf(entry);
    if (block.size() < kReadBytes) continue;
    if (!put()) return Unusable(options_.folder);
    block.clear();
  }
  if (!put() || lseek(run->file.get(), 0, SEEK_SET) < 0) return Unusable(options_.folder);
  runs_.push_back(std::move(run));
  entries_.clear();
  arena_.clear();
  return {};
}

Result<void> KeySorter::Advance(Run& run) {
  const auto whole = [&]() -> size_t {  // bytes of the entry at `at`; 0: not all of it is there
    if (run.buffer.size() - run.at < kHeadBytes) return 0;
    uint32_t size = 0;
    std::memcpy(&size, run.buffer.data() + run.at, sizeof(size));
    const size_t bytes = kHeadBytes + size;
    return run.buffer.size() - run.at < bytes ? 0 : bytes;
  };
  while (whole() == 0) {
    run.buffer.erase(0, run.at);
    run.at = 0;
    const size_t had = run.buffer.size();
    run.buffer.resize(had + kReadBytes);
    ssize_t got = -1;
    do {
      got = read(run.file.get(), run.buffer.data() + had, kReadBytes);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return Unusable("");
    run.buffer.resize(had + static_cast<size_t>(got));
    if (got > 0) continue;
    run.done = true;
    return {};
  }
  const size_t bytes = whole();
  const char* const entry = run.buffer.data() + run.at;
  std::memcpy(&run.record_number, entry + sizeof(uint32_t), sizeof(run.record_number));
  run.key = {entry + kHeadBytes, bytes - kHeadBytes};
  run.at += bytes;
  return {};
}

Result<void> KeySorter::Finish() {
  Sort();
  for (const auto& run : runs_) FIRN_CHECK(Advance(*run));
  return {};
}

Result<std::optional<int64_t>> KeySorter::Next() {
  if (given_ >= options_.keep_max) return std::optional<int64_t>();
  Run* least = nullptr;
  for (const auto& run : runs_) {
    if (run->done) continue;
    const int order = least == nullptr ? -1 : run->key.compare(least->key);
    if (order < 0 || (order == 0 && run->record_number < least->record_number)) least = run.get();
  }
  const Entry* held = next_ < entries_.size() ? &entries_[next_] : nullptr;
  if (held != nullptr && least != nullptr) {
    const int order = KeyOf(*held).compare(least->key);
    if (order > 0 || (order == 0 && least->record_number < held->record_number)) held = nullptr;
  }
  if (held == nullptr && least == nullptr) return std::optional<int64_t>();
  ++given_;
  if (held != nullptr) {
    ++next_;
    return std::optional<int64_t>(held->record_number);
  }
  const int64_t number = least->record_number;
  FIRN_CHECK(Advance(*least));
  return std::optional<int64_t>(number);
}

}  // namespace firn::sandbox::soql
