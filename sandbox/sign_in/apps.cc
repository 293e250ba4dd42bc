#include "sandbox/sign_in/apps.h"

#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "sandbox/crypto.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

constexpr unsigned kPrivateMode = 0600;

int64_t ModifiedNs(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return 0;
  return info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec;
}

std::string WordChars(Random& random, size_t count) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string text;
  for (size_t i = 0; i < count; ++i) text += kAlphabet[random.Below(kAlphabet.size())];
  return text;
}

json ToJson(const App& app) {
  json certificates = json::array();
  for (const AppCertificate& certificate : app.certificates) {
    certificates.push_back({{"name", certificate.name}, {"pem", certificate.pem}});
  }
  return {{"name", app.name},
          {"client_id", app.client_id},
          {"client_secret", app.client_secret.Reveal()},
          {"certificates", certificates},
          {"run_as", app.run_as},
          {"scopes", app.scopes},
          {"users", app.users},
          {"self_authorize", app.self_authorize},
          {"redirect_uris", app.redirect_uris},
          {"pkce_required", app.pkce_required},
          {"secret_required", app.secret_required},
          {"jwt_tokens", app.jwt_tokens},
          {"rotate_refresh_tokens", app.rotate_refresh_tokens},
          {"password_flow", app.password_flow},
          {"session_seconds", app.session_length.count()}};
}

// A certificate is `{"name", "pem"}`, or the path of a PEM file relative to the org folder.
Result<AppCertificate> CertificateFromJson(const json& value, const std::string& folder) {
  if (value.is_string()) {
    const auto path = value.get<std::string>();
    FIRN_TRY(std::string pem, ReadFile(path.starts_with('/') ? path : folder + "/" + path));
    return AppCertificate{path, std::move(pem)};
  }
  return AppCertificate{value.at("name").get<std::string>(), value.at("pem").get<std::string>()};
}

Result<App> FromJson(const json& value, const std::string& folder) {
  App app;
  app.name = value.value("name", "app");
  app.client_id = value.at("client_id").get<std::string>();
  app.client_secret = Secret(value.value("client_secret", ""));
  for (const json& entry : value.value("certificates", json::array())) {
    FIRN_TRY(AppCertificate certificate, CertificateFromJson(entry, folder));
    app.certificates.push_back(std::move(certificate));
  }
  app.run_as = value.value("run_as", "");
  app.scopes = value.value("scopes", app.scopes);
  app.users = value.value("users", app.users);
  app.self_authorize = value.value("self_authorize", app.self_authorize);
  app.redirect_uris = value.value("redirect_uris", app.redirect_uris);
  app.pkce_required = value.value("pkce_required", app.pkce_required);
  app.secret_required = value.value("secret_required", app.secret_required);
  app.jwt_tokens = value.value("jwt_tokens", app.jwt_tokens);
  app.rotate_refresh_tokens = value.value("rotate_refresh_tokens", false);
  app.password_flow = value.value("password_flow", false);
  app.session_length = std::chrono::seconds(value.value("session_seconds", int64_t{7200}));
  return app;
}

}  // namespace

std::string NewConsumerKey(Random& random) { return "3MVG9" + WordChars(random, 80); }

std::string NewConsumerSecret(Random& random) {
  std::string hex = Hex(random.Bytes(32));
  for (char& c : hex) c = static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
  return hex;
}

Result<std::unique_ptr<AppRegistry>> AppRegistry::Open(const std::string& folder,
                                                       const std::string& run_as,
                                                       const Clock& clock, Random& random) {
  std::unique_ptr<AppRegistry> registry(new AppRegistry(folder));
  std::lock_guard lock(registry->mutex_);
  if (FileExists(registry->path())) {
    FIRN_CHECK(registry->LoadLocked());
    return registry;
  }
  FIRN_TRY(const KeyAndCertificate key, MintAppKey("firn-demo", clock.Now()));
  FIRN_CHECK(MakeFolders(folder + "/keys", 0700));
  FIRN_CHECK(WriteFileDurably(folder + "/keys/demo.key", key.key_pem, kPrivateMode));
  FIRN_CHECK(WriteFileDurably(folder + "/keys/demo.crt", key.certificate_pem));
  App app;
  app.name = "demo";
  app.client_id = NewConsumerKey(random);
  app.client_secret = Secret(NewConsumerSecret(random));
  app.certificates.push_back({"demo", key.certificate_pem});
  app.run_as = run_as;
  app.scopes.emplace_back("openid");
  app.scopes.emplace_back("cdp_ingest_api");
  app.scopes.emplace_back("web");  // as the app that sf signs in by must have
  // Where sf and most libraries listen while a person signs in.
  app.redirect_uris = {"http://localhost:1717/OauthRedirect", "http://localhost:8080/callback"};
  registry->apps_.push_back(std::move(app));
  FIRN_CHECK(registry->SaveLocked());
  return registry;
}

