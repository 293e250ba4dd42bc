#include "ends/lake/merge/plan.h"

#include <algorithm>

namespace firn::lake {
namespace {

bool ChangesAnything(const ChangeBatch& batch, uint32_t row) {
  if (batch.rows == nullptr) return false;
  if (batch.changed.offsets.empty()) return !batch.changed.columns.empty();
  return batch.changed.offsets[row] != batch.changed.offsets[row + 1];
}

// A key's row as its changes go by.
class RowStory {
 public:
  RowStory(const MergeChanges& changes, bool exists, int64_t order, MergePlan& plan)
      : changes_(changes),
        plan_(plan),
        begin_(plan.overlays.size()),
        exists_(exists),
        order_(order) {}

  void Take(uint32_t at) {
    const Change& change = changes_.change(at);
    const ChangeBatch& batch = changes_.batch_of(change);
    const int64_t order = batch.OrderOf(change.row);
    if (order != kNoOrder) {
      if (order < order_) {
        ++plan_.stale;
        return;
      }
      order_ = order;
    }
    switch (batch.kind) {
      case ChangeBatch::Kind::kWhole:
        return TakeWhole(at, batch);
      case ChangeBatch::Kind::kPartial:
        return TakePartial(at, batch, change.row);
      case ChangeBatch::Kind::kDelete:
        return TakeDelete();
    }
  }

  [[nodiscard]] bool exists() const { return exists_; }
  [[nodiscard]] bool waits() const { return waits_ && !exists_; }
  [[nodiscard]] uint32_t whole() const { return whole_; }
  [[nodiscard]] bool changed() const {
    return whole_ != kNoChange || plan_.overlays.size() > begin_;
  }
  [[nodiscard]] bool soft_deleted() const { return soft_deleted_; }
  [[nodiscard]] int64_t order() const { return order_; }

 private:
  void TakeWhole(uint32_t at, const ChangeBatch& batch) {
    soft_deleted_ = false;
    if (batch.absent == UpsertOptions::Absent::kKeep && exists_) {
      plan_.overlays.push_back(at);
      return;
    }
    Forget();
    whole_ = at;
    exists_ = true;
  }

  void TakePartial(uint32_t at, const ChangeBatch& batch, uint32_t row) {
    if (!exists_) {
      if (batch.unknown == UpdateOptions::Unknown::kSkip) {
        ++plan_.without_row;
      } else {
        waits_ = true;
      }
      return;
    }
    if (!ChangesAnything(batch, row)) return;
    soft_deleted_ = batch.soft_delete || (soft_deleted_ && batch.key_column >= 0);
    plan_.overlays.push_back(at);
  }

  void TakeDelete() {
    if (!exists_ && !waits_) ++plan_.without_row;
    Forget();
    exists_ = false;
  }

  void Forget() {
    plan_.overlays.resize(begin_);
    whole_ = kNoChange;
    waits_ = false;
  }

  const MergeChanges& changes_;
  MergePlan& plan_;
  size_t begin_;
  bool exists_;
  int64_t order_;
  uint32_t whole_ = kNoChange;
  bool waits_ = false;
  bool soft_deleted_ = false;
};

}  // namespace

MergePlan PlanMerge(
    const MergeChanges& changes, const KeyIndex& index,
    const std::function<int64_t(uint32_t key, const std::optional<RowPlace>& now)>& order_now) {
  MergePlan plan;
  plan.orders.assign(changes.any_orders() ? changes.keys().size() : 0, kNoOrder);
  std::vector<uint32_t> chain;
  for (uint32_t key = 0; key < changes.keys().size(); ++key) {
    const MergeChanges::Keyed& keyed = changes.keys()[key];
    if (const size_t later = key + KeyIndex::kKeysAhead; later < changes.keys().size())
      index.Expect(changes.keys()[later].key);
    const auto now = index.Find(keyed.key);
    const auto begin = static_cast<uint32_t>(plan.overlays.size());
    const int64_t order = plan.orders.empty() ? kNoOrder : order_now(key, now);
    RowStory story(changes, now.has_value(), order, plan);
    changes.ChainOf(keyed, chain);
    for (const uint32_t at : chain) story.Take(at);
    if (story.waits()) {
      plan.pending.push_back(key);
      continue;
    }
    if (!plan.orders.empty()) plan.orders[key] = story.order();
    if (!story.exists()) {
      if (now) plan.deletes.push_back({key, *now});
    } else if (story.changed()) {
      plan.soft_deletes += story.soft_deleted() ? 1 : 0;
      plan.writes.push_back(
          {key, now, story.whole(), begin, static_cast<uint32_t>(plan.overlays.size())});
    }
  }
  return plan;
}

}  // namespace firn::lake
