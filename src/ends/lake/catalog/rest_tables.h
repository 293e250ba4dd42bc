// RestTables: the catalog's calls of single tables and lists, without the rules of commits. Shared
// by RestCatalog and by mirrors. Any thread. Source: Iceberg REST catalog spec, "listNamespaces",
// "listTables", "loadTable", "registerTable", "loadCredentials", read 2026-11.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ends/lake/catalog/rest_answers.h"
#include "ends/lake/catalog/rest_client.h"
#include "ends/lake/catalog/rest_store.h"
#include "ends/lake/catalog/table_auth.h"

namespace firn::lake {

class RestTables {
 public:
  // `store` may be nullptr: the files of the tables are of no concern then.
  RestTables(std::shared_ptr<RestClient> client, std::shared_ptr<RestStore> store)
      : client_(std::move(client)), store_(std::move(store)) {}

  [[nodiscard]] RestClient& client() { return *client_; }
  // Every namespace, those inside of others too.
  [[nodiscard]] Result<std::vector<std::string>> Namespaces(const Call& call);
  // An existing one is fine.
  [[nodiscard]] Result<void> CreateNamespace(const Call& call, const std::string& ns);
  [[nodiscard]] Result<std::vector<TableIdent>> Tables(const Call& call, const std::string& ns);
  // `known` when the catalog says that nothing changed; nothing when there is no such table.
  [[nodiscard]] Result<std::optional<TableState>> Load(const Call& call, const TableIdent& ident,
                                                       const TableState* known);
  // Points the name at a metadata file. Errors: Conflict (LAKE-REST-005) when it is taken and
  // `overwrite` is not set, or not known to the catalog.
  struct Registration {
    std::string metadata_location;
    bool overwrite = false;
  };
  [[nodiscard]] Result<TableState> Register(const Call& call, const TableIdent& ident,
                                            const Registration& registration);
  [[nodiscard]] Result<bool> Drop(const Call& call, const TableIdent& ident);

  // A request of a table, by the table's own sign-in where it has one, and the state that the
  // answer tells.
  [[nodiscard]] Result<TableState> Ask(const Call& call, const TableIdent& ident, RestCall rest);
  // Takes an answer: its places are checked, its credentials go to the store, its token is kept.
  [[nodiscard]] Result<TableState> TakeAnswer(const Call& call, const TableIdent& ident,
                                              const std::string& body);
  [[nodiscard]] std::string TablePath(const TableIdent& ident) const;
  // For calls whose answers bring credentials.
  [[nodiscard]] net::Headers Delegation() const;

 private:
  struct Tag {
    std::string metadata_location;
    std::string etag;
  };
  Result<void> ListBelow(const Call& call, const std::string& parent, int depth,
                         std::vector<std::string>& out);
  void Remember(const TableIdent& ident, const TableState& state, const net::Response& response);
  // The calls about a table are signed in by it; nullptr: by the catalog's own.
  std::shared_ptr<TableAuth> AuthOf(const TableIdent& ident);
  std::shared_ptr<TableAuth> TakeToken(const Call& call, const TableIdent& ident,
                                       const FileSettings& config);
  FileAccess AccessOf(const TableIdent& ident, const LoadedTable& table,
                      std::shared_ptr<TableAuth> auth) const;

  std::shared_ptr<RestClient> client_;
  std::shared_ptr<RestStore> store_;
  std::mutex mutex_;
  std::map<TableIdent, Tag> tags_;
  std::map<TableIdent, std::shared_ptr<TableAuth>> auths_;
};

}  // namespace firn::lake
