#include "patterns/federation/planning/scan_plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ends/lake/format/metadata.h"
#include "ends/lake/table_io.h"
#include "patterns/federation/planning/scan_filter.h"

namespace firn::federation {
namespace {

using Json = nlohmann::ordered_json;

tl::unexpected<Error> Bad(const std::string& why) {
  return Fail(Error(Kind::kBadInput, "CAT-PLAN-001", "the scan cannot be planned").Because(why));
}

// Members of the request, whose absence and null are the same.
const Json* Member(const Json& request, const char* key) {
  const auto found = request.find(key);
  return found == request.end() || found->is_null() ? nullptr : &*found;
}

Result<std::optional<int64_t>> Number(const Json& request, const char* key) {
  const Json* value = Member(request, key);
  if (value == nullptr) return std::optional<int64_t>();
  if (!value->is_number_integer()) return Bad("`" + std::string(key) + "` is no whole number");
  return std::optional(value->get<int64_t>());
}

Result<bool> Flag(const Json& request, const char* key, bool otherwise) {
  const Json* value = Member(request, key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) return Bad("`" + std::string(key) + "` is neither true nor false");
  return value->get<bool>();
}

class Planner {
 public:
  Planner(const lake::Table& table, const Json& request)
      : table_(table), metadata_(table.metadata()), request_(request) {}

  Result<ScanPlan> Plan(const Call& call) {
    FIRN_CHECK(ReadSnapshots());
    FIRN_CHECK(ReadColumns());
    if (!plan_.snapshot_id || filter_.nothing) return std::move(plan_);
    if (start_) {
      FIRN_CHECK(CollectAppended(call));
    } else {
      FIRN_TRY(plan_.files, lake::LiveFiles(call, table_, plan_.snapshot_id));
    }
    std::erase_if(plan_.files, [&](const lake::LiveFile& live) { return !MayMatch(live.file); });
    std::sort(
        plan_.files.begin(), plan_.files.end(),
        [](const lake::LiveFile& a, const lake::LiveFile& b) { return a.file.path < b.file.path; });
    return std::move(plan_);
  }

 private:
  Result<void> ReadSnapshots() {
    FIRN_TRY(auto snapshot, Number(request_, "snapshot-id"));
    FIRN_TRY(start_, Number(request_, "start-snapshot-id"));
    FIRN_TRY(const auto end, Number(request_, "end-snapshot-id"));
    if (start_ && !end) return Bad("`start-snapshot-id` needs `end-snapshot-id`");
    if (end && !start_) return Bad("`end-snapshot-id` needs `start-snapshot-id`");
    if (start_ && snapshot) return Bad("`snapshot-id` and `start-snapshot-id` exclude each other");
    if (end) snapshot = end;
    for (const auto& wanted : {snapshot, start_}) {
      if (wanted && metadata_.FindSnapshot(*wanted) == nullptr)
        return Bad("there is no snapshot " + std::to_string(*wanted));
    }
    plan_.snapshot_id = snapshot ? snapshot : metadata_.current_snapshot_id;
    return {};
  }

  Result<void> ReadColumns() {
    FIRN_TRY(options_.case_sensitive, Flag(request_, "case-sensitive", true));
    FIRN_TRY(const bool of_snapshot, Flag(request_, "use-snapshot-schema", false));
    schema_ = &metadata_.current_schema().schema;
    if (of_snapshot && plan_.snapshot_id) {
      const auto* then =
          metadata_.FindSchema(metadata_.FindSnapshot(*plan_.snapshot_id)->schema_id);
      if (then != nullptr) schema_ = &then->schema;
    }
    FIRN_TRY(const auto selected, Names("select"));
    FIRN_TRY(const auto stats, Names("stats-fields"));
    for (const record::Field* field : stats) plan_.stats.insert(field->id);
    FIRN_TRY(const auto rows, Number(request_, "min-rows-requested"));
    if (rows && *rows < 0) return Bad("`min-rows-requested` is below zero");
    const Json* filter = Member(request_, "filter");
    if (filter == nullptr) return {};
    FIRN_TRY(filter_, ReadScanFilter(*filter, *schema_, options_));
    plan_.filter_json = filter->dump();
    return {};
  }

  Result<std::vector<const record::Field*>> Names(const char* key) {
    std::vector<const record::Field*> fields;
    const Json* list = Member(request_, key);
    if (list == nullptr) return fields;
    if (!list->is_array()) return Bad("`" + std::string(key) + "` is no list");
    for (const Json& name : *list) {
      if (!name.is_string())
        return Bad("`" + std::string(key) + "` holds something that is no name");
      fields.push_back(FindField(*schema_, name.get<std::string>(), options_));
      if (fields.back() == nullptr)
        return Bad("there is no column `" + name.get<std::string>().substr(0, 200) + "`");
    }
    return fields;
  }

  bool MayMatch(const lake::DataFile& file) const {
    return std::all_of(filter_.conjuncts.begin(), filter_.conjuncts.end(),
                       [&](const lake::Filter& filter) {
                         return filter.MayMatch(file) && filter.MayMatchPartition(metadata_, file);
                       });
  }

  // Files that appends after `start` up to the end have added. Snapshots that did something else
  // have no rows that are merely new: as in the Java reference, they are passed over.
  Result<void> CollectAppended(const Call& call) {
    const lake::Snapshot* at = metadata_.FindSnapshot(*plan_.snapshot_id);
    for (; at != nullptr && at->snapshot_id != *start_;
         at = at->parent_id ? metadata_.FindSnapshot(*at->parent_id) : nullptr) {
      if (at->operation != "append") continue;
      FIRN_TRY(const auto manifests, lake::LoadManifests(call, *table_.store(), *at));
      for (const auto& manifest : manifests) {
        using Manifest = std::decay_t<decltype(manifest)>;
        if (manifest.added_snapshot_id != at->snapshot_id ||
            manifest.content != Manifest::Content::kData)
          continue;
        FIRN_CHECK(
            lake::EachEntry(call, *table_.store(), manifest, [&](auto entry) -> Result<void> {
              using Entry = std::decay_t<decltype(entry)>;
              const bool own = !entry.snapshot_id || *entry.snapshot_id == at->snapshot_id;
              if (entry.status == Entry::Status::kAdded && own)
                plan_.files.push_back({std::move(entry.file), at->sequence_number, {}, {}});
              return {};
            }));
      }
    }
    if (at == nullptr)
      return Bad("snapshot " + std::to_string(*start_) + " is no ancestor of snapshot " +
                 std::to_string(*plan_.snapshot_id));
    return {};
  }

  const lake::Table& table_;
  const lake::TableMetadata& metadata_;
  const Json& request_;
  const record::Schema* schema_ = nullptr;
  ScanFilterOptions options_;
  ScanFilter filter_;
  std::optional<int64_t> start_;
  ScanPlan plan_;
};

}  // namespace

Result<ScanPlan> PlanScan(const Call& call, const lake::Table& table, const Json& request) {
  return Planner(table, request).Plan(call);
}

}  // namespace firn::federation
