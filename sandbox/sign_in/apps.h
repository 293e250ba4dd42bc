// Connected apps: who may sign in how. They live in `apps.json` of the org folder, which a person
// may edit while the sandbox runs: the file is read again when it changed.
//
// At the first start one app is made with a fresh key pair (`keys/<name>.key`, mode 0600), so that
// a demo can sign in. An app may hold several certificates at once, as during a key rotation.
// Thread-safe. It never holds a private key.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/random.h"
#include "core/base/secret.h"

namespace firn::sandbox {

struct AppCertificate {
  std::string name;
  std::string pem;
};

struct App {
  std::string name;
  std::string client_id;  // the consumer key
  Secret client_secret;
  std::vector<AppCertificate> certificates;
  std::string run_as;  // the user of client credentials; empty: that flow is off
  std::vector<std::string> scopes{"api", "refresh_token", "id"};
  std::vector<std::string> users;  // usernames that an administrator approved; empty: everyone
  // Nobody needs to be approved beforehand, each user approves the app once by signing in to it.
  bool self_authorize = false;
  std::vector<std::string> redirect_uris;  // callback URLs of the authorization code flow
  bool pkce_required = false;
  bool secret_required = true;  // for the authorization code flow without PKCE
  bool jwt_tokens = false;      // access tokens are JWTs, not opaque
  bool rotate_refresh_tokens = false;
  bool password_flow = false;
  std::chrono::seconds session_length{7200};
};

class AppRegistry {
 public:
  // Opens `folder/apps.json`, making it with one app when it is not there. Errors: BadConfig
  // (SBX-APPS-001) when it cannot be understood.
  [[nodiscard]] static Result<std::unique_ptr<AppRegistry>> Open(const std::string& folder,
                                                                 const std::string& run_as,
                                                                 const Clock& clock,
                                                                 Random& random);

  [[nodiscard]] std::optional<App> Find(std::string_view client_id);
  [[nodiscard]] std::vector<App> All();
  // Adds an app or puts it in the place of the one with its client id; saved before it returns.
  [[nodiscard]] Result<void> Put(App app);
  // Errors: NotFound (SBX-APPS-002).
  [[nodiscard]] Result<void> Remove(std::string_view client_id);
  // Errors: NotFound; BadInput (SBX-CRYPTO-003) when it is not a certificate.
  [[nodiscard]] Result<void> AddCertificate(std::string_view client_id, AppCertificate certificate);
  [[nodiscard]] Result<void> RemoveCertificate(std::string_view client_id, std::string_view name);

 private:
  AppRegistry(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] Result<void> LoadLocked();
  [[nodiscard]] Result<void> SaveLocked();
  void ReloadIfChangedLocked();
  [[nodiscard]] App* FindLocked(std::string_view client_id);
  [[nodiscard]] std::string path() const { return folder_ + "/apps.json"; }

  const std::string folder_;
  std::mutex mutex_;
  std::vector<App> apps_;
  int64_t read_mtime_ns_ = 0;
};

// A consumer key and secret of the vendor's shape.
[[nodiscard]] std::string NewConsumerKey(Random& random);
[[nodiscard]] std::string NewConsumerSecret(Random& random);

}  // namespace firn::sandbox
