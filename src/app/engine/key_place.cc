#include "app/engine/key_place.h"

#include "app/engine/aws_access.h"
#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "ends/aws/secrets_manager.h"

namespace firn::engine {
namespace {

using config::SecretRef;

constexpr unsigned kKeyMode = 0600;
constexpr uint64_t kKeyBytesMax = 1 << 20;

class FilePlace final : public KeyPlace {
 public:
  FilePlace(std::string key, std::string next) : key_(std::move(key)), next_(std::move(next)) {}

  Result<Secret> Current(const Call&) override { return Read(key_); }
  Result<Secret> Next(const Call&) override { return Read(next_); }
  Result<void> PutNext(const Call&, const Secret& pem, const std::string&) override {
    return WriteFileDurably(next_, pem.Reveal(), kKeyMode);
  }
  // old, new -> (old kept aside) -> new, new -> new, old: whoever reads the two files at any moment
  // finds at least one key that the org takes, and no crash loses the old one.
  Result<void> Switch(const Call&, const Secret& old_pem, const Secret& new_pem) override {
    FIRN_CHECK(WriteFileDurably(Aside(), old_pem.Reveal(), kKeyMode));
    FIRN_FAULT_POINT("engine.rotate.kept_aside");
    FIRN_CHECK(WriteFileDurably(key_, new_pem.Reveal(), kKeyMode));
    FIRN_FAULT_POINT("engine.rotate.switched");
    FIRN_CHECK(WriteFileDurably(next_, old_pem.Reveal(), kKeyMode));
    return RemoveFile(Aside());
  }
  Result<Secret> Old(const Call&) override { return Read(FileExists(Aside()) ? Aside() : next_); }
  Result<void> Retire(const Call&) override {
    FIRN_CHECK(RemoveFile(Aside()));
    return RemoveFile(next_);
  }
  std::string NextName() const override { return next_; }

 private:
  [[nodiscard]] std::string Aside() const { return next_ + ".old"; }
  static Result<Secret> Read(const std::string& path) {
    FIRN_TRY(std::string pem, ReadFile(path, kKeyBytesMax));
    return Secret(std::move(pem));
  }
  std::string key_;
  std::string next_;
};

// `name@STAGE` without the stage.
std::string WithoutStage(const std::string& text) { return text.substr(0, text.rfind('@')); }

class SecretPlace final : public KeyPlace {
 public:
  SecretPlace(std::shared_ptr<AwsAccess> access, std::string name)
      : access_(std::move(access)), name_(std::move(name)) {}

  Result<Secret> Current(const Call& call) override { return At(call, aws::kCurrentStage); }
  Result<Secret> Next(const Call& call) override { return At(call, aws::kPendingStage); }
  Result<void> PutNext(const Call& call, const Secret& pem, const std::string& token) override {
    FIRN_CHECK(aws::PutSecretValue(call, access_->client(), name_, pem, aws::kPendingStage, token));
    return {};
  }
  Result<void> Switch(const Call& call, const Secret&, const Secret&) override {
    FIRN_TRY(const auto next,
             aws::GetSecretValue(call, access_->client(), name_, aws::kPendingStage));
    FIRN_TRY(const auto current,
             aws::GetSecretValue(call, access_->client(), name_, aws::kCurrentStage));
    if (current.version_id == next.version_id) return {};  // done before a crash
    FIRN_FAULT_POINT("engine.rotate.kept_aside");
    // Secrets Manager itself puts AWSPREVIOUS on the version that AWSCURRENT leaves.
    FIRN_CHECK(aws::MoveStage(call, access_->client(), name_, aws::kCurrentStage,
                              {.to_version = next.version_id, .from_version = current.version_id}));
    FIRN_FAULT_POINT("engine.rotate.switched");
    return {};
  }
  Result<Secret> Old(const Call& call) override {
    auto current = aws::GetSecretValue(call, access_->client(), name_, aws::kCurrentStage);
    auto next = aws::GetSecretValue(call, access_->client(), name_, aws::kPendingStage);
    const bool switched = current && next && current->version_id == next->version_id;
    return switched ? At(call, "AWSPREVIOUS") : At(call, aws::kCurrentStage);
  }
  Result<void> Retire(const Call& call) override {
    auto next = aws::GetSecretValue(call, access_->client(), name_, aws::kPendingStage);
    if (!next && next.error().kind() == Kind::kNotFound) return {};
    if (!next) return Fail(std::move(next).error());
    return aws::MoveStage(call, access_->client(), name_, aws::kPendingStage,
                          {.to_version = "", .from_version = next->version_id});
  }
  std::string NextName() const override { return "secret `" + name_ + "` at AWSPENDING"; }

 private:
  Result<Secret> At(const Call& call, std::string_view stage) {
    FIRN_TRY(auto version, aws::GetSecretValue(call, access_->client(), name_, stage));
    return std::move(version.value);
  }
  std::shared_ptr<AwsAccess> access_;
  std::string name_;
};

tl::unexpected<Error> Unfit(const project::Org& org, std::string why, std::string hint) {
  return Fail(Error(Kind::kBadConfig, "ENGINE-ROTATE-002",
                    "the keys of org `" + org.id + "` cannot be rotated as they are named")
                  .At(org.where)
                  .Because(std::move(why))
                  .Hint(std::move(hint)));
}

}  // namespace

Result<std::unique_ptr<KeyPlace>> KeyPlaceOf(const project::Project& project,
                                             const project::Org& org) {
  const SecretRef& key = org.auth.key;
  const SecretRef& next = org.auth.next_key;
  if (org.auth.flow != project::AuthFlow::kJwt) {
    return Fail(Error(Kind::kBadConfig, "ENGINE-ROTATE-001",
                      "org `" + org.id + "` does not sign in with a certificate")
                    .At(org.where)
                    .Because("its flow is `" + std::string(AuthFlowName(org.auth.flow)) + "`"));
  }
  if (next.empty()) {
    return Unfit(org, "`next_key` is not set",
                 key.source == SecretRef::Source::kAwsSecret
                     ? "add `next_key: ${aws-secret:" + key.name + "@AWSPENDING}` to its `auth`"
                     : "add `next_key: ${file:keys/" + org.id + "-next.pem}` to its `auth`");
  }
  if (key.source != next.source) return Unfit(org, "`key` and `next_key` are of two kinds", "");
  if (key.source == SecretRef::Source::kFile) {
    const auto path = [&](const std::string& name) {
      return name.starts_with('/') ? name : project.folder + "/" + name;
    };
    if (path(key.name) == path(next.name)) return Unfit(org, "both are one file", "");
    return std::make_unique<FilePlace>(path(key.name), path(next.name));
  }
  if (key.source != SecretRef::Source::kAwsSecret) {
    return Unfit(org, "a variable cannot be written", "keep the keys in files or in a secret");
  }
  if (next.name != WithoutStage(key.name) + "@" + std::string(aws::kPendingStage)) {
    return Unfit(org, "`next_key` is not the same secret at AWSPENDING",
                 "write `next_key: ${aws-secret:" + WithoutStage(key.name) + "@AWSPENDING}`");
  }
  if (key.name.find('#') != std::string::npos) {
    return Unfit(org, "the key is one member of a secret", "give the key a secret of its own");
  }
  FIRN_TRY(auto access, AwsAccess::Open());
  return std::make_unique<SecretPlace>(std::move(access), WithoutStage(key.name));
}

}  // namespace firn::engine
