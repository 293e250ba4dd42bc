#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <set>

#include "core/base/file.h"
#include "ends/aws/credentials.h"
#include "ends/aws/internal/sources.h"

namespace firn::aws {
namespace {

constexpr auto kRenewBefore = std::chrono::minutes(5);
constexpr std::string_view kDefaultRegion = "us-east-1";  // STS answers there for any account

std::string Setting(const Settings& settings, std::string_view name) {
  const auto found = settings.find(name);
  return found == settings.end() ? std::string() : found->second;
}

std::string ProfileName(const Environment& environment, const std::string& wanted) {
  return wanted.empty() ? environment.GetOr("AWS_PROFILE", "default") : wanted;
}

Result<std::string> ReadToken(const std::string& path) {
  FIRN_TRY(std::string token, ReadFile(path));
  while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  return token;
}

class Chain final : public CredentialSource {
 public:
  Chain(net::Transport& transport, ChainOptions options)
      : transport_(transport), options_(std::move(options)) {}

  Result<Credentials> Get(const Call& call) override {
    std::unique_lock lock(mutex_);
    // One thread asks for all; no lock is held while it does.
    arrived_.wait(lock, [&] { return !fetching_; });
    if (kept_ && kept_->expires - kRenewBefore > call.clock->Now()) return *kept_;
    fetching_ = true;
    lock.unlock();
    Result<Credentials> fresh = Fetch(call);
    lock.lock();
    fetching_ = false;
    arrived_.notify_all();
    if (fresh) kept_ = *fresh;
    // Renewing early may fail where the old ones still serve for some minutes.
    const bool still_good = kept_ && kept_->expires > call.clock->Now();
    return !fresh && still_good ? Result<Credentials>(*kept_) : fresh;
  }

  void Forget() override {
    const std::scoped_lock lock(mutex_);
    kept_.reset();
  }

 private:
  Result<Credentials> Fetch(const Call& call) const {
    const Environment& environment = options_.environment;
    if (options_.profile.empty() && environment.Get("AWS_PROFILE").empty() &&
        !environment.Get("AWS_ACCESS_KEY_ID").empty()) {
      return FromEnvironment();
    }
    FIRN_TRY(const Profiles profiles, LoadProfiles(environment));
    const std::string name = ProfileName(environment, options_.profile);
    const Settings* profile = profiles.Find(name);
    if (profile == nullptr && name != "default") return Fail(NoProfile(name));
    if (profile != nullptr) {
      std::set<std::string> seen;
      FIRN_TRY(auto found, FromProfile(call, profiles, name, seen));
      if (found) return *std::move(found);
    }
    if (!environment.Get("AWS_WEB_IDENTITY_TOKEN_FILE").empty()) return FromWebIdentity(call);
    const SourceParts parts{transport_, environment};
    if (!environment.Get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() ||
        !environment.Get("AWS_CONTAINER_CREDENTIALS_FULL_URI").empty()) {
      return FromContainer(call, parts);
    }
    if (environment.Get("AWS_EC2_METADATA_DISABLED") != "true") {
      auto instance = FromInstance(call, parts);
      if (instance) return instance;
    }
    return Fail(Error(Kind::kNotFound, "AWS-CRED-001", "no AWS credentials were found")
                    .Hint("set AWS_PROFILE, or sign in with `aws sso login`"));
  }

  static Error NoProfile(const std::string& name) {
    return Error(Kind::kBadConfig, "AWS-PROFILE-002",
                 fmt::format("the profile `{}` is not in the AWS configuration", name));
  }

  Result<Credentials> FromEnvironment() const {
    Credentials credentials;
    credentials.access_key_id = options_.environment.Get("AWS_ACCESS_KEY_ID");
    credentials.secret_access_key = Secret(options_.environment.Get("AWS_SECRET_ACCESS_KEY"));
    credentials.session_token = Secret(options_.environment.Get("AWS_SESSION_TOKEN"));
    credentials.source = "the environment";
    if (credentials.secret_access_key.empty()) {
      return Fail(SourceFailed("the environment", "AWS_SECRET_ACCESS_KEY is not set"));
    }
    return credentials;
  }

  std::string Region(const Settings* profile) const {
    if (!options_.region.empty()) return options_.region;
    const Environment& environment = options_.environment;
    const std::string set = environment.GetOr("AWS_REGION", environment.Get("AWS_DEFAULT_REGION"));
    if (!set.empty()) return set;
    const std::string own = profile == nullptr ? "" : Setting(*profile, "region");
    return own.empty() ? std::string(kDefaultRegion) : own;
  }

  Result<Credentials> FromWebIdentity(const Call& call) const {
    const Environment& environment = options_.environment;
    AssumeRole role;
    FIRN_TRY(role.web_identity_token, ReadToken(environment.Get("AWS_WEB_IDENTITY_TOKEN_FILE")));
    role.role_arn = environment.Get("AWS_ROLE_ARN");
    role.session_name = environment.GetOr("AWS_ROLE_SESSION_NAME", "firn");
    role.region = Region(nullptr);
    return CallAssumeRole(call, {transport_, environment}, role, nullptr);
  }

