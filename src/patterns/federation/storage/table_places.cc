#include "patterns/federation/storage/table_places.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "core/base/log.h"
#include "patterns/federation/now.h"

namespace firn::federation {

using lake::TableIdent;

namespace {

// Metadata is read that many tables at a time: the first Refresh reads all of them, from S3.
constexpr size_t kReadersMax = 16;

// Where a table lies whose metadata cannot be read: most likely beside its metadata.
std::vector<S3Place> GuessedPlaces(const std::string& metadata_location) {
  auto place = ParseS3Uri(metadata_location);
  if (!place) return {};
  constexpr std::string_view kFolder = "/metadata";
  std::string& key = place->key;
  key.resize(std::min(key.size(), key.rfind('/') == std::string::npos ? 0 : key.rfind('/')));
  if (key.ends_with(kFolder)) key.resize(key.size() - kFolder.size());
  return {*std::move(place)};
}

bool Overlap(const S3Place& one, const S3Place& other) {
  return one.Holds(other) || other.Holds(one);
}

bool Overlap(const std::vector<S3Place>& some, const std::vector<S3Place>& others) {
  return std::any_of(some.begin(), some.end(), [&](const S3Place& one) {
    return std::any_of(others.begin(), others.end(),
                       [&](const S3Place& other) { return Overlap(one, other); });
  });
}

}  // namespace

void TablePlaces::Forget(const TableIdent& ident, const Known& known) {
  for (const S3Place& place : known.places) {
    const auto found = by_uri_.find(place.Uri());
    if (found == by_uri_.end()) continue;
    found->second.erase(ident);
    if (found->second.empty()) by_uri_.erase(found);
  }
}

// Tables that are gone are forgotten. What is to be read is answered, and stays known until it is.
TablePlaces::Changes TablePlaces::ForgetOutdated(
    const std::vector<lake::ServedCatalog::TableRow>& rows) {
  Changes changes;
  std::set<TableIdent> there;
  const std::lock_guard lock(mutex_);
  for (const auto& row : rows) {
    there.insert(row.ident);
    const auto known = tables_.find(row.ident);
    if (known != tables_.end() && known->second.metadata_location == row.metadata_location)
      continue;
    changes.push_back({row.ident, {row.metadata_location, {}}});
  }
  for (auto known = tables_.begin(); known != tables_.end();) {
    if (there.contains(known->first)) {
      ++known;
      continue;
    }
    Forget(known->first, known->second);
    known = tables_.erase(known);
  }
  return changes;
}

Result<void> TablePlaces::ReadAll(const Call& call, Changes& changes) const {
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t at = next++; at < changes.size() && call.Check(); at = next++) {
      auto& [ident, known] = changes[at];
      auto places = reader_(call, ident);
      if (places) {
        known.places = *std::move(places);
        continue;
      }
      log::Debug("catalog.place_guessed", {{"error", places.error().OneLine()}});
      known.places = GuessedPlaces(known.metadata_location);
      known.metadata_location.clear();
    }
  };
  {
    std::vector<std::jthread> readers;
    for (size_t i = 1; i < std::min(kReadersMax, changes.size()); ++i) readers.emplace_back(work);
    work();
  }
  return call.Check();
}

void TablePlaces::Learn(Changes changes) {
  const std::lock_guard lock(mutex_);
  for (auto& [ident, known] : changes) {
    const auto before = tables_.find(ident);
    if (before != tables_.end()) Forget(ident, before->second);
    for (const S3Place& place : known.places) by_uri_[place.Uri()].insert(ident);
    tables_[ident] = std::move(known);
  }
}

Result<void> TablePlaces::Refresh(const Call& call) {
  const Turns::Turn turn(turns_, {"refresh"});
  // Before the rows: what changes in between is looked at once more the next time.
  FIRN_TRY(const int64_t version, catalog_.Version());
  if (version_ == version) return {};
  FIRN_TRY(const auto rows, catalog_.TableRows());
  Changes changes = ForgetOutdated(rows);
  FIRN_CHECK(ReadAll(call, changes));
  Learn(std::move(changes));
  version_ = version;
  return {};
}

Result<std::optional<std::vector<S3Place>>> TablePlaces::Of(const Call& call,
                                                            const TableIdent& ident) {
  FIRN_TRY(const auto entry, catalog_.FindEntry(ident, lake::EntryKind::kTable));
  if (!entry) return std::optional<std::vector<S3Place>>();
  {
    const std::lock_guard lock(mutex_);
    const auto known = tables_.find(ident);
    if (known != tables_.end() && known->second.metadata_location == entry->metadata_location)
      return std::optional(known->second.places);
  }
  FIRN_TRY(auto places, reader_(call, ident));
  Learn({{ident, {entry->metadata_location, places}}});
  return std::optional(std::move(places));
}

std::vector<TableIdent> TablePlaces::Holders(const S3Place& place) const {
  std::vector<TableIdent> holders;
  const std::string uri = place.Uri();
  const size_t shortest = uri.size() - place.key.size() - (place.key.empty() ? 0 : 1);
  std::string_view at = uri;
  const std::lock_guard lock(mutex_);
  for (;;) {
    const auto found = by_uri_.find(at);
    if (found != by_uri_.end())
      holders.insert(holders.end(), found->second.begin(), found->second.end());
    if (at.size() <= shortest) return holders;
    at = at.substr(0, std::max(shortest, at.rfind('/')));
  }
}

std::optional<TableIdent> TablePlaces::RivalTable(const Wanted& wanted) const {
  for (const S3Place& place : wanted.places) {
    for (const TableIdent& holder : Holders(place)) {
      if (holder != wanted.ident) return holder;
    }
    const std::string below = place.Uri() + "/";
    const std::lock_guard lock(mutex_);
    for (auto at = by_uri_.lower_bound(below); at != by_uri_.end() && at->first.starts_with(below);
         ++at) {
      for (const TableIdent& inside : at->second) {
        if (inside != wanted.ident) return inside;
      }
    }
  }
  return std::nullopt;
}

Result<std::optional<TableIdent>> TablePlaces::Rival(const Call& call, const Wanted& wanted) {
  FIRN_CHECK(Refresh(call));
  if (auto table = RivalTable(wanted)) return table;
  FIRN_TRY(const auto staged, StagedAs(call, std::nullopt));
  for (const Staged& other : staged) {
    const bool namesake = other.ident == wanted.ident;
    if (namesake && !wanted.apart_from_namesakes) continue;
    if (Overlap(other.places, wanted.places)) return std::optional(other.ident);
  }
  return std::optional<TableIdent>();
}

Result<void> TablePlaces::Keep(const Call& call, const Wanted& staged) {
  lake::StagedTable row;
  row.ident = staged.ident;
  for (const S3Place& place : staged.places) row.places.push_back(place.Uri());
  const int64_t now_ms = NowMs(call);
  row.expires_ms = now_ms + std::chrono::milliseconds(kStagedLife).count();
  return catalog_.KeepStaged(row, now_ms);
}

Result<std::vector<TablePlaces::Staged>> TablePlaces::StagedAs(
    const Call& call, const std::optional<TableIdent>& ident) {
  FIRN_TRY(const auto rows, catalog_.Staged(ident, NowMs(call)));
  std::vector<Staged> out;
  for (const lake::StagedTable& row : rows) {
    Staged staged{row.ident, {}};
    for (const std::string& uri : row.places) {
      FIRN_TRY(S3Place place, ParseS3Uri(uri));
      staged.places.push_back(std::move(place));
    }
    out.push_back(std::move(staged));
  }
  return out;
}

}  // namespace firn::federation
