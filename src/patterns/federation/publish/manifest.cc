#include "patterns/federation/publish/manifest.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/net/digest.h"
#include "ends/lake/format/metadata.h"

namespace firn::federation {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kContractName = "firn.publish.contract";
constexpr const char* kContractVersion = "firn.publish.contract-version";
constexpr const char* kContractDigest = "firn.publish.contract-sha256";
constexpr const char* kKey = "firn.publish.key";
constexpr const char* kSources = "firn.publish.sources";
constexpr const char* kRecipe = "firn.publish.recipe-sha256";
constexpr const char* kRows = "firn.publish.rows";
constexpr const char* kChecksum = "firn.publish.checksum";

std::optional<int64_t> Number(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

std::string TextOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

// Snapshot ids are text: JavaScript cannot hold them as numbers.
std::string SourcesJson(const std::vector<SourceSnapshot>& sources) {
  Json list = Json::array();
  for (const SourceSnapshot& source : sources) {
    Json item = {{"table", source.table}};
    if (source.snapshot) item["snapshot-id"] = std::to_string(*source.snapshot);
    item["metadata-location"] = source.metadata_location;
    list.push_back(std::move(item));
  }
  return list.dump();
}

std::vector<SourceSnapshot> SourcesFromJson(const std::string& json) {
  const Json list = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  std::vector<SourceSnapshot> sources;
  if (!list.is_array()) return sources;
  for (const Json& item : list) {
    if (!item.is_object()) continue;
    SourceSnapshot source{TextOf(item, "table"), {}, TextOf(item, "metadata-location")};
    source.snapshot = Number(TextOf(item, "snapshot-id"));
    sources.push_back(std::move(source));
  }
  return sources;
}

std::map<std::string, std::string> SummaryOf(const Manifest& manifest) {
  return {{kContractName, manifest.contract.name},
          {kContractVersion, std::to_string(manifest.contract.version)},
          {kContractDigest, manifest.contract.digest},
          {kKey, Json(manifest.contract.key).dump()},
          {kSources, SourcesJson(manifest.sources)},
          {kRecipe, manifest.recipe},
          {kRows, std::to_string(manifest.rows)},
          {kChecksum, manifest.checksum}};
}

std::optional<Manifest> ManifestOf(const lake::SnapshotInfo& snapshot) {
  const auto text = [&](const char* key) {
    const auto found = snapshot.summary.find(key);
    return found == snapshot.summary.end() ? std::string() : found->second;
  };
  Manifest manifest;
  manifest.contract.name = text(kContractName);
  if (manifest.contract.name.empty()) return {};
  manifest.contract.version = Number(text(kContractVersion)).value_or(0);
  manifest.contract.digest = text(kContractDigest);
  const Json key = Json::parse(text(kKey), nullptr, /*allow_exceptions=*/false);
  if (key.is_array()) {
    for (const Json& name : key) {
      if (name.is_string()) manifest.contract.key.push_back(name.get<std::string>());
    }
  }
  manifest.sources = SourcesFromJson(text(kSources));
  manifest.recipe = text(kRecipe);
  manifest.rows = Number(text(kRows)).value_or(0);
  manifest.checksum = text(kChecksum);
  return manifest;
}

std::optional<Published> LastPublished(const lake::Table& table) {
  const lake::TableMetadata& metadata = table.metadata();
  for (const lake::Snapshot* at = metadata.current_snapshot(); at != nullptr;
       at = at->parent_id ? metadata.FindSnapshot(*at->parent_id) : nullptr) {
    if (auto manifest = ManifestOf(*at)) return Published{*std::move(manifest), at->snapshot_id};
  }
  return {};
}

std::string ChecksumOf(const record::Schema& schema, const record::ColumnHashes& hashes) {
  std::string text;
  for (size_t i = 0; i < schema.fields.size(); ++i)
    text += schema.fields[i].name + "=" + std::to_string(hashes[i]) + "\n";
  return Hex(net::Sha256(text));
}

bool SameOrigin(const Manifest& manifest, const PublishSource& source) {
  return manifest.recipe == source.recipe && manifest.sources.size() == source.pinned.size() &&
         std::equal(manifest.sources.begin(), manifest.sources.end(), source.pinned.begin(),
                    [](const SourceSnapshot& a, const SourceSnapshot& b) {
                      return a.table == b.table && a.snapshot == b.snapshot;
                    });
}

}  // namespace firn::federation
