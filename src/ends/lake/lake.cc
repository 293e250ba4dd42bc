#include <filesystem>

#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "ends/lake/commit/changes.h"
#include "ends/lake/commit/commit.h"
#include "ends/lake/format/schema_json.h"
#include "ends/lake/internal/lake_parts.h"
#include "ends/lake/maintain/expiry.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/store/s3_store.h"
#include "ends/lake/table.h"
#include "ends/lake/table_io.h"
#include "ends/lake/write/partitions.h"

namespace firn::lake {
namespace {

bool IsS3(std::string_view uri) { return uri.starts_with("s3://"); }

class EmbeddedLake final : public Lake {
 public:
  explicit EmbeddedLake(internal::LakeParts parts)
      : root_(std::move(parts.root)),
        catalog_(std::move(parts.catalog)),
        store_(std::move(parts.store)),
        committer_(*catalog_, store_) {}

  Result<std::vector<std::string>> Namespaces() override { return catalog_->Namespaces(); }

  Result<void> CreateNamespace(const std::string& ns) override {
    FIRN_CHECK(ParseTableIdent(ns + ".t"));
    return catalog_->CreateNamespace(ns);
  }

  Result<std::vector<TableIdent>> Tables(const std::string& ns) override {
    return catalog_->Tables(ns);
  }

  Result<Table> Load(const TableIdent& ident) override {
    return committer_.LoadTable(Call(), ident);
  }

  Result<Table> Create(const Call& call, const TableIdent& ident, const record::Schema& schema,
                       const std::map<std::string, std::string>& properties) override {
    FIRN_CHECK(ParseTableIdent(ident.Text()));
    FIRN_CHECK(CheckSchema(schema));
    FIRN_TRY(const auto existing, catalog_->Find(ident));
    if (existing) return Fail(Taken(ident));
    FIRN_CHECK(catalog_->CreateNamespace(ident.ns));

    NewTableOptions options;
    options.uuid = NewUuid(*call.random);
    FIRN_TRY(options.location, FreeLocation(call, ident, options.uuid));
    options.now_ms = CommitTimeMs(call, 0);
    options.properties = properties;
    if (const auto version = properties.find(kFormatVersion); version != properties.end()) {
      if (version->second != "2" && version->second != "3")
        return Fail(Error(Kind::kUnsupported, "LAKE-META-002",
                          "a table of format version " + version->second + " cannot be made")
                        .Because("versions 2 and 3 are written"));
      options.format_version = version->second[0] - '0';
      options.properties.erase(kFormatVersion);
    }
    // A mirror is committed often: old metadata files are not kept for ever.
    options.properties.emplace("write.metadata.delete-after-commit.enabled", "true");
    options.properties.emplace("write.metadata.previous-versions-max", "20");
    options.properties.emplace("write.metadata.compression-codec", "gzip");
    options.properties.emplace(kMaxSnapshots, "100");
    options.properties.emplace("write.parquet.compression-codec", "zstd");
    const TableMetadata metadata = NewTableMetadata(schema, options);
    FIRN_TRY(const std::string location, committer_.WriteFirstMetadata(call, metadata));
    FIRN_FAULT_POINT("lake.create.before_catalog");
    FIRN_TRY(const bool inserted, catalog_->Insert(ident, location));
    if (!inserted) {
      FIRN_CHECK(store_->Remove(call, location));
      return Fail(Taken(ident));
    }
    FIRN_FAULT_POINT("lake.create.after_catalog");
    return committer_.LoadTable(call, ident);
  }

  Result<void> Drop(const TableIdent& ident) override {
    FIRN_TRY(const bool dropped, catalog_->Delete(ident));
    committer_.Forget(ident);
    if (!dropped)
      return Fail(
          Error(Kind::kNotFound, "LAKE-TABLE-001", "there is no table `" + ident.Text() + "`"));
    return {};
  }

  Result<Table> EvolveSchema(const Call& call, const TableIdent& ident,
                             const record::Schema& schema,
                             const TableShape& derived_from) override {
    return committer_.Commit(call, ident, [&](const Call& inner, const CommitBase& base) {
      return EvolveSchemaChange(inner, base, schema, derived_from);
    });
  }

