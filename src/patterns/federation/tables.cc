#include "patterns/federation/tables.h"

#include <chrono>

#include "core/base/file.h"
#include "core/base/log.h"
#include "ends/lake/maintain/purge.h"
#include "ends/lake/table_io.h"
#include "patterns/federation/now.h"
#include "patterns/federation/refusals.h"
#include "patterns/federation/storage/delegation.h"
#include "patterns/federation/storage/s3_location.h"

namespace firn::federation {

using lake::EntryKind;
using lake::TableIdent;
using lake::TableMetadata;

namespace {

// Of metadata JSON kept in memory; what is parsed takes about as much again.
constexpr size_t kKnownBytesMax = 256ULL << 20;
// A metadata file larger than this, inflated, is refused.
constexpr uint64_t kMetadataBytesMax = 256ULL << 20;

tl::unexpected<Error> NoFile(const std::string& location) {
  return Fail(Error(Kind::kNotFound, "LAKE-STORE-002",
                    "Failed to open input stream for file: " + location));
}

}  // namespace

Result<LoadedTable> Tables::ReadFile(const Call& call, const std::string& location) {
  lake::ParseOptions options;
  options.foreign_types = true;
  options.bytes_max = kMetadataBytesMax;
  auto parsed = lake::LoadMetadata(call, *store_, location, options);
  if (!parsed && !store_->Size(call, location)) return NoFile(location);
  FIRN_TRY(TableMetadata metadata, std::move(parsed));
  LoadedTable table;
  table.location = location;
  table.json = std::make_shared<const std::string>(lake::MetadataJson(metadata));
  table.metadata = std::make_shared<const TableMetadata>(std::move(metadata));
  return table;
}

Result<std::optional<LoadedTable>> Tables::Find(const Call& call, const TableIdent& ident) {
  // A slow reader may find the file gone because others went on and cleaned up: it looks again.
  constexpr int kLooksMax = 3;
  std::string seen;
  for (int look = 1;; ++look) {
    FIRN_TRY(const auto entry, catalog_.FindEntry(ident, EntryKind::kTable));
    if (!entry) {
      Forget(ident);
      return std::optional<LoadedTable>();
    }
    if (auto known = InMemory(ident, entry->metadata_location)) return known;
    auto table = ReadFile(call, entry->metadata_location);
    if (!table && look < kLooksMax && seen != entry->metadata_location) {
      seen = entry->metadata_location;
      continue;
    }
    if (!table) return Fail(std::move(table).error());
    Remember(ident, *table);
    return std::optional(*std::move(table));
  }
}

std::optional<LoadedTable> Tables::InMemory(const TableIdent& ident, const std::string& location) {
  const std::lock_guard lock(mutex_);
  const auto known = known_.find(ident);
  if (known == known_.end() || known->second.location != location) return std::nullopt;
  return known->second;
}

Result<std::vector<S3Place>> Tables::Places(const Call& call, const TableIdent& ident) {
  FIRN_TRY(const auto entry, catalog_.FindEntry(ident, EntryKind::kTable));
  if (!entry)
    return Fail(Kind::kNotFound, "CAT-TABLE-001", "Table does not exist: " + ident.Text());
  if (const auto known = InMemory(ident, entry->metadata_location))
    return PlacesOf(*known->metadata);
  FIRN_TRY(const LoadedTable table, ReadFile(call, entry->metadata_location));
  return PlacesOf(*table.metadata);
}

Result<LoadedTable> Tables::Load(const Call& call, const EntryName& name) {
  FIRN_TRY(auto table, Find(call, IdentOf(name)));
  if (!table) return NoEntry(name, EntryKind::kTable);
  // Clients read the file too: one that is gone must not be hidden by what is in memory.
  if (!store_->Size(call, table->location)) return NoFile(table->location);
  return *std::move(table);
}

Result<bool> Tables::Exists(const EntryName& name) {
  FIRN_TRY(const auto entry, catalog_.FindEntry(IdentOf(name), EntryKind::kTable));
  return entry.has_value();
}

void Tables::Remember(const TableIdent& ident, const LoadedTable& table) {
  const std::lock_guard lock(mutex_);
  const auto known = known_.find(ident);
  if (known != known_.end()) {
    known_bytes_ -= known->second.json->size();
    known_.erase(known);
  }
  if (known_bytes_ + table.json->size() > kKnownBytesMax) {
    known_.clear();
    known_bytes_ = 0;
  }
  known_bytes_ += table.json->size();
  known_.emplace(ident, table);
}

void Tables::Forget(const TableIdent& ident) {
  const std::lock_guard lock(mutex_);
  const auto known = known_.find(ident);
  if (known == known_.end()) return;
  known_bytes_ -= known->second.json->size();
  known_.erase(known);
}

// Errors: Denied (CAT-LOCATION-001).
Result<void> Tables::CheckApart(const Call& call, const TablePlaces::Wanted& wanted) {
  if (places_ == nullptr || wanted.places.empty()) return {};
  FIRN_TRY(const auto rival, places_->Rival(call, wanted));
  if (!rival) return {};
  return Fail(Error(Kind::kDenied, "CAT-LOCATION-001",
                    "the location `" + wanted.places.front().Uri() + "` cannot be used")
                  .Because("another table, or one that is being made, lies there"));
}

// The table's own folder, or one beside it when others have that already.
Result<std::string> Tables::FreeLocation(const Call& call, const EntryName& name) {
  FIRN_TRY(std::string location, locations_.ForNew(call, *store_, name));
  if (places_ == nullptr) return location;
  TablePlaces::Wanted wanted{IdentOf(name), {}, true};
  FIRN_TRY(S3Place place, ParseS3Uri(location));
  wanted.places = {std::move(place)};
  FIRN_TRY(const auto rival, places_->Rival(call, wanted));
  if (!rival) return location;
  location = locations_.Beside(call, name);
  FIRN_TRY(wanted.places.front(), ParseS3Uri(location));
  FIRN_CHECK(CheckApart(call, wanted));
  return location;
}

Result<std::string> Tables::ChosenLocation(const Call& call, const CreateTableRequest& request) {
  const std::string& asked = request.table.location;
  if (asked.empty()) return FreeLocation(call, request.name);
  FIRN_TRY(std::string location, locations_.Check(asked));
  if (!request.any_location) FIRN_CHECK(locations_.CheckOwn(location, request.name));
  return location;
}

Result<TableMetadata> Tables::FirstMetadata(const Call& call, const CreateTableRequest& request) {
  FIRN_CHECK(names_.Check(request.name, EntryKind::kTable));
  lake::TableRequest first = request.table;
  first.uuid = NewUuid(*call.random);
  first.now_ms = NowMs(call);
  FIRN_TRY(first.location, ChosenLocation(call, request));
  FIRN_TRY(TableMetadata metadata, lake::NewTableFromRequest(first));
  FIRN_CHECK(CheckLocations(call, {request.name, "", "", request.any_location}, nullptr, metadata));
  return metadata;
}

Result<LoadedTable> Tables::FirstState(const Call& call, const CreateTableRequest& request) {
  FIRN_TRY(TableMetadata metadata, FirstMetadata(call, request));
  // Engines that know object stores only make no folders before they write manifests there.
  if (!IsS3Uri(metadata.location)) {
    FIRN_TRY(const std::string folder, lake::LocalPath(metadata.location));
    FIRN_CHECK(MakeFolders(folder + "/metadata"));
  }
  LoadedTable table;
  table.json = std::make_shared<const std::string>(lake::MetadataJson(metadata));
  table.metadata = std::make_shared<const TableMetadata>(std::move(metadata));
  return table;
}

Result<LoadedTable> Tables::Stage(const Call& call, const CreateTableRequest& request) {
  const TableIdent ident = IdentOf(request.name);
  // Two that make a table of one name at the same time are given places of their own.
  const Turns::Turn turn(turns_, {ident.Text()});
  FIRN_TRY(LoadedTable table, FirstState(call, request));
  if (places_ == nullptr) return table;
  TablePlaces::Wanted staged{ident, {}, false};
  FIRN_TRY(staged.places, PlacesOf(*table.metadata));
  FIRN_CHECK(CheckApart(call, staged));
  FIRN_CHECK(places_->Keep(call, staged));
  return table;
}

Result<LoadedTable> Tables::Create(const Call& call, const CreateTableRequest& request) {
  Draft draft;
  FIRN_TRY(draft.table, FirstState(call, request));
  draft.step.ident = IdentOf(request.name);
  FIRN_CHECK(Write(call, draft, 0));
  std::vector<Draft> drafts;
  drafts.push_back(std::move(draft));
  FIRN_TRY(const auto refusal, MakeTrue(call, drafts, request.note));
  if (refusal) {
    Discard(call, drafts);
    return Refused(*refusal, request.name, EntryKind::kTable);
  }
  Finish(call, drafts);
  return drafts.front().table;
}

Result<LoadedTable> Tables::Register(const Call& call, const RegisterRequest& request) {
  const TableIdent ident = IdentOf(request.name);
  FIRN_CHECK(locations_.Check(request.metadata_location));
  const Turns::Turn turn(turns_, {ident.Text()});
  Draft draft;
  if (request.overwrite) {
    FIRN_TRY(const auto entry, catalog_.FindEntry(ident, EntryKind::kTable));
    if (entry) draft.step.expected = entry->metadata_location;
  }
  if (!draft.step.expected) FIRN_CHECK(names_.Check(request.name, EntryKind::kTable));
  FIRN_TRY(draft.table, ReadFile(call, request.metadata_location));
  FIRN_CHECK(locations_.Check(draft.table.metadata->location));
  draft.step.ident = ident;
  draft.step.next = request.metadata_location;
  FIRN_TRY(const auto refusal, catalog_.Apply({draft.step}, request.note));
  if (refusal) return Refused(*refusal, request.name, EntryKind::kTable);
  Remember(ident, draft.table);
  return draft.table;
}

Result<LoadedTable> Tables::Unregister(const Call& call, const EntryName& name,
                                       const lake::CatalogNote& note) {
  const TableIdent ident = IdentOf(name);
  const Turns::Turn turn(turns_, {ident.Text()});
  FIRN_TRY(LoadedTable table, Load(call, name));
  lake::CatalogNote kept = note;
  kept.with_location = true;  // a repetition is answered by it
  FIRN_TRY(const auto location, catalog_.DeleteEntry(ident, EntryKind::kTable, kept));
  Forget(ident);
  if (!location) return NoEntry(name, EntryKind::kTable);
  // Another process may have committed in between.
  if (*location != table.location) return ReadFile(call, *location);
  return table;
}

Result<void> Tables::Drop(const Call& call, const EntryName& name, const DropOptions& options) {
  const TableIdent ident = IdentOf(name);
  std::optional<std::string> location;
  {
    const Turns::Turn turn(turns_, {ident.Text()});
    FIRN_TRY(location, catalog_.DeleteEntry(ident, EntryKind::kTable, options.note));
    Forget(ident);
  }
  if (!location) return NoEntry(name, EntryKind::kTable);
  if (!options.purge) return {};
  // The table is gone whatever happens to its files now; what stays is said in the log.
  auto table = ReadFile(call, *location);
  if (!table) {
    log::Warn("catalog.purge_skipped", {{"error", table.error().OneLine()}});
    return {};
  }
  const auto purged = lake::PurgeTable(call, *store_, *table->metadata, *location);
  if (!purged) log::Warn("catalog.purge_stopped", {{"error", purged.error().OneLine()}});
  return {};
}

}  // namespace firn::federation
