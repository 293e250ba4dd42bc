// A catalog of locations as a TableCatalog: metadata files are written here, the catalog's row is
// moved from one to the next.
#include <chrono>

#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "ends/lake/catalog/catalog.h"
#include "ends/lake/catalog/table_catalog.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

using How = CommitOutcome::How;

class LocationCatalog final : public TableCatalog {
 public:
  explicit LocationCatalog(LocationCatalogParts parts) : parts_(std::move(parts)) {}

  Result<std::vector<std::string>> Namespaces(const Call&) override {
    return parts_.catalog->Namespaces();
  }
  Result<void> CreateNamespace(const Call&, const std::string& ns) override {
    return parts_.catalog->CreateNamespace(ns);
  }
  Result<std::vector<TableIdent>> Tables(const Call&, const std::string& ns) override {
    return parts_.catalog->Tables(ns);
  }
  Result<bool> Drop(const Call&, const TableIdent& ident) override {
    return parts_.catalog->Delete(ident);
  }

  Result<std::optional<TableState>> Load(const Call& call, const TableIdent& ident,
                                         const TableState* known) override {
    // A slow reader may find the file gone because others went on and cleaned up: it looks again.
    constexpr int kLooksMax = 3;
    std::string seen;
    for (int look = 1;; ++look) {
      FIRN_TRY(const auto entry, parts_.catalog->Find(ident));
      if (!entry || entry->metadata_location.empty()) return std::optional<TableState>();
      if (known != nullptr && known->metadata_location == entry->metadata_location)
        return std::optional(*known);
      auto loaded = LoadMetadata(call, *parts_.store, entry->metadata_location);
      if (!loaded && look < kLooksMax && seen != entry->metadata_location) {
        seen = entry->metadata_location;
        continue;
      }
      if (loaded) return std::optional(StateOf(entry->metadata_location, *std::move(loaded)));
      Error error = std::move(loaded).error();
      if (error.kind() == Kind::kCorrupt && !entry->previous_metadata_location.empty())
        error = std::move(error).Hint("the state before the last commit is in `" +
                                      entry->previous_metadata_location + "`");
      return Fail(std::move(error));
    }
  }

  Result<std::optional<TableState>> Create(const Call& call, const TableIdent& ident,
                                           const record::Schema& schema,
                                           NewTableOptions options) override {
    FIRN_TRY(const auto existing, parts_.catalog->Find(ident));
    if (existing) return std::optional<TableState>();
    FIRN_CHECK(parts_.catalog->CreateNamespace(ident.ns));
    FIRN_TRY(options.location, FreeLocation(call, ident, options.uuid));
    TableMetadata metadata = NewTableMetadata(schema, options);
    FIRN_TRY(const std::string location,
             WriteMetadata(call, *parts_.store, {metadata, MetadataJson(metadata), 0}));
    FIRN_CHECK(parts_.store->Settle(call, {location}));
    FIRN_FAULT_POINT("lake.create.before_catalog");
    FIRN_TRY(const bool inserted, parts_.catalog->Insert(ident, location));
    if (!inserted) {
      FIRN_CHECK(parts_.store->Remove(call, location));
      return std::optional<TableState>();
    }
    FIRN_FAULT_POINT("lake.create.after_catalog");
    return std::optional(StateOf(location, std::move(metadata)));
  }

  Result<CommitOutcome> Commit(const Call& call, const TableIdent& ident,
                               MetadataCommit commit) override {
    const TableState& base = commit.base;
    CommitOutcome outcome;
    outcome.let_go =
        PushMetadataLog(commit.next, {base.metadata_location, base.metadata->last_updated_ms});
    FIRN_TRY(const std::string location,
             WriteMetadata(call, *parts_.store,
                           {commit.next, MetadataJson(commit.next),
                            MetadataVersion(base.metadata_location) + 1}));
    FIRN_FAULT_POINT("lake.commit.after_metadata");
    commit.written.push_back(location);
    FIRN_CHECK(parts_.store->Settle(call, commit.written));
    FIRN_FAULT_POINT("lake.commit.before_catalog");
    auto how = SwapOrFindOut(call, ident, {base.metadata_location, location});
    const bool lost = how ? *how == How::kLost : how.error().kind() != Kind::kCommitUnknown;
    // A file of a commit that may have become true is never removed.
    if (lost) RemoveQuietly(call, location);
    if (!how) return Fail(std::move(how).error());
    outcome.how = *how;
    if (outcome.how == How::kCommitted) outcome.state = StateOf(location, std::move(commit.next));
    return outcome;
  }

