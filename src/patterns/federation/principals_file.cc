// The principals file: who may sign in, and what they may do.
#include "patterns/federation/principals_file.h"

#include <filesystem>

#include "core/base/file.h"
#include "patterns/federation/sign_in.h"

namespace firn::federation {
namespace {

using config::Field;
using config::FieldType;

constexpr std::string_view kRights[] = {"read", "write", "manage"};

constexpr Field kGrant[] = {
    {.name = "on",
     .help = "`*`, a namespace with everything below it, or NAMESPACE.TABLE; a dot inside a name "
             "is written `%2E`",
     .example = "salesforce.Account",
     .required = true},
    {.name = "may",
     .type = FieldType::kWord,
     .help = "write includes read; manage includes both, and making, renaming and dropping",
     .default_value = "read",
     .words = kRights},
};

constexpr Field kPrincipal[] = {
    {.name = "secret",
     .type = FieldType::kSecret,
     .help = "the client secret that goes with the name",
     .example = "${env:SPARK_SECRET}",
     .required = true},
    {.name = "grants", .type = FieldType::kGroupList, .help = "what it may do", .fields = kGrant},
};

constexpr Field kTrust[] = {
    {.name = "issuer",
     .help = "the `iss` of its tokens",
     .example = "https://login.example.com",
     .required = true},
    {.name = "audiences",
     .type = FieldType::kTextList,
     .help = "one of these must be in `aud`",
     .example = "firn-catalog",
     .required = true},
    {.name = "keys",
     .help = "JWKS file with its public keys, from this file's folder",
     .example = "keys/login.jwks.json",
     .required = true},
    {.name = "principals",
     .type = FieldType::kTextMap,
     .help = "which principal a token's `sub` is",
     .required = true},
};

constexpr Field kFile[] = {
    {.name = "principals",
     .type = FieldType::kGroupMap,
     .help = "who may sign in, by client id",
     .required = true,
     .fields = kPrincipal},
    {.name = "trust",
     .type = FieldType::kGroupList,
     .help = "issuers whose tokens are taken, as they are or for exchange",
     .fields = kTrust},
};

Right RightOf(const std::string& word) {
  if (word == "manage") return Right::kManage;
  return word == "write" ? Right::kWrite : Right::kRead;
}

}  // namespace

std::span<const Field> PrincipalsFields() { return kFile; }

Result<void> SignIn::AddAccount(const Call& call, config::SecretResolver& secrets,
                                const std::string& name, const config::Group& group) {
  Account account;
  FIRN_TRY(account.secret, secrets.Resolve(call, group.SecretOf("secret")));
  if (account.secret.empty())
    return Fail(
        Error(Kind::kBadConfig, "CAT-AUTH-004", "the secret of principal `" + name + "` is empty")
            .At(group.Where("secret")));
  std::vector<Grant> grants;
  for (const config::Group& grant : group.List("grants")) {
    const std::string& on = grant.Text("on");
    grants.push_back({on == "*" ? Levels() : LevelsFromCatalog(on), RightOf(grant.Text("may"))});
  }
  account.principal = Principal(name, std::move(grants));
  accounts_.emplace(name, std::move(account));
  return {};
}

Result<void> SignIn::AddTrust(const std::string& folder, const config::Group& group) {
  Trust trust;
  trust.issuer = group.Text("issuer");
  trust.audiences = group.TextList("audiences");
  trust.principals = group.TextMap("principals");
  const std::filesystem::path keys = group.Text("keys");
  FIRN_TRY(const std::string jwks,
           ReadFile(keys.is_absolute() ? keys.string() : folder + "/" + keys.string()));
  auto parsed = identity::KeySet::Parse(jwks);
  if (!parsed)
    return Fail(Error(Kind::kBadConfig, "CAT-AUTH-004",
                      "the keys of issuer `" + trust.issuer + "` cannot be read")
                    .At(group.Where("keys"))
                    .Because(parsed.error().what()));
  trust.keys = *std::move(parsed);
  for (const auto& [subject, principal] : trust.principals) {
    if (!accounts_.contains(principal))
      return Fail(Error(Kind::kBadConfig, "CAT-AUTH-004",
                        "issuer `" + trust.issuer + "` names principal `" + principal +
                            "`, which is not there")
                      .At(group.Where("principals")));
  }
  trusts_.push_back(std::move(trust));
  return {};
}

Result<std::unique_ptr<SignIn>> SignIn::Load(const Call& call, const std::string& path) {
  FIRN_TRY(const config::Document document, config::ReadYamlFile(path));
  config::Problems problems;
  const config::Group file =
      config::Bind(document, document.root, kFile, config::ProcessEnvironment(), &problems);
  if (!problems.empty()) return Fail(problems.front());
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const auto secrets = config::LocalSecrets(folder);
  std::unique_ptr<SignIn> sign_in(new SignIn());
  for (const auto& [name, group] : file.Map("principals"))
    FIRN_CHECK(sign_in->AddAccount(call, *secrets, name, group));
  for (const config::Group& group : file.List("trust"))
    FIRN_CHECK(sign_in->AddTrust(folder, group));
  return sign_in;
}

}  // namespace firn::federation
