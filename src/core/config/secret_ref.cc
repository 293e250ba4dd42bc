#include "core/config/secret_ref.h"

#include <cstdlib>

#include "core/base/file.h"

namespace firn::config {
namespace {

constexpr uint64_t kSecretBytesMax = 1U << 20;

std::string_view SourceName(SecretRef::Source source) {
  switch (source) {
    case SecretRef::Source::kEnvironment:
      return "env";
    case SecretRef::Source::kFile:
      return "file";
    case SecretRef::Source::kAwsSecret:
      return "aws-secret";
    case SecretRef::Source::kNone:
      break;
  }
  return "";
}

Secret WithoutLastBreak(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  if (!text.empty() && text.back() == '\r') text.pop_back();
  return Secret(std::move(text));
}

class LocalResolver final : public SecretResolver {
 public:
  explicit LocalResolver(std::string folder) : folder_(std::move(folder)) {}

  Result<Secret> Resolve(const Call& call, const SecretRef& ref) override {
    FIRN_CHECK(call.Check());
    switch (ref.source) {
      case SecretRef::Source::kEnvironment:
        return FromEnvironment(ref);
      case SecretRef::Source::kFile:
        return FromFile(ref);
      case SecretRef::Source::kAwsSecret:
      case SecretRef::Source::kNone:
        break;
    }
    return Fail(Error(Kind::kUnsupported, "CONFIG-SECRET-003",
                      "`" + ref.Text() + "` cannot be read by this version")
                    .At(ref.where)
                    .Hint("use `${env:NAME}` or `${file:path}`"));
  }

 private:
  static Result<Secret> FromEnvironment(const SecretRef& ref) {
    const char* value = std::getenv(ref.name.c_str());
    if (value != nullptr && *value != '\0') return Secret(value);
    return Fail(Error(Kind::kNotFound, "CONFIG-SECRET-001",
                      "the environment variable `" + ref.name + "` is not set")
                    .At(ref.where)
                    .Hint("set it: `export " + ref.name + "=..`"));
  }

  Result<Secret> FromFile(const SecretRef& ref) const {
    const std::string path = ref.name.starts_with('/') ? ref.name : folder_ + "/" + ref.name;
    if (!FileExists(path)) {
      return Fail(Error(Kind::kNotFound, "CONFIG-SECRET-001", "there is no file `" + path + "`")
                      .At(ref.where)
                      .Because("`" + ref.Text() + "` names it"));
    }
    auto text = ReadFile(path, kSecretBytesMax);
    if (!text) {
      return Fail(Error(Kind::kDenied, "CONFIG-SECRET-002", "cannot read `" + path + "`")
                      .At(ref.where)
                      .Because(text.error().what()));
    }
    return WithoutLastBreak(*std::move(text));
  }

  std::string folder_;
};

}  // namespace

std::string SecretRef::Text() const {
  if (empty()) return "";
  return "${" + std::string(SourceName(source)) + ":" + name + "}";
}

Result<SecretRef> ParseSecretRef(std::string_view text, std::string where) {
  using Source = SecretRef::Source;
  for (const Source source : {Source::kEnvironment, Source::kFile, Source::kAwsSecret}) {
    const std::string lead = "${" + std::string(SourceName(source)) + ":";
    if (!text.starts_with(lead) || !text.ends_with('}')) continue;
    const std::string_view name = text.substr(lead.size(), text.size() - lead.size() - 1);
    if (name.empty() || name.find_first_of("${}\n") != std::string_view::npos) break;
    return SecretRef{source, std::string(name), std::move(where)};
  }
  return Fail(Error(Kind::kBadConfig, "CONFIG-VALUE-003", "a secret must not be written out here")
                  .At(std::move(where))
                  .Hint("use `${env:NAME}`, `${file:path}` or `${aws-secret:id}`, and replace the "
                        "secret if this file was ever shared"));
}

std::unique_ptr<SecretResolver> LocalSecrets(std::string folder) {
  return std::make_unique<LocalResolver>(std::move(folder));
}

}  // namespace firn::config
