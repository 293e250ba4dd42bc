#include "ends/lake/merge/changes.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <utility>

namespace firn::lake {
namespace {

// What a change costs beside its batch: chain, key and hash entry, about.
constexpr int64_t kBytesPerChange = 80;
constexpr uint32_t kFirst = UINT32_MAX;

}  // namespace

std::string ChangeBatch::KeyText(uint32_t row) const {
  if (key_column < 0) return keys[row];
  const arrow::Array& column = *rows->column(key_column);
  if (column.type_id() == arrow::Type::STRING)
    return static_cast<const arrow::StringArray&>(column).GetString(row);
  return column.type_id() == arrow::Type::INT32
             ? std::to_string(static_cast<const arrow::Int32Array&>(column).Value(row))
             : std::to_string(static_cast<const arrow::Int64Array&>(column).Value(row));
}

void MergeChanges::Add(ChangeBatch batch, const std::vector<MergeKey>& keys) {
  const auto number = static_cast<uint32_t>(batches_.size());
  for (uint32_t row = 0; row < keys.size(); ++row) {
    const auto at = static_cast<uint32_t>(changes_.size());
    const auto [found, added] = by_key_.try_emplace(keys[row], static_cast<uint32_t>(keys_.size()));
    if (added) {
      keys_.push_back({keys[row], at});
      changes_.push_back({number, row, kFirst});
    } else {
      Keyed& keyed = keys_[found->second];
      changes_.push_back({number, row, keyed.newest});
      keyed.newest = at;
    }
  }
  bytes_ += static_cast<int64_t>(keys.size()) * kBytesPerChange;
  if (batch.rows != nullptr) bytes_ += arrow::util::TotalBufferSize(*batch.rows);
  any_orders_ = any_orders_ || !batch.orders.empty();
  batches_.push_back(std::move(batch));
}

void MergeChanges::Clear() { *this = MergeChanges(); }

void MergeChanges::KeepOnly(const std::vector<uint32_t>& kept) {
  MergeChanges rest;
  std::vector<uint32_t> batch_number(batches_.size(), kFirst);
  std::vector<uint32_t> chain;
  for (const uint32_t index : kept) {
    chain.clear();
    for (uint32_t at = keys_[index].newest; at != kFirst; at = changes_[at].previous)
      chain.push_back(at);
    uint32_t previous = kFirst;
    for (auto at = chain.rbegin(); at != chain.rend(); ++at) {
      const Change& change = changes_[*at];
      uint32_t& number = batch_number[change.batch];
      if (number == kFirst) {
        number = static_cast<uint32_t>(rest.batches_.size());
        ChangeBatch& batch = batches_[change.batch];
        if (batch.rows != nullptr) rest.bytes_ += arrow::util::TotalBufferSize(*batch.rows);
        rest.any_orders_ = rest.any_orders_ || !batch.orders.empty();
        rest.batches_.push_back(std::move(batch));
      }
      rest.changes_.push_back({number, change.row, previous});
      previous = static_cast<uint32_t>(rest.changes_.size() - 1);
    }
    rest.by_key_[keys_[index].key] = static_cast<uint32_t>(rest.keys_.size());
    rest.keys_.push_back({keys_[index].key, previous});
  }
  rest.bytes_ += rest.count() * kBytesPerChange;
  *this = std::move(rest);
}

void MergeChanges::ChainOf(const Keyed& key, std::vector<uint32_t>& chain) const {
  chain.clear();
  for (uint32_t at = key.newest; at != kFirst; at = changes_[at].previous) chain.push_back(at);
  std::reverse(chain.begin(), chain.end());
  if (!any_orders_ || chain.size() < 2) return;
  // A change without a number stays behind the one it was fed after.
  std::vector<std::pair<int64_t, uint32_t>> numbered;
  int64_t number = kNoOrder;
  for (const uint32_t at : chain) {
    const int64_t own = batch_of(changes_[at]).OrderOf(changes_[at].row);
    if (own != kNoOrder) number = own;
    numbered.emplace_back(number, at);
  }
  std::stable_sort(numbered.begin(), numbered.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < chain.size(); ++i) chain[i] = numbered[i].second;
}

}  // namespace firn::lake
