// TableAuth: the sign-in of one table, where a catalog hands out a token for it with the table.
//
// A `token` in a table's config is the bearer of the calls about that table and its files; an
// `urn:ietf:params:oauth:token-type:..` is exchanged for one first. Before it ends, as far as it
// says so itself (a JWT's `exp`, `expires_in`), it is exchanged for a fresh one. Where that fails,
// or the catalog refuses it, the catalog's own sign-in takes over until the next answer about the
// table brings another token. Any thread; one asks for all. Source: Iceberg REST catalog spec,
// "LoadTableResult" (`token`), "OAuthTokenExchangeRequest"; RFC 8693; apache/iceberg 1.11
// OAuth2Manager.tableSession, OAuth2Util; read 2026-11.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "ends/lake/catalog/rest_client.h"
#include "ends/lake/catalog/vended_credentials.h"

namespace firn::lake {

// Whether a table's config brings a token.
[[nodiscard]] bool BringsToken(const FileSettings& config);

class TableAuth final : public RestAuth {
 public:
  explicit TableAuth(std::shared_ptr<RestClient> client) : client_(std::move(client)) {}
  // What the newest answer says, which BringsToken.
  void Take(const Call& call, const FileSettings& config);
  Result<void> Apply(const Call& call, net::Request& request) override;
  bool Refused(const Call& call, const net::Response& response) override;

 private:
  enum class State { kGiven, kToExchange, kLetGo };
  struct Held {
    State state = State::kLetGo;
    Secret token;
    std::string type;  // of a token that is to be exchanged
    UtcMicros renew_at = UtcMicros::max();
    UtcMicros ends_at = UtcMicros::max();
  };
  // The token, or nothing where the catalog's own sign-in goes on.
  Secret Current(const Call& call);
  static void Date(Held& held, std::optional<UtcMicros> end, UtcMicros now);
  Result<Held> Exchange(const Call& call, const Held& held) const;

  std::shared_ptr<RestClient> client_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  bool exchanging_ = false;
  uint64_t taken_ = 0;  // how many times; an exchange of an older token is not kept
  std::string given_;   // digest of what was taken last: the same again changes nothing, also
                        // when it was let go
  Held held_;
};

}  // namespace firn::lake
