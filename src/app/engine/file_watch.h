// FileWatch: tells when the files that define a project were changed, once they are at rest.
//
// Whoever writes a file truncates it first and fills it then; a look in between finds half of it.
// So a change counts only when two looks found the same files (names, sizes, times, inodes) and the
// youngest of them is older than `settling`. Looks are cheap (one stat a file). Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/clock.h"

namespace firn::engine {

class FileWatch {
 public:
  // `file` itself, and the files right in `folders`; none of them need be there.
  FileWatch(std::string file, std::vector<std::string> folders,
            std::chrono::milliseconds settling = std::chrono::milliseconds(500));

  // What is there now counts as taken.
  void Take();
  // Whether the files differ from what was taken and are at rest; they count as taken then. A file
  // that is gone is no change of it: its editor puts it back.
  [[nodiscard]] bool Changed(UtcMicros now);

 private:
  struct Mark {
    std::string name;
    int64_t modified_us = 0;
    int64_t modified_rest_ns = 0;
    int64_t bytes = 0;
    uint64_t inode = 0;
    bool operator==(const Mark&) const = default;
  };
  using Marks = std::vector<Mark>;
  [[nodiscard]] Marks Look() const;

  const std::string file_;
  const std::vector<std::string> folders_;
  const std::chrono::milliseconds settling_;
  std::mutex mutex_;
  Marks taken_;
  Marks seen_;
};

}  // namespace firn::engine
