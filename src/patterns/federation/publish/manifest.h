// Manifest: where published rows come from and what they are, kept in the snapshot that holds them.
// Plain values, pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/record/column_hash.h"
#include "core/record/schema.h"
#include "ends/lake/publish/row_stream.h"
#include "ends/lake/table.h"
#include "patterns/federation/publish/contract.h"

namespace firn::federation {

// A table as it was read: later commits do not reach the publication.
struct SourceSnapshot {
  std::string table;
  std::optional<int64_t> snapshot;  // nothing: it had no rows yet
  std::string metadata_location;
};

// Rows to be published. `open` may be called more than once and always reads the pinned snapshots.
struct PublishSource {
  std::vector<SourceSnapshot> pinned;
  std::string recipe;  // what is made of them (the query, the filter); SHA-256 in hex
  std::function<Result<std::unique_ptr<lake::RowStream>>(const Call& call)> open;
};

struct Manifest {
  ContractInForce contract;
  std::vector<SourceSnapshot> sources;
  std::string recipe;
  int64_t rows = 0;
  std::string checksum;  // ChecksumOf
};

// `firn.publish.*` members of a snapshot's summary, and back. Nothing: it is no publication.
[[nodiscard]] std::map<std::string, std::string> SummaryOf(const Manifest& manifest);
[[nodiscard]] std::optional<Manifest> ManifestOf(const lake::SnapshotInfo& snapshot);
// `[{"table":..,"snapshot-id":"..","metadata-location":..}]`
[[nodiscard]] std::string SourcesJson(const std::vector<SourceSnapshot>& sources);
[[nodiscard]] std::vector<SourceSnapshot> SourcesFromJson(const std::string& json);

struct Published {
  Manifest manifest;
  int64_t snapshot_id = 0;
};
// The newest snapshot of main that carries a manifest, going back from the current one.
[[nodiscard]] std::optional<Published> LastPublished(const lake::Table& table);

// SHA-256 in hex over the columns' names and hashes: the same for the same rows in any order.
[[nodiscard]] std::string ChecksumOf(const record::Schema& schema,
                                     const record::ColumnHashes& hashes);
// Whether the sources are the same states, and the same is made of them.
[[nodiscard]] bool SameOrigin(const Manifest& manifest, const PublishSource& source);

}  // namespace firn::federation
