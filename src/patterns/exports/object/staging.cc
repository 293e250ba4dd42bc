#include "patterns/exports/object/staging.h"

#include <filesystem>
#include <utility>

#include "core/base/file.h"
#include "core/base/random.h"

namespace firn::exports {
namespace {

constexpr std::chrono::hours kLeftAfter{24};

void RemoveOldOnes(const std::string& root, const std::string& purpose) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
    if (!entry.path().filename().string().starts_with(purpose + "-")) continue;
    std::error_code gone;
    const auto changed = std::filesystem::last_write_time(entry.path(), gone);
    const auto age = std::filesystem::file_time_type::clock::now() - changed;
    if (!gone && age > kLeftAfter) std::filesystem::remove_all(entry.path(), gone);
  }
}

}  // namespace

Result<StagingFolder> StagingFolder::Make(const Call& call, const std::string& root,
                                          const std::string& purpose) {
  FIRN_CHECK(MakeFolders(root, 0700));
  RemoveOldOnes(root, purpose);
  std::string path = root + "/" + purpose + "-" + NewUuid(*call.random);
  FIRN_CHECK(MakeFolders(path, 0700));
  return StagingFolder(std::move(path));
}

StagingFolder::StagingFolder(StagingFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

StagingFolder::~StagingFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace firn::exports
