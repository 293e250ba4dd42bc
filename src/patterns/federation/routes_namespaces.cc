#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "patterns/federation/refusals.h"
#include "patterns/federation/routes.h"

namespace firn::federation {

using Json = nlohmann::ordered_json;

namespace {

Result<lake::NamespaceProperties> Properties(const Json& body, const char* key) {
  lake::NamespaceProperties out;
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return out;
  if (!found->is_object()) return BadRequest("`" + std::string(key) + "` is no object");
  for (const auto& [name, value] : found->items()) {
    if (!value.is_string()) return BadRequest("property `" + name + "` is no text");
    out[name] = value.get<std::string>();
  }
  return out;
}

// The namespaces right below `parent`, sorted as the catalog's text.
std::vector<std::string> Children(const std::vector<std::string>& all, const Levels& parent) {
  const std::string start = parent.empty() ? "" : CatalogText(parent) + ".";
  std::set<std::string> out;
  for (const std::string& ns : all) {
    if (!ns.starts_with(start) || ns.size() == start.size()) continue;
    out.insert(ns.substr(0, ns.find('.', start.size())));
  }
  return {out.begin(), out.end()};
}

}  // namespace

Result<Answer> ListNamespaces(Desk& desk, const Exchange& exchange) {
  Levels parent;
  if (const std::string text = exchange.Param("parent"); !text.empty()) {
    FIRN_TRY(parent, LevelsFromPath(text));
    FIRN_TRY(const auto there, desk.catalog->FindNamespace(CatalogText(parent)));
    if (!there || !exchange.principal.Sees(parent)) return NoNamespace(parent);
  }
  FIRN_TRY(const auto all, desk.catalog->Namespaces());
  std::vector<std::string> names = Children(all, parent);
  std::erase_if(names, [&](const std::string& name) {
    return !exchange.principal.Sees(LevelsFromCatalog(name));
  });
  FIRN_TRY(const Page page, PageOf(exchange, names));
  Json list = Json::array();
  for (size_t i = page.begin; i < page.end; ++i) list.push_back(LevelsFromCatalog(names[i]));
  Json answer = {{"namespaces", list}};
  if (!page.next_token.empty()) answer["next-page-token"] = page.next_token;
  return JsonAnswer(answer);
}

Result<Answer> CreateNamespace(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const Levels levels, LevelsFromJson(exchange.body.value("namespace", Json())));
  FIRN_CHECK(Require(exchange.principal, Right::kManage, levels));
  FIRN_TRY(const auto properties, Properties(exchange.body, "properties"));
  FIRN_TRY(const bool made,
           desk.catalog->InsertNamespace(CatalogText(levels), properties, exchange.note));
  if (!made)
    return Fail(Error(Kind::kConflict, "CAT-NS-002", "Namespace already exists: " + Shown(levels)));
  return JsonAnswer({{"namespace", levels}, {"properties", properties}});
}

Result<Answer> LoadNamespace(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const Levels levels, exchange.Namespace());
  if (!exchange.principal.Sees(levels))
    FIRN_CHECK(Require(exchange.principal, Right::kRead, levels));
  FIRN_TRY(const auto properties, desk.catalog->FindNamespace(CatalogText(levels)));
  if (!properties) return NoNamespace(levels);
  return JsonAnswer({{"namespace", levels}, {"properties", *properties}});
}

Result<Answer> NamespaceExists(Desk& desk, const Exchange& exchange) {
  FIRN_CHECK(LoadNamespace(desk, exchange));
  return NoContent();
}

Result<Answer> DropNamespace(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const Levels levels, exchange.Namespace());
  FIRN_CHECK(Require(exchange.principal, Right::kManage, levels));
  FIRN_TRY(const auto refusal, desk.catalog->DeleteNamespace(CatalogText(levels), exchange.note));
  if (!refusal) return NoContent();
  if (refusal->why == lake::CatalogRefusal::Why::kMissing) return NoNamespace(levels);
  return Refused(*refusal, {levels, ""}, lake::EntryKind::kTable);
}

Result<Answer> UpdateNamespace(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const Levels levels, exchange.Namespace());
  FIRN_CHECK(Require(exchange.principal, Right::kManage, levels));
  FIRN_TRY(const auto updates, Properties(exchange.body, "updates"));
  std::vector<std::string> removals;
  const Json named = exchange.body.value("removals", Json::array());
  if (!named.is_null() && !named.is_array()) return BadRequest("`removals` is no list");
  for (const Json& key : named) {
    if (!key.is_string()) return BadRequest("`removals` holds something that is no text");
    removals.push_back(key.get<std::string>());
    if (updates.contains(removals.back()))
      return Fail(Error(Kind::kBadInput, "CAT-NS-004",
                        "Invalid namespace update: cannot set and remove key: " + removals.back()));
  }
  const std::string ns = CatalogText(levels);
  FIRN_TRY(const auto before, desk.catalog->FindNamespace(ns));
  if (!before) return NoNamespace(levels);
  FIRN_TRY(const auto refusal, desk.catalog->UpdateNamespace(ns, updates, removals, exchange.note));
  if (refusal) return NoNamespace(levels);
  Json answer = {
      {"updated", Json::array()}, {"removed", Json::array()}, {"missing", Json::array()}};
  for (const auto& [key, value] : updates) answer["updated"].push_back(key);
  for (const std::string& key : removals)
    answer[before->contains(key) ? "removed" : "missing"].push_back(key);
  return JsonAnswer(answer);
}

Result<Answer> ReplayNamespace(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const Levels levels, LevelsFromJson(exchange.body.value("namespace", Json())));
  FIRN_TRY(const auto properties, desk.catalog->FindNamespace(CatalogText(levels)));
  if (!properties) return NoNamespace(levels);
  return JsonAnswer({{"namespace", levels}, {"properties", *properties}});
}

Result<Answer> ReplayNamespaceUpdate(Desk&, const Exchange& exchange) {
  FIRN_TRY(const auto updates, Properties(exchange.body, "updates"));
  Json answer = {{"updated", Json::array()},
                 {"removed", exchange.body.value("removals", Json::array())},
                 {"missing", Json::array()}};
  for (const auto& [key, value] : updates) answer["updated"].push_back(key);
  return JsonAnswer(answer);
}

}  // namespace firn::federation
