#include "ends/aws/profile_file.h"

#include <fmt/format.h>

#include <cstdlib>

#include "core/base/file.h"
#include "ends/aws/environment.h"

namespace firn::aws {
namespace {

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

// `#` and `;` begin a comment at the start of a line, and after a blank within one.
std::string_view WithoutComment(std::string_view line) {
  for (size_t at = 0; at < line.size(); ++at) {
    const bool mark = line[at] == '#' || line[at] == ';';
    if (mark && (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t')) return line.substr(0, at);
  }
  return line;
}

class Reader {
 public:
  Reader(ProfileFile kind, const std::string& path, Profiles& profiles)
      : kind_(kind), path_(path), profiles_(profiles) {}

  Result<void> Line(std::string_view raw) {
    ++line_;
    const bool indented = raw.starts_with(' ') || raw.starts_with('\t');
    const std::string_view line = Trim(WithoutComment(raw));
    if (line.empty()) return {};
    if (line.front() == '[') return Section(line);
    if (section_ == nullptr) {
      // Of a section that is not ours (`[services x]`), or before any.
      if (skipped_) return {};
      return Mistake("a setting before the first section");
    }
    const size_t equals = line.find('=');
    if (indented && !key_.empty()) return Nested(line, equals);
    if (equals == std::string_view::npos) return Mistake("neither a section nor `name = value`");
    key_ = Trim(line.substr(0, equals));
    if (key_.empty()) return Mistake("a value without a name");
    (*section_)[key_] = Trim(line.substr(equals + 1));
    return {};
  }

 private:
  Result<void> Mistake(std::string_view why) const {
    return Fail(Error(Kind::kBadConfig, "AWS-PROFILE-001", "the AWS configuration has a mistake")
                    .At(fmt::format("{}:{}", path_, line_))
                    .Because(std::string(why)));
  }

  // `s3 =` with indented lines below it: kept as `s3.name`.
  Result<void> Nested(std::string_view line, size_t equals) {
    if (equals == std::string_view::npos) return {};
    const std::string name = key_ + "." + std::string(Trim(line.substr(0, equals)));
    (*section_)[name] = Trim(line.substr(equals + 1));
    return {};
  }

  Result<void> Section(std::string_view line) {
    const size_t end = line.find(']');
    if (end == std::string_view::npos) return Mistake("a section without its `]`");
    std::string_view name = Trim(line.substr(1, end - 1));
    key_.clear();
    section_ = nullptr;
    skipped_ = true;
    const size_t blank = name.find_first_of(" \t");
    const std::string_view kind = name.substr(0, blank);
    const std::string_view rest =
        blank == std::string_view::npos ? std::string_view() : Trim(name.substr(blank));
    if (kind_ == ProfileFile::kCredentials || name == "default") {
      section_ = &profiles_.profiles[std::string(name)];
    } else if (kind == "profile" && !rest.empty()) {
      section_ = &profiles_.profiles[std::string(rest)];
    } else if (kind == "sso-session" && !rest.empty()) {
      section_ = &profiles_.sso_sessions[std::string(rest)];
    }
    return {};
  }

  ProfileFile kind_;
  const std::string& path_;
  Profiles& profiles_;
  Settings* section_ = nullptr;
  std::string key_;
  bool skipped_ = false;
  int line_ = 0;
};

Result<void> AddFile(const std::string& path, ProfileFile kind, Profiles& profiles) {
  if (!FileExists(path)) return {};
  FIRN_TRY(const std::string text, ReadFile(path));
  return ReadProfiles(text, kind, path, profiles);
}

}  // namespace

Environment Environment::OfProcess() {
  return Environment([](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  });
}

const Settings* Profiles::Find(std::string_view name) const {
  const auto found = profiles.find(name);
  return found == profiles.end() ? nullptr : &found->second;
}

Result<void> ReadProfiles(std::string_view text, ProfileFile kind, const std::string& path,
                          Profiles& profiles) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Reader reader(kind, path, profiles);
  while (!text.empty()) {
    const size_t end = text.find('\n');
    FIRN_CHECK(reader.Line(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return {};
}

Result<Profiles> LoadProfiles(const Environment& environment) {
  const std::string folder = environment.Get("HOME") + "/.aws/";
  Profiles profiles;
  FIRN_CHECK(AddFile(environment.GetOr("AWS_CONFIG_FILE", folder + "config"), ProfileFile::kConfig,
                     profiles));
  FIRN_CHECK(AddFile(environment.GetOr("AWS_SHARED_CREDENTIALS_FILE", folder + "credentials"),
                     ProfileFile::kCredentials, profiles));
  return profiles;
}

}  // namespace firn::aws