  Result<Table> EvolveSchema(const Call& call, const TableIdent& ident,
                             const DeriveSchema& derive) override {
    const auto change = [&](const Call& inner, const CommitBase& base) -> Result<CommitDraft> {
      FIRN_TRY(const record::Schema schema,
               derive(Table(ident, base.metadata, base.metadata_location, store_)));
      return EvolveSchemaChange(inner, base, schema, {});
    };
    return committer_.Commit(call, ident, change);
  }

  Result<Table> EvolveSpec(const Call& call, const TableIdent& ident,
                           const std::vector<PartitionField>& fields,
                           const TableShape& derived_from) override {
    return committer_.Commit(call, ident, [&](const Call& inner, const CommitBase& base) {
      return EvolveSpecChange(inner, base, fields, derived_from);
    });
  }

  Result<Table> EvolveSortOrder(const Call& call, const TableIdent& ident,
                                const std::vector<SortField>& fields,
                                const TableShape& derived_from) override {
    return committer_.Commit(call, ident, [&](const Call& inner, const CommitBase& base) {
      return EvolveSortOrderChange(inner, base, fields, derived_from);
    });
  }

  Result<Table> SetProperties(
      const Call& call, const TableIdent& ident,
      const std::map<std::string, std::optional<std::string>>& changes) override {
    return committer_.Commit(call, ident, [&](const Call& inner, const CommitBase& base) {
      return SetPropertiesChange(inner, base, changes);
    });
  }

  Result<Table> SetRef(const Call& call, const TableIdent& ident, const std::string& name,
                       const std::optional<RefOptions>& ref) override {
    return committer_.Commit(call, ident, [&](const Call& inner, const CommitBase& base) {
      return SetRefChange(inner, base, name, ref);
    });
  }

  Result<Table> Append(const Call& call, const TableIdent& ident,
                       const std::vector<DataFile>& files, const CommitOptions& options) override {
    return InPartitions(call, ident, files, [&](const std::vector<DataFile>& placed) {
      AppendChange change(store_, placed, options);
      return CommitOrDiscard(call, ident, change);
    });
  }

  Result<Table> ReplaceAll(const Call& call, const TableIdent& ident,
                           const std::vector<DataFile>& files, const record::Schema* schema,
                           const CommitOptions& options) override {
    return InPartitions(call, ident, files, [&](const std::vector<DataFile>& placed) {
      ReplaceAllChange change(store_, placed, schema, options);
      return CommitOrDiscard(call, ident, change);
    });
  }

  Result<Table> CommitRowDelta(const Call& call, const TableIdent& ident, const RowDelta& delta,
                               const RowDeltaOptions& options) override {
    RowDeltaChange change(store_, delta, options);
    return CommitOrDiscard(call, ident, change);
  }

  Result<Table> ExpireSnapshots(const Call& call, const TableIdent& ident,
                                const ExpiryRules& rules) override {
    ExpireChange change(store_, rules);
    return CommitOrDiscard(call, ident, change);
  }

  Result<Table> RewriteManifests(const Call& call, const TableIdent& ident) override {
    RewriteManifestsChange change(store_);
    return CommitOrDiscard(call, ident, change);
  }

 private:
  template <typename Change>
  Result<Table> CommitOrDiscard(const Call& call, const TableIdent& ident, Change& change) {
    auto table = committer_.Commit(call, ident, std::ref(change));
    if (!table && table.error().kind() != Kind::kCommitUnknown) change.Discard(call);
    return table;
  }

  // Commits `files` with their rows in the partitions of the table's spec: those that are in none
  // are written again, and go once nobody needs them.
  Result<Table> InPartitions(
      const Call& call, const TableIdent& ident, const std::vector<DataFile>& files,
      const std::function<Result<Table>(const std::vector<DataFile>& placed)>& commit) {
    FIRN_TRY(const Table table, committer_.LoadTable(call, ident));
    std::vector<DataFile> ready;
    std::vector<DataFile> loose;
    for (const DataFile& file : files) {
      const bool in_none = !table.metadata().default_spec().unpartitioned() &&
                           file.content == DataFile::Content::kData && file.partition.empty();
      (in_none ? loose : ready).push_back(file);
    }
    if (loose.empty()) return commit(files);
    FIRN_TRY(const auto placed, PlaceInPartitions(call, table, loose));
    ready.insert(ready.end(), placed.begin(), placed.end());
    auto done = commit(ready);
    if (!done && done.error().kind() == Kind::kCommitUnknown) return done;
    // A file that stays is an orphan, which is reported as one.
    for (const DataFile& file : done ? loose : placed) (void)store_->Remove(call, file.path);
    return done;
  }

