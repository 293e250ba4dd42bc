#include "patterns/federation/storage/delegation.h"

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"

namespace firn::federation {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kPathProperties[] = {"write.data.path", "write.metadata.path",
                                           "write.object-storage.path",
                                           "write.folder-storage.path"};

// Names in the header are separated by commas; the first that is offered counts.
bool Asks(const Exchange& exchange, std::string_view mechanism) {
  const std::string header = exchange.headers.GetOr("X-Iceberg-Access-Delegation", "");
  for (size_t at = 0; at < header.size();) {
    size_t end = std::min(header.find(',', at), header.size());
    std::string_view word = std::string_view(header).substr(at, end - at);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (word == mechanism) return true;
    at = end + 1;
  }
  return false;
}

Json KeysJson(const aws::Credentials& keys) {
  return {{"s3.access-key-id", keys.access_key_id},
          {"s3.secret-access-key", keys.secret_access_key.Reveal()},
          {"s3.session-token", keys.session_token.Reveal()},
          {"s3.session-token-expires-at-ms",
           std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(
                              keys.expires.time_since_epoch())
                              .count())}};
}

Json StoreJson(const S3Access& access) {
  Json config = {{"client.region", access.region()}, {"s3.region", access.region()}};
  if (!access.endpoint().empty()) {
    config["s3.endpoint"] = access.endpoint();
    config["s3.path-style-access"] = "true";
  }
  return config;
}

std::string TablePath(const EntryName& name) {
  std::string ns;
  for (const std::string& level : name.ns) ns += (ns.empty() ? "" : "%1F") + PercentEncode(level);
  return "v1/namespaces/" + ns + "/tables/" + PercentEncode(name.name);
}

Result<aws::Credentials> KeysFor(Desk& desk, const Exchange& exchange, const EntryName& name,
                                 const std::vector<S3Place>& places) {
  S3Access::Wish wish;
  wish.places = places;
  wish.write = exchange.principal.May(Right::kWrite, PathOf(name));
  wish.principal = exchange.principal.name();
  return desk.s3->Vend(exchange.call, wish);
}

Json CredentialList(const aws::Credentials& keys, const std::vector<S3Place>& places,
                    const S3Access& access) {
  Json list = Json::array();
  for (const S3Place& place : places) {
    Json config = StoreJson(access);
    config.update(KeysJson(keys));
    list.push_back({{"prefix", place.Uri()}, {"config", std::move(config)}});
  }
  return list;
}

}  // namespace

Result<std::vector<S3Place>> PlacesOf(const lake::TableMetadata& metadata) {
  std::vector<S3Place> places;
  FIRN_TRY(S3Place own, ParseS3Uri(metadata.location));
  places.push_back(std::move(own));
  for (const char* key : kPathProperties) {
    const auto found = metadata.properties.find(key);
    if (found == metadata.properties.end() || found->second.empty()) continue;
    FIRN_TRY(S3Place place, ParseS3Uri(found->second));
    if (!places.front().Holds(place)) places.push_back(std::move(place));
  }
  return places;
}

Result<Delegated> DelegateAccess(Desk& desk, const Exchange& exchange, const EntryName& name,
                                 const lake::TableMetadata& metadata) {
  Delegated out;
  if (desk.s3 == nullptr || !IsS3Uri(metadata.location)) return out;
  if (Asks(exchange, "vended-credentials") && desk.s3->vends()) {
    FIRN_TRY(const auto places, PlacesOf(metadata));
    FIRN_TRY(const aws::Credentials keys, KeysFor(desk, exchange, name, places));
    Json config = StoreJson(*desk.s3);
    config.update(KeysJson(keys));
    config["client.refresh-credentials-endpoint"] = TablePath(name) + "/credentials";
    out.config_json = config.dump();
    out.credentials_json = CredentialList(keys, places, *desk.s3).dump();
    return out;
  }
  if (Asks(exchange, "remote-signing")) {
    Json config = StoreJson(*desk.s3);
    config["s3.remote-signing-enabled"] = "true";
    config["s3.signer"] = "S3V4RestSigner";
    config["s3.signer.endpoint"] = TablePath(name) + "/sign";
    out.config_json = config.dump();
  }
  return out;
}

Result<Json> StorageCredentials(Desk& desk, const Exchange& exchange, const EntryName& name,
                                const std::vector<S3Place>& places) {
  if (desk.s3 == nullptr || !desk.s3->vends() || places.empty()) return Json::array();
  FIRN_TRY(const aws::Credentials keys, KeysFor(desk, exchange, name, places));
  return CredentialList(keys, places, *desk.s3);
}

}  // namespace firn::federation
