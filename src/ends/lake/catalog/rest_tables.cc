#include "ends/lake/catalog/rest_tables.h"

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "ends/lake/catalog/remote_signer.h"
#include "ends/lake/catalog/rest_names.h"

namespace firn::lake {
namespace {

constexpr size_t kPageItems = 1000;
constexpr size_t kItemsMax = 1'000'000;
constexpr int kDepthMax = 16;
constexpr size_t kTagsMax = 1024;

bool Missing(const Error& error) {
  return error.kind() == Kind::kNotFound && error.code() == "LAKE-REST-004";
}

// Reads page after page. `path` has no query yet, or begins one.
template <typename Item>
Result<std::vector<Item>> AllPages(const Call& call, RestClient& client,
                                   const std::string_view endpoint, const std::string& path,
                                   Result<Page<Item>> (*read)(const std::string& body)) {
  std::vector<Item> out;
  std::string token;
  const std::string base = path + (path.find('?') == std::string::npos ? "?" : "&");
  for (;;) {
    FIRN_CHECK(call.Check());
    const std::string page_path =
        base + "pageToken=" + PercentEncode(token) + "&pageSize=" + std::to_string(kPageItems);
    FIRN_TRY(const auto response, client.Send(call, {.endpoint = endpoint, .path = page_path}));
    FIRN_TRY(Page<Item> page, read(response.body));
    std::move(page.items.begin(), page.items.end(), std::back_inserter(out));
    if (page.next.empty()) return out;
    const bool stuck = page.next == token || out.size() > kItemsMax;
    if (stuck)
      return Fail(Error(Kind::kCorrupt, "LAKE-REST-009", "the catalog's list has no end")
                      .At(client.uri())
                      .Because("it has more than " + std::to_string(kItemsMax) +
                               " items, or a page that names itself as the next"));
    token = page.next;
  }
}

}  // namespace

std::string RestTables::TablePath(const TableIdent& ident) const {
  return client_->NamespacePath(ident.ns) + "/tables/" + PercentEncode(ident.name);
}

net::Headers RestTables::Delegation() const {
  if (!client_->vended_credentials() || store_ == nullptr) return {};
  return {{"X-Iceberg-Access-Delegation", "vended-credentials,remote-signing"}};
}

Result<std::vector<std::string>> RestTables::Namespaces(const Call& call) {
  std::vector<std::string> out;
  FIRN_CHECK(ListBelow(call, "", 0, out));
  return out;
}

Result<void> RestTables::ListBelow(const Call& call, const std::string& parent, int depth,
                                   std::vector<std::string>& out) {
  if (depth > kDepthMax) return {};
  const std::string path =
      "/namespaces" + (parent.empty() ? "" : "?parent=" + client_->NamespaceWord(parent));
  auto listed =
      AllPages<std::string>(call, *client_, rest::kListNamespaces, path, ReadNamespacesAnswer);
  if (!listed) {
    // Catalogs with one level answer a parent in several ways.
    const Kind kind = listed.error().kind();
    const bool flat = kind == Kind::kNotFound || kind == Kind::kBadInput ||
                      kind == Kind::kUnsupported || kind == Kind::kConflict;
    if (!parent.empty() && flat) return {};
    return Fail(std::move(listed).error());
  }
  for (const std::string& ns : *listed) {
    // One that ignores the parent would be followed in circles.
    const bool below = parent.empty() || ns.starts_with(parent + ".");
    if (!below) continue;
    out.push_back(ns);
    FIRN_CHECK(ListBelow(call, ns, depth + 1, out));
  }
  return {};
}

Result<void> RestTables::CreateNamespace(const Call& call, const std::string& ns) {
  nlohmann::json body = {{"namespace", NamespaceLevels(ns)},
                         {"properties", nlohmann::json::object()}};
  auto made = client_->Send(
      call, {.endpoint = rest::kCreateNamespace, .path = "/namespaces", .body = body.dump()});
  if (made || made.error().kind() == Kind::kConflict) return {};
  return Fail(std::move(made).error().Doing("making the namespace " + ns));
}

Result<std::vector<TableIdent>> RestTables::Tables(const Call& call, const std::string& ns) {
  std::vector<std::string> all = {ns};
  if (ns.empty()) {
    FIRN_TRY(all, Namespaces(call));
  }
  std::vector<TableIdent> out;
  for (const std::string& one : all) {
    auto tables = AllPages<TableIdent>(call, *client_, rest::kListTables,
                                       client_->NamespacePath(one) + "/tables", ReadTablesAnswer);
    if (!tables && Missing(tables.error())) continue;
    if (!tables) return Fail(std::move(tables).error());
    std::move(tables->begin(), tables->end(), std::back_inserter(out));
  }
  return out;
}

Result<std::optional<TableState>> RestTables::Load(const Call& call, const TableIdent& ident,
                                                   const TableState* known) {
  RestCall rest{.endpoint = rest::kLoadTable, .path = TablePath(ident)};
  rest.headers = Delegation();
  const auto auth = AuthOf(ident);
  rest.auth = auth.get();
  if (known != nullptr) {
    const std::lock_guard lock(mutex_);
    const auto tag = tags_.find(ident);
    if (tag != tags_.end() && tag->second.metadata_location == known->metadata_location)
      rest.headers.Set("If-None-Match", tag->second.etag);
  }
  auto response = client_->Send(call, rest);
  if (!response && Missing(response.error())) return std::optional<TableState>();
  if (!response) return Fail(std::move(response).error().Doing("loading " + ident.Text()));
  if (response->status == 304 && known != nullptr) return std::optional(*known);
  FIRN_TRY(TableState state, TakeAnswer(call, ident, response->body));
  Remember(ident, state, *response);
  const bool same = known != nullptr && known->metadata_location == state.metadata_location;
  return std::optional(same ? *known : std::move(state));
}

void RestTables::Remember(const TableIdent& ident, const TableState& state,
                          const net::Response& response) {
  const auto etag = response.headers.Get("ETag");
  const std::lock_guard lock(mutex_);
  if (!etag) {
    tags_.erase(ident);
    return;
  }
  if (tags_.size() >= kTagsMax) tags_.clear();
  tags_[ident] = {state.metadata_location, std::string(*etag)};
}

Result<TableState> RestTables::TakeAnswer(const Call& call, const TableIdent& ident,
                                          const std::string& body) {
  FIRN_TRY(LoadedTable table, ReadTableAnswer(body));
  const auto auth = TakeToken(call, ident, table.config);
  if (store_ == nullptr) return table.state;
  const std::string doing = "taking what the catalog says of " + ident.Text();
  FIRN_CHECK(Doing(store_->CheckPlace(table.state.metadata->location), doing));
  if (!table.state.metadata_location.empty())
    FIRN_CHECK(Doing(store_->CheckPlace(table.state.metadata_location), doing));
  const FileAccess access = AccessOf(ident, table, auth);
  for (const Grant& grant : table.grants) FIRN_CHECK(Doing(store_->Take(grant, access), doing));
  return table.state;
}

std::shared_ptr<TableAuth> RestTables::AuthOf(const TableIdent& ident) {
  const std::lock_guard lock(mutex_);
  const auto found = auths_.find(ident);
  return found == auths_.end() ? nullptr : found->second;
}

std::shared_ptr<TableAuth> RestTables::TakeToken(const Call& call, const TableIdent& ident,
                                                 const FileSettings& config) {
  const std::shared_ptr<TableAuth> known = AuthOf(ident);
  if (!BringsToken(config)) return known;
  const auto auth = known ? known : std::make_shared<TableAuth>(client_);
  auth->Take(call, config);
  if (known) return known;
  const std::lock_guard lock(mutex_);
  if (auths_.size() >= kTagsMax) auths_.clear();
  return auths_.try_emplace(ident, auth).first->second;
}

FileAccess RestTables::AccessOf(const TableIdent& ident, const LoadedTable& table,
                                std::shared_ptr<TableAuth> auth) const {
  FileAccess access;
  // The store may outlive the catalog's object, not its client.
  access.renew = [client = client_, auth, path = TablePath(ident), delegation = Delegation(),
                  named = table.credentials_path](const Call& call) -> Result<std::vector<Grant>> {
    const std::string url = named.empty() ? "" : client->Resolve(named, "");
    const bool at_url = !url.empty() && client->IsOwn(url);
    if (at_url || client->Offers(rest::kCredentials)) {
      const RestCall rest{.endpoint = rest::kCredentials,
                          .path = path + "/credentials",
                          .headers = delegation,
                          .auth = auth.get()};
      FIRN_TRY(const auto response,
               at_url ? client->SendTo(call, rest, url) : client->Send(call, rest));
      return ReadCredentialsAnswer(response.body);
    }
    FIRN_TRY(const auto response, client->Send(call, {.endpoint = rest::kLoadTable,
                                                      .path = path,
                                                      .headers = delegation,
                                                      .auth = auth.get()}));
    FIRN_TRY(LoadedTable loaded, ReadTableAnswer(response.body));
    return std::move(loaded.grants);
  };
  const std::string sign =
      client_->Offers(rest::kSign) ? client_->UrlOf(TablePath(ident)) + "/sign" : "";
  access.signer = [client = client_, auth = std::move(auth),
                   sign](FileSettings settings) -> Result<std::shared_ptr<aws::RequestSigner>> {
    // What the spec has where the table's config names none.
    if (!sign.empty() && !settings.contains("s3.signer.endpoint"))
      settings.try_emplace("signer.endpoint", sign);
    FIRN_TRY(auto signer, RemoteSigner::New(client, auth, settings));
    return signer;
  };
  return access;
}

Result<TableState> RestTables::Ask(const Call& call, const TableIdent& ident, RestCall rest) {
  const auto auth = rest.path.starts_with(TablePath(ident)) ? AuthOf(ident) : nullptr;
  rest.auth = auth.get();
  FIRN_TRY(const auto response, client_->Send(call, rest));
  return TakeAnswer(call, ident, response.body);
}

Result<TableState> RestTables::Register(const Call& call, const TableIdent& ident,
                                        const Registration& registration) {
  nlohmann::json body = {{"name", ident.name},
                         {"metadata-location", registration.metadata_location}};
  if (registration.overwrite) body["overwrite"] = true;
  return Ask(call, ident,
             {.endpoint = rest::kRegisterTable,
              .path = client_->NamespacePath(ident.ns) + "/register",
              .body = body.dump(),
              .headers = Delegation()});
}

Result<bool> RestTables::Drop(const Call& call, const TableIdent& ident) {
  const auto auth = AuthOf(ident);
  auto dropped = client_->Send(call, {.endpoint = rest::kDropTable,
                                      .path = TablePath(ident) + "?purgeRequested=false",
                                      .auth = auth.get()});
  {
    const std::lock_guard lock(mutex_);
    auths_.erase(ident);
  }
  if (!dropped && Missing(dropped.error())) return false;
  if (!dropped) return Fail(std::move(dropped).error().Doing("dropping " + ident.Text()));
  return true;
}

}  // namespace firn::lake
