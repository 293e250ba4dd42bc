// What a REST catalog answers, read. Pure functions, any thread. Errors: Corrupt (LAKE-REST-009)
// for what no catalog would say. Source: Iceberg REST catalog spec, "LoadTableResult",
// "CommitTableResponse", "LoadCredentialsResponse", "ListTablesResponse", read 2026-11.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/net/http.h"
#include "ends/lake/catalog/table_catalog.h"
#include "ends/lake/catalog/vended_credentials.h"

namespace firn::lake {

struct LoadedTable {
  TableState state;
  FileSettings config;           // of the table, with the tokens that it may hold
  std::vector<Grant> grants;     // by prefix of file names; those of the table's config last
  std::string credentials_path;  // `client.refresh-credentials-endpoint`; empty: the spec's
};
// Of loadTable, createTable, registerTable and updateTable.
[[nodiscard]] Result<LoadedTable> ReadTableAnswer(const std::string& body);
[[nodiscard]] Result<std::vector<Grant>> ReadCredentialsAnswer(const std::string& body);

// What makes a request one of a client that may ask for it (RemoteSignResult).
struct SignAnswer {
  std::string uri;
  net::Headers headers;
};
[[nodiscard]] Result<SignAnswer> ReadSignAnswer(const std::string& body);

// One page of a list.
template <typename Item>
struct Page {
  std::vector<Item> items;
  std::string next;  // token of the next one; empty: the last
};
[[nodiscard]] Result<Page<std::string>> ReadNamespacesAnswer(const std::string& body);
[[nodiscard]] Result<Page<TableIdent>> ReadTablesAnswer(const std::string& body);

}  // namespace firn::lake
