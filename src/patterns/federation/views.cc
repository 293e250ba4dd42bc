#include "patterns/federation/views.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "ends/lake/table_io.h"
#include "patterns/federation/now.h"
#include "patterns/federation/refusals.h"
#include "patterns/federation/view_builder.h"

namespace firn::federation {

using lake::CatalogOutcome;
using lake::CatalogRefusal;
using lake::CatalogStep;
using lake::EntryKind;
using Json = nlohmann::ordered_json;

namespace {

constexpr uint64_t kMetadataBytesMax = 64ULL << 20;
const Backoff kRetries{std::chrono::milliseconds(5), std::chrono::milliseconds(500), 10};

// Empty when the member is missing or no text.
std::string TextOf(const Json& object, const char* key) {
  const Json value = object.is_object() ? object.value(key, Json()) : Json();
  return value.is_string() ? value.get<std::string>() : "";
}

Result<void> CheckRequirements(const Json* requirements, const Json& view) {
  if (requirements == nullptr) return {};
  for (const Json& requirement : *requirements) {
    const std::string type = TextOf(requirement, "type");
    if (type != "assert-view-uuid")
      return BadRequest("Invalid requirement: `" + type.substr(0, 64) + "`");
    if (TextOf(requirement, "uuid") != view.at("view-uuid").get_ref<const std::string&>())
      return Fail(
          Error(Kind::kConflict, "CAT-COMMIT-001", "Requirement failed: view UUID does not match"));
  }
  return {};
}

// Where the view's files go instead of its location; empty: not said.
std::string MetadataPathOf(const Json& metadata) {
  const Json path = metadata.at("properties").value("write.metadata.path", Json());
  std::string folder = path.is_string() ? path.get<std::string>() : "";
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return folder;
}

}  // namespace

Result<LoadedView> Views::Read(const Call& call, const std::string& location) {
  auto bytes = store_->Read(call, location, kMetadataBytesMax);
  if (!bytes && bytes.error().kind() == Kind::kNotFound)
    return Fail(Error(Kind::kNotFound, "LAKE-STORE-002",
                      "Failed to open input stream for file: " + location));
  FIRN_TRY(const std::string text, std::move(bytes));
  FIRN_TRY(Json metadata, ParseViewMetadata(text));
  return LoadedView{location, std::make_shared<const Json>(std::move(metadata))};
}

Result<LoadedView> Views::Load(const Call& call, const EntryName& name) {
  FIRN_TRY(const auto entry, catalog_.FindEntry(IdentOf(name), EntryKind::kView));
  if (!entry) return NoEntry(name, EntryKind::kView);
  return Read(call, entry->metadata_location);
}

Result<bool> Views::Exists(const EntryName& name) {
  FIRN_TRY(const auto entry, catalog_.FindEntry(IdentOf(name), EntryKind::kView));
  return entry.has_value();
}

Result<void> Views::CheckLocations(const EntryName& name, const Json* base, const Json& next,
                                   bool any_location) const {
  std::vector<std::string> added;
  if (base == nullptr || (*base)["location"] != next["location"])
    added.push_back(next["location"].get<std::string>());
  const std::string path = MetadataPathOf(next);
  if (!path.empty() && (base == nullptr || path != MetadataPathOf(*base))) added.push_back(path);
  for (const std::string& location : added) {
    FIRN_TRY(const std::string checked, locations_.Check(location));
    if (!any_location) FIRN_CHECK(locations_.CheckOwn(checked, name));
  }
  return {};
}

Result<LoadedView> Views::Write(const Call& call, Json metadata, int version) {
  std::string folder = MetadataPathOf(metadata);
  if (folder.empty()) folder = metadata.at("location").get<std::string>() + "/metadata";
  LoadedView view;
  view.location = fmt::format("{}/{:05}-{}.metadata.json", folder, version, NewUuid(*call.random));
  const std::string text = metadata.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  FIRN_CHECK(store_->Write(call, view.location, text));
  FIRN_CHECK(store_->Settle(call, {view.location}));
  view.metadata = std::make_shared<const Json>(std::move(metadata));
  return view;
}

Result<CatalogOutcome> Views::MakeTrue(const Call& call, const CatalogStep& step,
                                       const lake::CatalogNote& note) {
  FIRN_FAULT_POINT("catalog.view.before_catalog");
  auto applied = catalog_.Apply({step}, note);
  const bool lost = applied && *applied;
  const bool failed = !applied && applied.error().kind() != Kind::kCommitUnknown;
  if (lost || failed) {
    if (auto removed = store_->Remove(call, step.next); !removed)
      log::Warn("catalog.file_not_removed", {{"error", removed.error().OneLine()}});
  }
  return applied;
}

Result<LoadedView> Views::Create(const Call& call, const EntryName& name, const Json& request,
                                 const Options& options) {
  FIRN_CHECK(names_.Check(name, EntryKind::kView));
  ViewBuilder builder(NowMs(call));
  std::string location;
  if (request.contains("location") && request["location"].is_string())
    location = request["location"].get<std::string>();
  if (location.empty()) {
    FIRN_TRY(location, locations_.ForNew(call, *store_, name));
  }
  if (!request.contains("view-version") || !request["view-version"].is_object())
    return BadRequest("`view-version` is missing");
  Json version = request["view-version"];
  version["schema-id"] = -1;
  version["version-id"] = 1;
  FIRN_CHECK(builder.Apply({{"action", "assign-uuid"}, {"uuid", NewUuid(*call.random)}}));
  FIRN_CHECK(builder.Apply({{"action", "set-location"}, {"location", location}}));
  FIRN_CHECK(
      builder.Apply({{"action", "add-schema"}, {"schema", request.value("schema", Json())}}));
  FIRN_CHECK(builder.Apply({{"action", "add-view-version"}, {"view-version", version}}));
  FIRN_CHECK(builder.Apply({{"action", "set-current-view-version"}, {"view-version-id", -1}}));
  FIRN_CHECK(builder.Apply(
      {{"action", "set-properties"}, {"updates", request.value("properties", Json::object())}}));
  FIRN_TRY(Json metadata, std::move(builder).Build());
  FIRN_CHECK(CheckLocations(name, nullptr, metadata, options.any_location));
  FIRN_TRY(LoadedView view, Write(call, std::move(metadata), 0));
  FIRN_TRY(const auto refusal,
           MakeTrue(call, {IdentOf(name), EntryKind::kView, {}, view.location}, options.note));
  if (refusal) return Refused(*refusal, name, EntryKind::kView);
  return view;
}

Result<LoadedView> Views::Commit(const Call& call, const ViewChange& change) {
  const auto ident = IdentOf(change.name);
  const Turns::Turn turn(turns_, {ident.Text()});
  for (int attempt = 0;; ++attempt) {
    FIRN_TRY(const LoadedView base, Load(call, change.name));
    FIRN_CHECK(CheckRequirements(change.requirements, *base.metadata));
    ViewBuilder builder(*base.metadata, NowMs(call));
    for (const Json& update : *change.updates) FIRN_CHECK(builder.Apply(update));
    if (!builder.changed()) return base;
    FIRN_TRY(Json metadata, std::move(builder).Build());
    FIRN_CHECK(CheckLocations(change.name, base.metadata.get(), metadata, change.any_location));
    FIRN_TRY(LoadedView next,
             Write(call, std::move(metadata), lake::MetadataVersion(base.location) + 1));
    FIRN_TRY(const auto refusal,
             MakeTrue(call, {ident, EntryKind::kView, base.location, next.location}, change.note));
    if (!refusal) return next;
    auto lost = Refused(*refusal, change.name, EntryKind::kView);
    if (refusal->why != CatalogRefusal::Why::kMoved) return lost;
    FIRN_CHECK(WaitToRetry(call, kRetries, attempt, std::move(lost.value()).RetryWithBackoff()));
  }
}

Result<LoadedView> Views::Register(const Call& call, const EntryName& name,
                                   const std::string& metadata_location, const Options& options) {
  FIRN_CHECK(locations_.Check(metadata_location));
  FIRN_CHECK(names_.Check(name, EntryKind::kView));
  FIRN_TRY(LoadedView view, Read(call, metadata_location));
  FIRN_CHECK(locations_.Check((*view.metadata)["location"].get<std::string>()));
  FIRN_TRY(
      const auto refusal,
      catalog_.Apply({{IdentOf(name), EntryKind::kView, {}, metadata_location}}, options.note));
  if (refusal) return Refused(*refusal, name, EntryKind::kView);
  return view;
}

Result<void> Views::Drop(const EntryName& name, const Options& options) {
  FIRN_TRY(const auto location,
           catalog_.DeleteEntry(IdentOf(name), EntryKind::kView, options.note));
  if (!location) return NoEntry(name, EntryKind::kView);
  return {};
}

}  // namespace firn::federation
