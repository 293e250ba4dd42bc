#include "core/base/file.h"
#include "ends/salesforce/auth.h"

namespace firn::salesforce {
namespace {

constexpr std::chrono::milliseconds kLockPause{50};
constexpr uint64_t kTokenBytesMax = 64 << 10;

class FileTokenStore final : public TokenStore {
 public:
  explicit FileTokenStore(std::string folder) : folder_(std::move(folder)) {}

  Result<std::optional<Secret>> Load(const std::string& org) override {
    auto text = ReadFile(Path(org), kTokenBytesMax);
    if (!text && text.error().kind() == Kind::kNotFound) return std::optional<Secret>();
    if (!text) return Fail(std::move(text).error());
    return std::optional(Secret(*std::move(text)));
  }

  Result<void> Save(const std::string& org, const Secret& token) override {
    FIRN_CHECK(MakeFolders(folder_, 0700));
    return WriteFileDurably(Path(org), token.Reveal(), 0600);
  }

  Result<std::shared_ptr<void>> Hold(const Call& call, const std::string& org) override {
    FIRN_CHECK(MakeFolders(folder_, 0700));
    for (;;) {
      auto lock = FileLock::Take(Path(org) + ".lock", "renewing the token of org `" + org + "`");
      if (lock) return std::shared_ptr<void>(std::make_shared<FileLock>(*std::move(lock)));
      if (lock.error().kind() != Kind::kConflict) return Fail(std::move(lock).error());
      FIRN_CHECK(call.Sleep(kLockPause));
    }
  }

 private:
  [[nodiscard]] std::string Path(const std::string& org) const {
    return folder_ + "/" + org + ".refresh-token";
  }

  const std::string folder_;
};

}  // namespace

std::unique_ptr<TokenStore> NewFileTokenStore(std::string folder) {
  return std::make_unique<FileTokenStore>(std::move(folder));
}

}  // namespace firn::salesforce