Result<void> AppRegistry::LoadLocked() {
  FIRN_TRY(const std::string text, ReadFile(path()));
  read_mtime_ns_ = ModifiedNs(path());
  try {
    std::vector<App> apps;
    const json file = json::parse(text);  // outlives the loop over a part of it
    for (const json& entry : file.at("apps")) {
      FIRN_TRY(App app, FromJson(entry, folder_));
      apps.push_back(std::move(app));
    }
    apps_ = std::move(apps);
  } catch (const json::exception& e) {
    // The parser's text may quote the file, which holds secrets: only its position is told.
    return Fail(Error(Kind::kBadConfig, "SBX-APPS-001", "the sandbox's `apps.json` is not readable")
                    .At(path())
                    .Because("JSON error " + std::to_string(e.id)));
  }
  return {};
}

Result<void> AppRegistry::SaveLocked() {
  json apps = json::array();
  for (const App& app : apps_) apps.push_back(ToJson(app));
  FIRN_CHECK(WriteFileDurably(path(), json{{"apps", apps}}.dump(2) + "\n", kPrivateMode));
  read_mtime_ns_ = ModifiedNs(path());
  return {};
}

void AppRegistry::ReloadIfChangedLocked() {
  if (ModifiedNs(path()) == read_mtime_ns_) return;
  if (auto loaded = LoadLocked(); !loaded) {
    log::Warn("sandbox_apps_unreadable", {{"error", loaded.error().OneLine()}});
  }
}

App* AppRegistry::FindLocked(std::string_view client_id) {
  const auto found = std::find_if(apps_.begin(), apps_.end(),
                                  [&](const App& a) { return a.client_id == client_id; });
  return found == apps_.end() ? nullptr : &*found;
}

std::optional<App> AppRegistry::Find(std::string_view client_id) {
  std::lock_guard lock(mutex_);
  ReloadIfChangedLocked();
  const App* app = FindLocked(client_id);
  return app == nullptr ? std::nullopt : std::optional<App>(*app);
}

std::vector<App> AppRegistry::All() {
  std::lock_guard lock(mutex_);
  ReloadIfChangedLocked();
  return apps_;
}

Result<void> AppRegistry::Put(App app) {
  std::lock_guard lock(mutex_);
  ReloadIfChangedLocked();
  if (App* known = FindLocked(app.client_id)) {
    *known = std::move(app);
  } else {
    apps_.push_back(std::move(app));
  }
  return SaveLocked();
}

Result<void> AppRegistry::Remove(std::string_view client_id) {
  std::lock_guard lock(mutex_);
  ReloadIfChangedLocked();
  if (std::erase_if(apps_, [&](const App& a) { return a.client_id == client_id; }) == 0) {
    return Fail(Kind::kNotFound, "SBX-APPS-002", "no connected app has this client id");
  }
  return SaveLocked();
}

Result<void> AppRegistry::AddCertificate(std::string_view client_id, AppCertificate certificate) {
  FIRN_CHECK(CertificateFingerprint(certificate.pem));
  std::lock_guard lock(mutex_);
  ReloadIfChangedLocked();
  App* app = FindLocked(client_id);
  if (app == nullptr) {
    return Fail(Kind::kNotFound, "SBX-APPS-002", "no connected app has this client id");
  }
  std::erase_if(app->certificates,
                [&](const AppCertificate& known) { return known.name == certificate.name; });
  app->certificates.push_back(std::move(certificate));
  return SaveLocked();
}

Result<void> AppRegistry::RemoveCertificate(std::string_view client_id, std::string_view name) {
  std::lock_guard lock(mutex_);
  ReloadIfChangedLocked();
  App* app = FindLocked(client_id);
  if (app == nullptr || std::erase_if(app->certificates, [&](const AppCertificate& known) {
                          return known.name == name;
                        }) == 0) {
    return Fail(Kind::kNotFound, "SBX-APPS-002", "no such app, or no such certificate in it");
  }
  return SaveLocked();
}

}  // namespace firn::sandbox