  // Nothing when the profile says nothing of credentials. `seen` ends circles of source_profile.
  Result<std::optional<Credentials>> FromProfile(const Call& call, const Profiles& profiles,
                                                 const std::string& name,
                                                 std::set<std::string>& seen) const {
    const Settings* profile = profiles.Find(name);
    if (profile == nullptr) return Fail(NoProfile(name));
    const bool again = !seen.insert(name).second;
    const SourceParts parts{transport_, options_.environment};
    const std::string role = Setting(*profile, "role_arn");
    // A profile that is its own source gives its static keys.
    if (!role.empty() && !again) return AssumeOf(call, profiles, *profile, seen);
    if (const std::string key = Setting(*profile, "aws_access_key_id"); !key.empty()) {
      Credentials credentials;
      credentials.access_key_id = key;
      credentials.secret_access_key = Secret(Setting(*profile, "aws_secret_access_key"));
      credentials.session_token = Secret(Setting(*profile, "aws_session_token"));
      credentials.source = fmt::format("the profile `{}`", name);
      return credentials;
    }
    if (again) {
      return Fail(SourceFailed(fmt::format("the profile `{}`", name),
                               "its `source_profile` leads back to it"));
    }
    if (!Setting(*profile, "sso_account_id").empty()) {
      FIRN_TRY(auto sso, FromSso(call, parts, profiles, *profile));
      return sso;
    }
    if (const std::string command = Setting(*profile, "credential_process"); !command.empty()) {
      FIRN_TRY(auto made, FromProcess(call, command));
      return made;
    }
    return std::nullopt;
  }

  Result<std::optional<Credentials>> AssumeOf(const Call& call, const Profiles& profiles,
                                              const Settings& profile,
                                              std::set<std::string>& seen) const {
    const SourceParts parts{transport_, options_.environment};
    AssumeRole role{.role_arn = Setting(profile, "role_arn"),
                    .session_name = Setting(profile, "role_session_name"),
                    .external_id = Setting(profile, "external_id"),
                    .duration_seconds = Setting(profile, "duration_seconds"),
                    .region = Region(&profile),
                    .web_identity_token = {}};
    if (role.session_name.empty()) role.session_name = "firn";
    if (const std::string file = Setting(profile, "web_identity_token_file"); !file.empty()) {
      FIRN_TRY(role.web_identity_token, ReadToken(file));
      FIRN_TRY(auto given, CallAssumeRole(call, parts, role, nullptr));
      return given;
    }
    std::optional<Credentials> source;
    if (const std::string name = Setting(profile, "source_profile"); !name.empty()) {
      FIRN_TRY(source, FromProfile(call, profiles, name, seen));
    } else {
      FIRN_TRY(source, FromNamedSource(call, Setting(profile, "credential_source")));
    }
    if (!source) {
      return Fail(SourceFailed(fmt::format("the role `{}`", role.role_arn),
                               "its source gives no credentials"));
    }
    FIRN_TRY(auto given, CallAssumeRole(call, parts, role, &*source));
    return given;
  }

  Result<std::optional<Credentials>> FromNamedSource(const Call& call,
                                                     const std::string& name) const {
    const SourceParts parts{transport_, options_.environment};
    if (name == "Environment") {
      FIRN_TRY(auto given, FromEnvironment());
      return given;
    }
    if (name == "EcsContainer") {
      FIRN_TRY(auto given, FromContainer(call, parts));
      return given;
    }
    if (name == "Ec2InstanceMetadata") {
      FIRN_TRY(auto given, FromInstance(call, parts));
      return given;
    }
    return Fail(Error(Kind::kBadConfig, "AWS-CRED-002",
                      fmt::format("`credential_source = {}` is none that AWS knows", name))
                    .Hint("it is Environment, EcsContainer or Ec2InstanceMetadata"));
  }

  net::Transport& transport_;
  ChainOptions options_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  bool fetching_ = false;
  std::optional<Credentials> kept_;
};

class Fixed final : public CredentialSource {
 public:
  explicit Fixed(Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<Credentials> Get(const Call& call) override {
    static_cast<void>(call);
    return credentials_;
  }
  void Forget() override {}

 private:
  Credentials credentials_;
};

}  // namespace

std::unique_ptr<CredentialSource> NewCredentialChain(net::Transport& transport,
                                                     ChainOptions options) {
  return std::make_unique<Chain>(transport, std::move(options));
}

std::unique_ptr<CredentialSource> FixedCredentials(Credentials credentials) {
  return std::make_unique<Fixed>(std::move(credentials));
}

Result<std::string> FindRegion(const Environment& environment, const std::string& profile) {
  const std::string set = environment.GetOr("AWS_REGION", environment.Get("AWS_DEFAULT_REGION"));
  if (!set.empty()) return set;
  FIRN_TRY(const Profiles profiles, LoadProfiles(environment));
  const Settings* settings = profiles.Find(ProfileName(environment, profile));
  const std::string region = settings == nullptr ? "" : Setting(*settings, "region");
  if (!region.empty()) return region;
  return Fail(Error(Kind::kBadConfig, "AWS-REGION-001", "no AWS region is configured")
                  .Hint("set AWS_REGION, or `region` in the profile"));
}

}  // namespace firn::aws
