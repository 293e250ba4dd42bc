#include "app/engine/file_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace firn::engine {

FileWatch::FileWatch(std::string file, std::vector<std::string> folders,
                     std::chrono::milliseconds settling)
    : file_(std::move(file)), folders_(std::move(folders)), settling_(settling) {}

FileWatch::Marks FileWatch::Look() const {
  std::vector<std::string> names = {file_};
  for (const std::string& folder : folders_) {
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      names.push_back(entry->path().string());
    }
  }
  std::sort(names.begin() + 1, names.end());
  Marks marks;
  for (std::string& name : names) {
    struct stat info{};
    if (stat(name.c_str(), &info) != 0) continue;
    marks.push_back({std::move(name),
                     info.st_mtim.tv_sec * 1'000'000LL + info.st_mtim.tv_nsec / 1'000,
                     info.st_mtim.tv_nsec % 1'000, info.st_size, info.st_ino});
  }
  return marks;
}

void FileWatch::Take() {
  Marks now = Look();
  const std::lock_guard lock(mutex_);
  taken_ = now;
  seen_ = std::move(now);
}

bool FileWatch::Changed(UtcMicros now) {
  Marks marks = Look();
  const std::lock_guard lock(mutex_);
  const bool at_rest = marks == seen_;
  seen_ = marks;
  if (!at_rest || marks == taken_) return false;
  if (marks.empty() || marks.front().name != file_) return false;
  const int64_t now_us = now.time_since_epoch().count();
  const int64_t settling_us = std::chrono::microseconds(settling_).count();
  for (const Mark& mark : marks) {
    // A time to come (another machine's clock, a clock set back) tells nothing: two looks do.
    if (mark.modified_us <= now_us && now_us - mark.modified_us < settling_us) return false;
  }
  taken_ = std::move(marks);
  return true;
}

}  // namespace firn::engine
