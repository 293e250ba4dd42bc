// The shared `config` and `credentials` files of the AWS CLI and SDKs.
//
// Plain values, any thread. Source: AWS SDKs and Tools Reference Guide, "Shared config and
// credentials files" (format), read 2026-11.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace firn::aws {

using Settings = std::map<std::string, std::string, std::less<>>;

struct Profiles {
  std::map<std::string, Settings, std::less<>> profiles;
  std::map<std::string, Settings, std::less<>> sso_sessions;
  // The settings of a profile; nullptr when there is none of that name.
  [[nodiscard]] const Settings* Find(std::string_view name) const;
};

enum class ProfileFile { kConfig, kCredentials };

// Adds what `text` says to `profiles`; values of the credentials file win over those of the config
// file, so read that one last. `path` is for messages. Errors: BadConfig (AWS-PROFILE-001) with
// file and line.
[[nodiscard]] Result<void> ReadProfiles(std::string_view text, ProfileFile kind,
                                        const std::string& path, Profiles& profiles);

// Both files of the environment: AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, else those below
// `home`/.aws. Missing files are no error.
class Environment;
[[nodiscard]] Result<Profiles> LoadProfiles(const Environment& environment);

}  // namespace firn::aws
