#include "ends/lake/merge/rows.h"

#include <arrow/array/array_primitive.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <numeric>

#include "core/record/arrow_schema.h"

namespace firn::lake {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
constexpr int64_t kNull = -1;
constexpr int64_t kNotLookedUp = -2;

Error Internal(const arrow::Status& status) {
  return Error(Kind::kInternal, "LAKE-MERGE-006", "rows cannot be put together")
      .Because(status.message());
}

// Where one output column's values come from: arrays, and for each row an index into all of them
// one behind the other.
class ColumnSources {
 public:
  explicit ColumnSources(size_t batches) : first_of_batch_(batches, kNotLookedUp) {}

  // The first index of a batch's column, looked up once; kNull when the batch lacks it.
  Result<int64_t> First(size_t batch, const ChangeBatch& from, const record::Field& field) {
    int64_t& first = first_of_batch_[batch];
    if (first != kNotLookedUp) return first;
    first = kNull;
    const auto at = std::find(from.field_ids.begin(), from.field_ids.end(), field.id);
    if (at == from.field_ids.end()) return first;
    const ArrayPtr& column = from.rows->column(static_cast<int>(at - from.field_ids.begin()));
    // The table may have widened the column since the batch came.
    auto fit = internal::ProjectColumn(column, field, {}, column->length());
    if (!fit)
      return Fail(Error(Kind::kConflict, "LAKE-MERGE-008",
                        "changes do not fit column `" + field.name + "` any more")
                      .Because(fit.error().why())
                      .Hint("somebody changed the table's schema: feed the changes again"));
    first = Add(*std::move(fit));
    return first;
  }
  int64_t Add(ArrayPtr array) {
    const int64_t first = length_;
    length_ += array->length();
    arrays_.push_back(std::move(array));
    return first;
  }

  // The values at `indices`; kNull: null.
  arrow::Result<ArrayPtr> Take(const std::vector<int64_t>& indices,
                               const std::shared_ptr<arrow::DataType>& type) const {
    const auto rows = static_cast<int64_t>(indices.size());
    if (arrays_.empty()) return arrow::MakeArrayOfNull(type, rows);
    ArrayPtr all = arrays_.front();
    if (arrays_.size() > 1) {
      ARROW_ASSIGN_OR_RAISE(all, arrow::Concatenate(arrays_));
    }
    std::shared_ptr<arrow::Buffer> valid;
    int64_t nulls = 0;
    for (int64_t row = 0; row < rows; ++row) {
      if (indices[static_cast<size_t>(row)] != kNull) continue;
      if (nulls++ == 0) {
        ARROW_ASSIGN_OR_RAISE(valid, arrow::AllocateBuffer(arrow::bit_util::BytesForBits(rows)));
        arrow::bit_util::SetBitsTo(valid->mutable_data(), 0, rows, true);
      }
      arrow::bit_util::ClearBit(valid->mutable_data(), row);
    }
    const arrow::Int64Array wanted(rows, arrow::Buffer::Wrap(indices), valid, nulls);
    return arrow::compute::Take(*all, wanted, arrow::compute::TakeOptions::NoBoundsCheck());
  }

 private:
  std::vector<int64_t> first_of_batch_;
  arrow::ArrayVector arrays_;
  int64_t length_ = 0;
};

// Walks the fields in the order of their ids, since each overlay lists its columns so.
class Assembler {
 public:
  explicit Assembler(const RowParts& parts)
      : parts_(parts), indices_(parts.plan.writes.size()), next_(parts.plan.overlays.size(), 0) {
    for (size_t i = 0; i < parts_.plan.overlays.size(); ++i) next_[i] = ColumnsOf(i).first;
  }

  Result<ArrayPtr> Column(const record::Field& field, int place) {
    ColumnSources sources(parts_.changes.batches().size());
    int64_t current = kNull;
    if (parts_.current.rows != nullptr) current = sources.Add(parts_.current.rows->column(place));
    size_t from_current = 0;
    for (size_t row = 0; row < indices_.size(); ++row) {
      const RowPlan& write = parts_.plan.writes[row];
      int64_t& index = indices_[row];
      index = kNull;
      if (write.needs_current()) {
        index = current + parts_.current.at[from_current++];
      } else {
        FIRN_TRY(index, WholeIndex(sources, write.whole, field));
      }
      for (uint32_t at = write.overlays_begin; at < write.overlays_end; ++at) {
        FIRN_TRY(index, OverlayIndex(sources, at, field, index));
      }
    }
    auto taken = sources.Take(indices_, internal::ArrowFieldOf(field)->type());
    if (!taken.ok()) return Fail(Internal(taken.status()));
    return *std::move(taken);
  }

 private:
  [[nodiscard]] const ChangeBatch& BatchOf(uint32_t change) const {
    return parts_.changes.batch_of(parts_.changes.change(change));
  }

  // Begin and end of an overlay's columns in its batch's list.
  [[nodiscard]] std::pair<uint32_t, uint32_t> ColumnsOf(size_t overlay) const {
    const Change& change = parts_.changes.change(parts_.plan.overlays[overlay]);
    const ChangedColumns& changed = parts_.changes.batch_of(change).changed;
    if (changed.offsets.empty()) return {0, static_cast<uint32_t>(changed.columns.size())};
    return {changed.offsets[change.row], changed.offsets[change.row + 1]};
  }

  Result<int64_t> WholeIndex(ColumnSources& sources, uint32_t at, const record::Field& field) {
    const Change& change = parts_.changes.change(at);
    FIRN_TRY(const int64_t first, sources.First(change.batch, BatchOf(at), field));
    return first == kNull ? kNull : first + change.row;
  }

  Result<int64_t> OverlayIndex(ColumnSources& sources, uint32_t overlay, const record::Field& field,
                               int64_t otherwise) {
    const uint32_t at = parts_.plan.overlays[overlay];
    const ChangeBatch& batch = BatchOf(at);
    const uint32_t end = ColumnsOf(overlay).second;
    uint32_t& next = next_[overlay];
    const auto id = [&] {
      return batch.field_ids[static_cast<size_t>(batch.changed.columns[next])];
    };
    // Columns that the table dropped in between have smaller ids and are passed by.
    while (next < end && id() < field.id) ++next;
    if (next == end || id() != field.id) return otherwise;
    const Change& change = parts_.changes.change(at);
    FIRN_TRY(const int64_t first, sources.First(change.batch, batch, field));
    return first + change.row;
  }

  const RowParts& parts_;
  std::vector<int64_t> indices_;
  std::vector<uint32_t> next_;  // by overlay: its next column
};

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> PutTogether(const RowParts& parts) {
  const std::vector<record::Field>& fields = parts.schema.fields;
  std::vector<int> by_id(fields.size());
  std::iota(by_id.begin(), by_id.end(), 0);
  std::sort(by_id.begin(), by_id.end(), [&fields](int a, int b) {
    return fields[static_cast<size_t>(a)].id < fields[static_cast<size_t>(b)].id;
  });
  Assembler assembler(parts);
  arrow::ArrayVector columns(fields.size());
  for (const int place : by_id) {
    const auto at = static_cast<size_t>(place);
    FIRN_TRY(columns[at], assembler.Column(fields[at], place));
  }
  return arrow::RecordBatch::Make(record::ArrowSchema(parts.schema),
                                  static_cast<int64_t>(parts.plan.writes.size()),
                                  std::move(columns));
}

}  // namespace firn::lake
