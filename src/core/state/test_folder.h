// A folder of its own for one test, removed with all that is in it.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/random.h"

namespace firn::state {

class TestFolder {
 public:
  TestFolder() : path_(std::filesystem::temp_directory_path() / NewUuid(SystemRandom())) {
    std::filesystem::create_directories(path_);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace firn::state
