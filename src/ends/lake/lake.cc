#include "ends/lake/catalog/table_catalog.h"
#include "ends/lake/commit/changes.h"
#include "ends/lake/commit/commit.h"
#include "ends/lake/format/schema_json.h"
#include "ends/lake/internal/lake_parts.h"
#include "ends/lake/maintain/expiry.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/table.h"
#include "ends/lake/write/partitions.h"

namespace firn::lake {
namespace {

class CatalogLake final : public Lake {
 public:
  CatalogLake(std::unique_ptr<TableCatalog> catalog, std::shared_ptr<ObjectStore> store)
      : catalog_(std::move(catalog)), store_(std::move(store)), committer_(*catalog_, store_) {}

  Result<std::vector<std::string>> Namespaces() override { return catalog_->Namespaces(Call()); }

  Result<void> CreateNamespace(const std::string& ns) override {
    FIRN_CHECK(ParseTableIdent(ns + ".t"));
    return catalog_->CreateNamespace(Call(), ns);
  }

  Result<std::vector<TableIdent>> Tables(const std::string& ns) override {
    return catalog_->Tables(Call(), ns);
  }

  Result<Table> Load(const TableIdent& ident) override {
    return committer_.LoadTable(Call(), ident);
  }

  Result<Table> Create(const Call& call, const TableIdent& ident, const record::Schema& schema,
                       const std::map<std::string, std::string>& properties) override {
    FIRN_CHECK(ParseTableIdent(ident.Text()));
    FIRN_CHECK(CheckSchema(schema));
    NewTableOptions options;
    options.uuid = NewUuid(*call.random);
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
    FIRN_CHECK(CheckVersion(schema, options.format_version));
    // A mirror is committed often: old metadata files are not kept for ever.
    options.properties.emplace("write.metadata.delete-after-commit.enabled", "true");
    options.properties.emplace("write.metadata.previous-versions-max", "20");
    options.properties.emplace("write.metadata.compression-codec", "gzip");
    options.properties.emplace(kMaxSnapshots, "100");
    options.properties.emplace("write.parquet.compression-codec", "zstd");
    FIRN_TRY(const auto made, catalog_->Create(call, ident, schema, std::move(options)));
    if (!made) return Fail(Taken(ident));
    return committer_.LoadTable(call, ident);
  }

  Result<void> Drop(const TableIdent& ident) override {
    FIRN_TRY(const bool dropped, catalog_->Drop(Call(), ident));
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

  std::unique_ptr<TableCatalog> catalog_;
  std::shared_ptr<ObjectStore> store_;
  Committer committer_;
};

}  // namespace

namespace internal {

std::unique_ptr<Lake> LakeOf(std::unique_ptr<TableCatalog> catalog,
                             std::shared_ptr<ObjectStore> store) {
  return std::make_unique<CatalogLake>(std::move(catalog), std::move(store));
}

std::unique_ptr<Lake> LakeOf(LakeParts parts) {
  auto store = parts.store;
  return LakeOf(
      NewLocationCatalog({std::move(parts.root), std::move(parts.catalog), std::move(parts.store)}),
      std::move(store));
}

}  // namespace internal

}  // namespace firn::lake
