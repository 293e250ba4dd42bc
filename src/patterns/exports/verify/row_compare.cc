#include "patterns/exports/verify/row_compare.h"

namespace firn::exports {
namespace {

Result<void> CompareSorted(const std::vector<SpilledMark>& org,
                           const std::vector<SpilledMark>& lake, MarkCounts& counts,
                           const std::function<Result<void>(const MarkPair&)>& each) {
  size_t o = 0;
  size_t l = 0;
  while (o < org.size() || l < lake.size()) {
    const bool org_first = l == lake.size() || (o < org.size() && org[o].id < lake[l].id);
    const bool lake_first = !org_first && (o == org.size() || lake[l].id < org[o].id);
    if (org_first) {
      ++counts.missing;
      FIRN_CHECK(each({.org = &org[o++]}));
    } else if (lake_first) {
      ++counts.extra;
      const bool twice = l > 0 && lake[l - 1].id == lake[l].id;
      FIRN_CHECK(each({.lake = &lake[l++], .twice = twice}));
    } else if (org[o].hash != lake[l].hash) {
      ++counts.differs;
      FIRN_CHECK(each({.org = &org[o++], .lake = &lake[l++]}));
    } else {
      ++counts.same;
      ++o;
      ++l;
    }
  }
  return {};
}

}  // namespace

Result<MarkCounts> CompareMarks(const Call& call, SpillBuckets& org, SpillBuckets& lake,
                                const std::function<Result<void>(const MarkPair&)>& each) {
  MarkCounts counts;
  for (int bucket = 0; bucket < org.buckets(); ++bucket) {
    FIRN_CHECK(call.Check());
    FIRN_TRY(const auto of_org, org.Take(bucket));
    FIRN_TRY(const auto of_lake, lake.Take(bucket));
    FIRN_CHECK(CompareSorted(of_org, of_lake, counts, each));
  }
  return counts;
}

}  // namespace firn::exports
