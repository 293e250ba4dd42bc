#include "ends/lake/table.h"

#include "ends/lake/format/manifest.h"
#include "ends/lake/internal/encrypted.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

// Metadata and manifests beyond these sizes are not a table's any more but a mistake.
constexpr uint64_t kMetadataBytesMax = 512ULL << 20;
constexpr uint64_t kManifestBytesMax = 512ULL << 20;

// A file that a table refers to and that is not there means a damaged table, not a wrong name.
template <typename T>
Result<T> Needed(Result<T> result) {
  if (result || result.error().kind() != Kind::kNotFound) return result;
  return Fail(Error(Kind::kCorrupt, result.error().code(), result.error().what())
                  .At(result.error().where())
                  .Because(result.error().why()));
}

bool PlainName(std::string_view text) {
  if (text.empty() || text.size() > 128) return false;
  for (const char c : text) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
    if (!fine) return false;
  }
  return true;
}

}  // namespace

Result<TableIdent> ParseTableIdent(std::string_view text) {
  const auto bad = [&](const char* why) {
    return Fail(Error(Kind::kBadInput, "LAKE-NAME-001",
                      "`" + std::string(text.substr(0, 200)) + "` is no table name")
                    .Because(why)
                    .Hint("write NAMESPACE.TABLE, as in `salesforce.Account`"));
  };
  const size_t dot = text.rfind('.');
  if (dot == std::string_view::npos) return bad("it has no namespace");
  TableIdent ident{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
  if (!PlainName(ident.name)) return bad("a name is letters, digits, `_` and `-`, at most 128");
  std::string_view rest = ident.ns;
  for (;;) {
    const size_t end = std::min(rest.find('.'), rest.size());
    if (!PlainName(rest.substr(0, end)))
      return bad("a namespace is letters, digits, `_` and `-`, levels separated by `.`");
    if (end == rest.size()) return ident;
    rest.remove_prefix(end + 1);
  }
}

Table::Table(TableIdent ident, std::shared_ptr<const TableMetadata> metadata,
             std::string metadata_location, std::shared_ptr<ObjectStore> store)
    : ident_(std::move(ident)),
      metadata_(std::move(metadata)),
      metadata_location_(std::move(metadata_location)),
      store_(std::move(store)) {}

const TableIdent& Table::ident() const { return ident_; }
const record::Schema& Table::schema() const { return metadata_->current_schema().schema; }
int Table::last_column_id() const { return metadata_->last_column_id; }
TableShape Table::shape() const {
  return {metadata_->current_schema_id, metadata_->last_column_id, metadata_->default_spec_id,
          metadata_->last_partition_id, metadata_->default_sort_order_id};
}
const std::string& Table::location() const { return metadata_->location; }
const std::string& Table::metadata_location() const { return metadata_location_; }
const std::map<std::string, std::string>& Table::properties() const {
  return metadata_->properties;
}

std::optional<SnapshotInfo> Table::current_snapshot() const {
  const Snapshot* snapshot = metadata_->current_snapshot();
  if (snapshot == nullptr) return {};
  return static_cast<const SnapshotInfo&>(*snapshot);
}

std::vector<SnapshotInfo> Table::history() const {
  std::vector<SnapshotInfo> out;
  out.reserve(metadata_->snapshots.size());
  for (const auto& snapshot : metadata_->snapshots) out.push_back(*snapshot);
  return out;
}

Result<std::vector<DataFile>> Table::Files(const Call& call,
                                           std::optional<int64_t> snapshot_id) const {
  FIRN_TRY(const Snapshot* snapshot, SnapshotOf(*this, snapshot_id));
  std::vector<DataFile> files;
  if (snapshot == nullptr) return files;
  FIRN_TRY(const auto manifests, LoadManifests(call, *store_, *snapshot));
  for (const ManifestFile& manifest : manifests) {
    if (manifest.content != ManifestFile::Content::kData) continue;
    FIRN_CHECK(EachEntry(call, *store_, manifest, [&](ManifestEntry entry) -> Result<void> {
      if (entry.live()) files.push_back(std::move(entry.file));
      return {};
    }));
  }
  return files;
}

Result<const Snapshot*> SnapshotOf(const Table& table, std::optional<int64_t> snapshot_id) {
  if (!snapshot_id) return table.metadata().current_snapshot();
  const Snapshot* snapshot = table.metadata().FindSnapshot(*snapshot_id);
  if (snapshot != nullptr) return snapshot;
  return Fail(
      Error(Kind::kNotFound, "LAKE-SNAPSHOT-001",
            "table `" + table.ident().Text() + "` has no snapshot " + std::to_string(*snapshot_id))
          .Hint("`firn lake history " + table.ident().Text() + "` lists them"));
}

Result<std::vector<ManifestFile>> LoadManifests(const Call& call, ObjectStore& store,
                                                const Snapshot& snapshot) {
  if (internal::HasKey(snapshot.json)) return Fail(internal::EncryptedFile(snapshot.manifest_list));
  if (!snapshot.manifest_list.empty()) {
    FIRN_TRY(std::string bytes,
             Needed(store.Read(call, snapshot.manifest_list, kManifestBytesMax)));
    return ReadManifestList(std::move(bytes), snapshot.manifest_list);
  }
  std::vector<ManifestFile> out;
  for (const std::string& path : snapshot.v1_manifests) {
    ManifestFile manifest;
    manifest.path = path;
    manifest.added_snapshot_id = snapshot.snapshot_id;
    FIRN_TRY(manifest.length_bytes, Needed(store.Size(call, path)));
    out.push_back(std::move(manifest));
  }
  return out;
}

Result<void> EachEntry(const Call& call, ObjectStore& store, const ManifestFile& manifest,
                       const std::function<Result<void>(ManifestEntry)>& take) {
  if (manifest.key_metadata && !manifest.key_metadata->empty())
    return Fail(internal::EncryptedFile(manifest.path));
  FIRN_TRY(std::string bytes, Needed(store.Read(call, manifest.path, kManifestBytesMax)));
  if (static_cast<int64_t>(bytes.size()) != manifest.length_bytes)
    return Fail(Error(Kind::kCorrupt, "LAKE-MANIFEST-001",
                      "the manifest `" + manifest.path + "` is damaged")
                    .At(manifest.path)
                    .Because("it has " + std::to_string(bytes.size()) + " bytes; its list says " +
                             std::to_string(manifest.length_bytes)));
  return ReadManifest(std::move(bytes), manifest, take);
}

Result<TableMetadata> LoadMetadata(const Call& call, ObjectStore& store,
                                   const std::string& location, const ParseOptions& options) {
  FIRN_TRY(const std::string bytes, Needed(store.Read(call, location, kMetadataBytesMax)));
  auto parsed = ParseMetadata(bytes, options);
  if (parsed) return parsed;
  const Error& error = parsed.error();
  return Fail(Error(error.kind(), error.code(),
                    error.kind() == Kind::kCorrupt
                        ? "the metadata file `" + location + "` cannot be read"
                        : error.what())
                  .At(location)
                  .Because(error.why()));
}

}  // namespace firn::lake