  static Error Taken(const TableIdent& ident) {
    return Error(Kind::kConflict, "LAKE-TABLE-002", "table `" + ident.Text() + "` exists already");
  }

  // `<warehouse>/<namespace>/<table>`, or beside it when files of a dropped table lie there.
  Result<std::string> FreeLocation(const Call& call, const TableIdent& ident,
                                   const std::string& uuid) {
    std::string folder = root_;
    folder += "/" + ident.ns + "/";
    for (size_t at = root_.size() + 1; at < folder.size(); ++at) {
      if (folder[at] == '.') folder[at] = '/';
    }
    folder += ident.name;
    bool used = false;
    FIRN_CHECK(store_->List(call, UriOf(folder), [&](const ObjectInfo&) -> Result<void> {
      used = true;
      return {};
    }));
    return UriOf(used ? folder + "-" + uuid.substr(0, 8) : folder);
  }
  static std::string UriOf(const std::string& folder) {
    return IsS3(folder) ? folder : FileUri(folder);
  }

  std::string root_;
  std::unique_ptr<Catalog> catalog_;
  std::shared_ptr<ObjectStore> store_;
  Committer committer_;
};

// The warehouse as an absolute path without links or `..`.
Result<std::string> WarehouseFolder(const LakeOptions& options) {
  std::string text = options.warehouse;
  if (!text.starts_with("file:")) {
    std::error_code error;
    text = std::filesystem::absolute(text, error).lexically_normal().string();
    if (error) text = options.warehouse;
  }
  FIRN_TRY(const std::string path, LocalPath(text));
  // Other engines parse locations as URIs, in which these have a meaning.
  if (path.find_first_of("?#%") != std::string::npos)
    return Fail(Error(Kind::kBadInput, "LAKE-STORE-001", "`" + path + "` cannot be a warehouse")
                    .Because("`?`, `#` and `%` in a path are read differently by other engines"));
  if (options.create) FIRN_CHECK(MakeFolders(path));
  return path;
}

}  // namespace

namespace internal {

std::unique_ptr<Lake> LakeOf(LakeParts parts) {
  return std::make_unique<EmbeddedLake>(std::move(parts));
}

}  // namespace internal

Result<std::unique_ptr<Lake>> Lake::Open(const LakeOptions& options) {
  internal::LakeParts parts;
  const bool on_s3 = IsS3(options.warehouse);
  if (on_s3) {
    if (options.catalog_path.empty())
      return Fail(
          Error(Kind::kBadInput, "LAKE-STORE-007", "the catalog of an S3 warehouse has no place")
              .At(options.warehouse)
              .Hint("name its SQLite file: `--catalog FILE`, or `lake.catalog` in firn.yaml"));
    parts.root = options.warehouse;
    while (parts.root.ends_with('/')) parts.root.pop_back();
    const size_t slash = options.catalog_path.rfind('/');
    const std::string folder =
        slash == std::string::npos ? "." : options.catalog_path.substr(0, slash);
    FIRN_CHECK(MakeFolders(folder, 0700));
    FIRN_TRY(parts.store, OpenS3Store(parts.root, folder + "/spool"));
  } else {
    FIRN_TRY(parts.root, WarehouseFolder(options));
    parts.store = LocalStore(parts.root);
  }
  SqlCatalogOptions catalog;
  catalog.path = options.catalog_path.empty() ? parts.root + "/catalog.db" : options.catalog_path;
  catalog.name = options.catalog_name;
  catalog.create = options.create;
  catalog.busy_timeout_ms = options.busy_timeout_ms;
  FIRN_TRY(parts.catalog, OpenSqlCatalog(catalog));
  return internal::LakeOf(std::move(parts));
}

}  // namespace firn::lake
