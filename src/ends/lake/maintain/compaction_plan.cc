#include <algorithm>
#include <map>

#include "core/base/nearest.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/maintain/compaction.h"

namespace firn::lake {
namespace {

// A file within these parts of the target is as it should be.
constexpr double kSmall = 0.75;
constexpr double kLarge = 1.8;
// What compressed bytes become in memory, with the sorted copy.
constexpr int64_t kMemoryPerByte = 12;

int64_t DeadRows(const LiveFile& live) {
  int64_t dead = 0;
  for (const DataFile& deletes : live.deletes) {
    if (deletes.referenced_data_file) dead += deletes.record_count;
  }
  return std::min(dead, live.file.record_count);
}

struct Candidate {
  const LiveFile* live = nullptr;
  int64_t rows_dead = 0;
  bool in_any_case = false;
};

bool WorthIt(const CompactGroup& group, bool in_any_case, const CompactOptions& options) {
  return in_any_case || options.rewrite_all ||
         static_cast<int>(group.files.size()) >= std::max(2, options.files_min);
}

// Fills groups up to the target, in the order of the candidates.
std::vector<CompactGroup> Packed(const std::vector<Candidate>& candidates, int64_t bytes_max,
                                 const CompactOptions& options) {
  std::vector<CompactGroup> groups;
  CompactGroup group;
  bool in_any_case = false;
  const auto close = [&] {
    if (WorthIt(group, in_any_case, options)) groups.push_back(std::move(group));
    group = {};
    in_any_case = false;
  };
  for (const Candidate& candidate : candidates) {
    const int64_t bytes = candidate.live->file.file_size_bytes;
    if (!group.files.empty() && group.bytes + bytes > bytes_max) close();
    group.files.push_back(*candidate.live);
    group.bytes += bytes;
    group.rows_dead += candidate.rows_dead;
    in_any_case = in_any_case || candidate.in_any_case;
  }
  close();
  return groups;
}

Result<void> CheckSortColumns(const Table& table, const CompactOptions& options) {
  for (const std::string& name : options.sort_by) {
    if (table.schema().Find(name) != nullptr) continue;
    std::vector<std::string> names;
    for (const record::Field& field : table.schema().fields) names.push_back(field.name);
    return Fail(Error(Kind::kNotFound, "LAKE-COLUMN-001",
                      "table `" + table.ident().Text() + "` has no column `" + name + "`" +
                          DidYouMean(name, names)));
  }
  return {};
}

}  // namespace

Result<std::vector<CompactGroup>> PlanCompaction(const Call& call, const Table& table,
                                                 const CompactOptions& options) {
  FIRN_CHECK(CheckSortColumns(table, options));
  FIRN_TRY(const std::vector<LiveFile> files, LiveFiles(call, table));
  using Partition = std::pair<int, std::vector<std::optional<std::string>>>;
  std::map<Partition, std::vector<Candidate>> candidates;
  for (const LiveFile& live : files) {
    const auto bytes = static_cast<double>(live.file.file_size_bytes);
    const auto target = static_cast<double>(options.target_bytes);
    Candidate candidate{&live, DeadRows(live), false};
    const auto rows = static_cast<double>(std::max<int64_t>(1, live.file.record_count));
    // A delete file that may hold for several files costs every reader of each of them.
    const bool shared = std::any_of(live.deletes.begin(), live.deletes.end(),
                                    [](const auto& file) { return !file.referenced_data_file; });
    candidate.in_any_case = shared || !live.equality.empty() ||
                            static_cast<double>(candidate.rows_dead) > options.dead_ratio * rows;
    const bool off_size = bytes < kSmall * target || bytes > kLarge * target;
    if (candidate.in_any_case || off_size || options.rewrite_all)
      candidates[{live.file.spec_id, live.file.partition}].push_back(candidate);
  }
  const int64_t bytes_max =
      options.sort_by.empty()
          ? options.target_bytes
          : std::min(options.target_bytes,
                     std::max<int64_t>(1 << 20, options.memory_bytes / kMemoryPerByte));
  std::vector<CompactGroup> plan;
  for (auto& [partition, of_one] : candidates) {
    std::stable_sort(of_one.begin(), of_one.end(), [](const Candidate& a, const Candidate& b) {
      return a.in_any_case != b.in_any_case ? a.in_any_case
                                            : a.live->sequence_number < b.live->sequence_number;
    });
    for (CompactGroup& group : Packed(of_one, bytes_max, options)) plan.push_back(std::move(group));
  }
  std::stable_sort(plan.begin(), plan.end(), [](const CompactGroup& a, const CompactGroup& b) {
    return a.rows_dead > b.rows_dead;
  });
  return plan;
}

}  // namespace firn::lake
