#include "ends/lake/catalog/rest_catalog.h"

#include <nlohmann/json.hpp>

#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "ends/lake/catalog/metadata_diff.h"
#include "ends/lake/catalog/remote_signer.h"
#include "ends/lake/catalog/rest_names.h"
#include "ends/lake/catalog/rest_reply.h"
#include "ends/lake/catalog/rest_tables.h"
#include "ends/lake/format/schema_json.h"

namespace firn::lake {
namespace {

using How = CommitOutcome::How;

const Backoff kUnclearBackoff{std::chrono::milliseconds(100), std::chrono::seconds(5), 4};

// The snapshot that `next` adds last; nothing when it adds none.
std::optional<int64_t> NewestOf(const TableMetadata& base, const TableMetadata& next) {
  if (next.snapshots.empty()) return {};
  const int64_t id = next.snapshots.back()->snapshot_id;
  if (base.FindSnapshot(id) != nullptr) return {};
  return id;
}

bool SameIds(const std::vector<record::Field>& one, const std::vector<record::Field>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const record::Field& a, const record::Field& b) {
                      return a.id == b.id && a.name == b.name &&
                             SameIds(a.type.children, b.type.children);
                    });
}

// Catalogs give the ids of a new table's columns themselves, in the order in which they stand.
// Files written by others would be read as empty columns.
Result<void> CheckIds(const TableIdent& ident, const record::Schema& asked,
                      const TableState& made) {
  if (SameIds(asked.fields, made.metadata->current_schema().schema.fields)) return {};
  return Fail(
      Error(Kind::kUnsupported, "LAKE-REST-011",
            "the catalog gave the columns of `" + ident.Text() + "` other ids")
          .Because("the table was made, but rows as they are decoded do not fit it")
          .Hint("drop it, and make it anew with the ids 1, 2, 3, .. in its schema's order"));
}

class RestCatalog final : public TableCatalog {
 public:
  RestCatalog(std::shared_ptr<RestClient> client, std::shared_ptr<RestStore> store)
      : tables_(std::move(client), store), store_(std::move(store)) {}

  Result<std::vector<std::string>> Namespaces(const Call& call) override {
    return tables_.Namespaces(call);
  }
  Result<void> CreateNamespace(const Call& call, const std::string& ns) override {
    return tables_.CreateNamespace(call, ns);
  }
  Result<std::vector<TableIdent>> Tables(const Call& call, const std::string& ns) override {
    return tables_.Tables(call, ns);
  }
  Result<std::optional<TableState>> Load(const Call& call, const TableIdent& ident,
                                         const TableState* known) override {
    return tables_.Load(call, ident, known);
  }
  Result<bool> Drop(const Call& call, const TableIdent& ident) override {
    return tables_.Drop(call, ident);
  }

  Result<std::optional<TableState>> Create(const Call& call, const TableIdent& ident,
                                           const record::Schema& schema,
                                           NewTableOptions options) override {
    nlohmann::ordered_json body = {{"name", ident.name},
                                   {"schema", nlohmann::ordered_json::parse(SchemaJson(schema))},
                                   {"stage-create", false},
                                   {"properties", options.properties}};
    body["properties"]["format-version"] = std::to_string(options.format_version);
    const RestCall rest{.endpoint = rest::kCreateTable,
                        .path = tables_.client().NamespacePath(ident.ns) + "/tables",
                        .body = body.dump(),
                        .headers = tables_.Delegation(),
                        .idempotency_key = NewTimedUuid(call),
                        .once = true};
    FIRN_FAULT_POINT("lake.create.before_catalog");
    auto made = tables_.Ask(call, ident, rest);
    if (!made && made.error().kind() == Kind::kNotFound) {
      FIRN_CHECK(tables_.CreateNamespace(call, ident.ns));
      made = tables_.Ask(call, ident, rest);
    }
    if (made) {
      FIRN_CHECK(CheckIds(ident, schema, *made));
      return std::optional(*std::move(made));
    }
    if (made.error().kind() == Kind::kConflict) return std::optional<TableState>();
    if (!MayHaveHappened(made.error()))
      return Fail(std::move(made).error().Doing("making the table " + ident.Text()));
    // Without an answer: a table without rows of just this schema is the one that was asked for.
    FIRN_TRY(auto there, tables_.Load(call, ident, nullptr));
    const bool ours = there && there->metadata->snapshots.empty() &&
                      there->metadata->current_schema().schema.fields == schema.fields;
    if (ours) return there;
    if (there) return std::optional<TableState>();
    return Fail(std::move(made).error().Doing("making the table " + ident.Text()));
  }

