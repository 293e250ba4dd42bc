// One request on its way through the catalog server, and what is answered. Used by the thread that
// handles it.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "core/base/call.h"
#include "core/net/http.h"
#include "ends/lake/catalog/catalog.h"
#include "patterns/federation/access.h"
#include "patterns/federation/names.h"

namespace firn::federation {

struct Answer {
  int status = 200;
  std::string body;
  net::Headers headers;
};

struct Exchange {
  const Call& call;
  const Principal& principal;
  std::map<std::string, std::string> vars;    // of the path, decoded: `namespace`, `table`, ..
  std::map<std::string, std::string> params;  // of the query, decoded
  const net::Headers& headers;
  const nlohmann::ordered_json& body;  // an object for calls that take one
  lake::CatalogNote note;              // to be kept with the change
  std::string noted;                   // for a replay: what was kept beyond the note's first line

  // Errors: CAT-NAME-001.
  [[nodiscard]] Result<Levels> Namespace() const;
  [[nodiscard]] Result<EntryName> Entry(const std::string& var) const;
  [[nodiscard]] std::string Param(const std::string& name) const;
  // Whether the parameter is `true`, in any case: PyIceberg writes `True`.
  [[nodiscard]] bool Says(const std::string& name) const;
};

// A page of names in the order of the catalog, after the one that the token stands for.
struct Page {
  size_t begin = 0;
  size_t end = 0;
  std::string next_token;  // empty: the last page
};
// By parameters `pageToken` and `pageSize`; without a size, everything is one page. `names`:
// sorted. Errors: BadInput (CAT-REQUEST-001).
[[nodiscard]] Result<Page> PageOf(const Exchange& exchange, const std::vector<std::string>& names);

[[nodiscard]] Answer JsonAnswer(const nlohmann::ordered_json& json);
[[nodiscard]] inline Answer NoContent() { return {204, "", {}}; }

}  // namespace firn::federation