 private:
  static TableState StateOf(const std::string& location, TableMetadata metadata) {
    return {location, std::make_shared<const TableMetadata>(std::move(metadata))};
  }

  Result<How> SwapOrFindOut(const Call& call, const TableIdent& ident, const CatalogSwap& swap) {
    auto swapped = parts_.catalog->Swap(ident, swap);
    if (swapped) return *swapped ? How::kCommitted : How::kLost;
    const Kind kind = swapped.error().kind();
    const bool unknown = kind == Kind::kCommitUnknown || kind == Kind::kTimeout ||
                         kind == Kind::kUnreachable || kind == Kind::kInternal;
    if (!unknown) return Fail(std::move(swapped).error());
    return FindOut(call, ident, swap);
  }

  Result<How> FindOut(const Call& call, const TableIdent& ident, const CatalogSwap& swap) {
    const auto unknown = [&](const Error& cause) {
      return Fail(UnknownCommit(ident, cause).At(swap.next));
    };
    const Backoff backoff{std::chrono::milliseconds(50), std::chrono::milliseconds(2000), 6};
    for (int attempt = 0;; ++attempt) {
      auto entry = parts_.catalog->Find(ident);
      if (entry) {
        if (!*entry) return unknown(NoSuchTable(ident));
        if ((*entry)->metadata_location == swap.next) return How::kCommitted;
        if ((*entry)->metadata_location == swap.expected) return How::kLost;
        // Others went on from either state: their log says from which.
        auto current = LoadMetadata(call, *parts_.store, (*entry)->metadata_location);
        if (!current) return unknown(current.error());
        for (const MetadataLogEntry& log : current->metadata_log) {
          if (log.metadata_file == swap.next) return How::kCommitted;
        }
        return How::kLost;
      }
      Error error = std::move(entry).error();
      const Error shown = error;
      if (!WaitToRetry(call, backoff, attempt, std::move(error).RetryWithBackoff()))
        return unknown(shown);
    }
  }

  void RemoveQuietly(const Call& call, const std::string& uri) {
    // A file that stays is an orphan that `firn lake files --orphans` reports; no reason to fail.
    if (auto removed = parts_.store->Remove(call, uri); !removed)
      log::Warn("lake.file_not_removed", {{"uri", uri}, {"error", removed.error().OneLine()}});
  }

  // `<warehouse>/<namespace>/<table>`, or beside it when files of a dropped table lie there.
  Result<std::string> FreeLocation(const Call& call, const TableIdent& ident,
                                   const std::string& uuid) {
    std::string folder = parts_.root;
    folder += "/" + ident.ns + "/";
    for (size_t at = parts_.root.size() + 1; at < folder.size(); ++at) {
      if (folder[at] == '.') folder[at] = '/';
    }
    folder += ident.name;
    bool used = false;
    FIRN_CHECK(parts_.store->List(call, UriOf(folder), [&](const ObjectInfo&) -> Result<void> {
      used = true;
      return {};
    }));
    return UriOf(used ? folder + "-" + uuid.substr(0, 8) : folder);
  }
  static std::string UriOf(const std::string& folder) {
    return folder.starts_with("s3://") ? folder : FileUri(folder);
  }

  LocationCatalogParts parts_;
};

}  // namespace

Error NoSuchTable(const TableIdent& ident) {
  return Error(Kind::kNotFound, "LAKE-TABLE-001", "there is no table `" + ident.Text() + "`")
      .Hint("`firn lake list` shows the tables of this warehouse");
}

Error UnknownCommit(const TableIdent& ident, const Error& cause) {
  return Error(Kind::kCommitUnknown, "LAKE-COMMIT-002",
               "it is not known whether the commit to `" + ident.Text() + "` took effect")
      .Because(cause.what())
      .Hint("look at `firn lake history " + ident.Text() + "` before trying again");
}

std::unique_ptr<TableCatalog> NewLocationCatalog(LocationCatalogParts parts) {
  return std::make_unique<LocationCatalog>(std::move(parts));
}

}  // namespace firn::lake
