// A private folder for what a command keeps on disk while it runs. Internal to exports.
#pragma once

#include <string>

#include "core/base/call.h"
#include "core/base/error.h"

namespace firn::exports {

class StagingFolder {
 public:
  // `<root>/<purpose>-<uuid>`, mode 0700. Folders of this purpose that a killed process left there
  // more than a day ago are removed.
  [[nodiscard]] static Result<StagingFolder> Make(const Call& call, const std::string& root,
                                                  const std::string& purpose);
  StagingFolder(StagingFolder&& other) noexcept;
  StagingFolder& operator=(StagingFolder&&) = delete;
  ~StagingFolder();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit StagingFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace firn::exports