  Result<CommitOutcome> Commit(const Call& call, const TableIdent& ident,
                               MetadataCommit commit) override {
    FIRN_CHECK(store_->Settle(call, commit.written));
    FIRN_TRY(const RestCall rest, RequestFor(call, ident, commit));
    FIRN_FAULT_POINT("lake.commit.before_catalog");
    bool unclear = false;
    for (int attempt = 0;; ++attempt) {
      auto state = tables_.Ask(call, ident, rest);
      if (state) return Done(commit, *std::move(state));
      const Error& error = state.error();
      // A conflict with a time to come back: the first request of this key is still under way.
      const bool under_way =
          unclear && error.kind() == Kind::kConflict && error.retry().when == Retry::When::kAfter;
      if (!MayHaveHappened(error) && !under_way && !unclear) {
        if (error.kind() == Kind::kConflict) return CommitOutcome{};
        if (error.kind() == Kind::kNotFound) return Fail(NoSuchTable(ident));
        return Fail(std::move(state).error().Doing("committing to " + ident.Text()));
      }
      unclear = true;
      log::Warn("lake.commit_unclear", {{"table", ident.Text()}, {"error", error.OneLine()}});
      FIRN_TRY(auto seen, Look(call, ident, commit));
      if (seen) return Done(commit, *std::move(seen));
      CommitOutcome outcome;
      outcome.how = How::kUnclear;
      const bool repeat =
          tables_.client().keeps_idempotency_keys() && (MayHaveHappened(error) || under_way);
      if (!repeat) {
        if (error.retry().when == Retry::When::kAfter) (void)call.Sleep(error.retry().after);
        return outcome;
      }
      Error again = std::move(state).error();
      if (again.retry().when == Retry::When::kNever) again = std::move(again).RetryWithBackoff();
      if (!WaitToRetry(call, kUnclearBackoff, attempt, std::move(again))) return outcome;
    }
  }

 private:
  Result<RestCall> RequestFor(const Call& call, const TableIdent& ident,
                              const MetadataCommit& commit) {
    FIRN_TRY(const MetadataDiff diff, DiffMetadata(*commit.base.metadata, commit.next));
    const nlohmann::json name = {{"namespace", NamespaceLevels(ident.ns)}, {"name", ident.name}};
    return RestCall{.endpoint = rest::kUpdateTable,
                    .path = tables_.TablePath(ident),
                    .body = "{\"identifier\":" + name.dump() + ",\"requirements\":" +
                            diff.requirements + ",\"updates\":" + diff.updates + "}",
                    .idempotency_key = NewTimedUuid(call),
                    .once = true};
  }

  static CommitOutcome Done(const MetadataCommit& commit, TableState state) {
    CommitOutcome outcome;
    outcome.how = How::kCommitted;
    outcome.as_asked = state.metadata->current_snapshot_id == commit.next.current_snapshot_id;
    outcome.state = std::move(state);
    return outcome;
  }

  // The table as it is, when the commit can be seen in it.
  Result<std::optional<TableState>> Look(const Call& call, const TableIdent& ident,
                                         const MetadataCommit& commit) {
    auto now = tables_.Load(call, ident, nullptr);
    if (!now) return Fail(UnknownCommit(ident, now.error()));
    if (!*now) return Fail(UnknownCommit(ident, NoSuchTable(ident)));
    const TableMetadata& metadata = *(*now)->metadata;
    if (const auto id = NewestOf(*commit.base.metadata, commit.next)) {
      if (metadata.FindSnapshot(*id) != nullptr) return now;
      return std::optional<TableState>();
    }
    // Nothing but settings: they are there, or asking for them again changes nothing more.
    FIRN_TRY(const MetadataDiff left, DiffMetadata(metadata, commit.next));
    return left.empty() ? *std::move(now) : std::optional<TableState>();
  }

  RestTables tables_;
  std::shared_ptr<RestStore> store_;
};

}  // namespace

Result<RestCatalogParts> OpenRestCatalog(const Call& call, const RestCatalogOptions& options,
                                         const RestStoreOptions& store) {
  FIRN_TRY(std::shared_ptr<RestClient> client, RestClient::Open(call, options));
  FileAccess access;
  access.signer =
      [client](const FileSettings& settings) -> Result<std::shared_ptr<aws::RequestSigner>> {
    FIRN_TRY(auto signer, RemoteSigner::New(client, nullptr, settings));
    return signer;
  };
  FIRN_TRY(auto files, RestStore::Open(store, client->properties(), std::move(access)));
  RestCatalogParts parts;
  parts.catalog = std::make_unique<RestCatalog>(client, files);
  parts.store = std::move(files);
  return parts;
}

}  // namespace firn::lake
