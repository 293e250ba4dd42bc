#include "ends/lake/merge/feed.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <set>

#include "core/base/nearest.h"
#include "core/record/arrow_schema.h"

namespace firn::lake {
namespace {

using record::Field;

Error Refused(const FeedTarget& target, std::string why) {
  return Error(Kind::kBadInput, "LAKE-MERGE-003",
               "the changes do not fit table `" + target.table.ident().Text() + "`")
      .Because(std::move(why));
}

// The table's field of each column of a batch, by field id or else by name; nullptr: none.
std::vector<const Field*> FieldsOf(const record::Schema& schema, const arrow::RecordBatch& rows) {
  const internal::FieldFinder finder(rows.schema()->fields());
  std::vector<const Field*> out(static_cast<size_t>(rows.num_columns()), nullptr);
  std::map<std::string_view, const Field*> by_name;
  for (const Field& field : schema.fields) {
    by_name[field.name] = &field;
    if (const int at = finder.Find(field, {}); at >= 0) out[static_cast<size_t>(at)] = &field;
  }
  for (int i = 0; i < rows.num_columns(); ++i) {
    const Field*& field = out[static_cast<size_t>(i)];
    const auto named = by_name.find(rows.column_name(i));
    if (field == nullptr && named != by_name.end()) field = named->second;
  }
  return out;
}

Error NoSuchColumn(const FeedTarget& target, const std::string& name) {
  std::vector<std::string> names;
  for (const Field& known : target.table.schema().fields) names.push_back(known.name);
  return Refused(target, "it has no column `" + name + "`" + DidYouMean(name, names));
}

// The batch's columns in the table's types.
Result<ChangeBatch> Project(const FeedTarget& target, const arrow::RecordBatch& rows) {
  const record::Schema& schema = target.table.schema();
  ChangeBatch out;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  const auto fields_of = FieldsOf(schema, rows);
  std::set<int> taken;
  for (int i = 0; i < rows.num_columns(); ++i) {
    const Field* field = fields_of[static_cast<size_t>(i)];
    if (field == nullptr) return Fail(NoSuchColumn(target, rows.schema()->field(i)->name()));
    if (!taken.insert(field->id).second)
      return Fail(Refused(target, "the batch has column `" + field->name + "` twice"));
    auto column = internal::ProjectColumn(rows.column(i), *field, {}, rows.num_rows());
    if (!column)
      return Fail(Refused(target, "column `" + field->name + "`: " + column.error().why()));
    if (field->required && (*column)->null_count() > 0)
      return Fail(Refused(target, "column `" + field->name + "` is required and has nulls"));
    if (field->name == target.key_column) out.key_column = i;
    out.field_ids.push_back(field->id);
    fields.push_back(internal::ArrowFieldOf(*field));
    columns.push_back(*std::move(column));
  }
  if (out.key_column < 0)
    return Fail(Refused(target, "the batch has no key column `" + target.key_column + "`"));
  out.rows = arrow::RecordBatch::Make(arrow::schema(fields), rows.num_rows(), columns);
  return out;
}

Result<std::vector<MergeKey>> KeysOf(const FeedTarget& target, const ChangeBatch& batch) {
  const arrow::Array& column = *batch.rows->column(batch.key_column);
  std::vector<MergeKey> keys;
  keys.reserve(static_cast<size_t>(column.length()));
  for (int64_t row = 0; row < column.length(); ++row) {
    const auto key = KeyAt(column, row, target.seed);
    if (!key) return Fail(Refused(target, "the key is null in row " + std::to_string(row + 1)));
    keys.push_back(*key);
  }
  return keys;
}

Result<std::vector<int64_t>> OrdersOf(const FeedTarget& target, Orders orders, size_t rows) {
  if (!orders.empty() && orders.size() != rows)
    return Fail(Refused(target, std::to_string(orders.size()) + " ordering numbers for " +
                                    std::to_string(rows) + " rows"));
  return std::vector<int64_t>(orders.begin(), orders.end());
}

Result<std::shared_ptr<arrow::Array>> Constant(const FeedTarget& target,
                                               const std::shared_ptr<arrow::Scalar>& value,
                                               int64_t rows) {
  auto made = arrow::MakeArrayFromScalar(*value, rows);
  if (!made.ok()) return Fail(Refused(target, made.status().message()));
  return *std::move(made);
}

// Adds `__deleted` and `__deleted_at` with one value in all rows.
Result<void> AddSoftColumns(const FeedTarget& target, bool deleted, int64_t deleted_at_us,
                            ChangeBatch& batch, int64_t rows) {
  const auto add = [&](std::string_view name,
                       const std::shared_ptr<arrow::Scalar>& value) -> Result<void> {
    const Field* field = target.table.schema().Find(name);
    FIRN_ASSERT(field != nullptr);
    FIRN_TRY(auto column, Constant(target, value, rows));
    std::vector<std::shared_ptr<arrow::Field>> fields;
    std::vector<std::shared_ptr<arrow::Array>> columns;
    if (batch.rows != nullptr) {
      fields = batch.rows->schema()->fields();
      columns = batch.rows->columns();
    }
    fields.push_back(internal::ArrowFieldOf(*field));
    columns.push_back(std::move(column));
    batch.rows = arrow::RecordBatch::Make(arrow::schema(fields), rows, columns);
    batch.field_ids.push_back(field->id);
    return {};
  };
  FIRN_CHECK(add(kDeletedColumn, std::make_shared<arrow::BooleanScalar>(deleted)));
  const auto type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return add(kDeletedAtColumn, deleted
                                   ? std::make_shared<arrow::TimestampScalar>(deleted_at_us, type)
                                   : arrow::MakeNullScalar(type));
}

// A table that has the marks keeps them true, whatever a delete does in this merge.
bool HasMarks(const record::Schema& schema) {
  const Field* deleted = schema.Find(kDeletedColumn);
  const Field* at = schema.Find(kDeletedAtColumn);
  return deleted != nullptr && deleted->type.id == record::TypeId::kBoolean && at != nullptr &&
         at->type.id == record::TypeId::kTimestamptz;
}

bool HasField(const FeedTarget& target, const ChangeBatch& batch, std::string_view name) {
  const Field* field = target.table.schema().Find(name);
  return field != nullptr && std::find(batch.field_ids.begin(), batch.field_ids.end(), field->id) !=
                                 batch.field_ids.end();
}

// Sorts each row's columns by field id and takes the key out: it cannot change.
Result<void> SetChanged(const FeedTarget& target, const ChangedColumns& changed,
                        ChangeBatch& batch) {
  const auto rows = static_cast<size_t>(batch.rows->num_rows());
  const auto by_id = [&batch](int a, int b) {
    return batch.field_ids[static_cast<size_t>(a)] < batch.field_ids[static_cast<size_t>(b)];
  };
  if (changed.offsets.empty()) {
    std::vector<int> all(batch.field_ids.size());
    std::iota(all.begin(), all.end(), 0);
    std::erase(all, batch.key_column);
    std::sort(all.begin(), all.end(), by_id);
    batch.changed.columns = std::move(all);
    return {};
  }
  if (changed.offsets.size() != rows + 1 || changed.offsets.front() != 0 ||
      changed.offsets.back() != changed.columns.size() ||
      !std::is_sorted(changed.offsets.begin(), changed.offsets.end()))
    return Fail(Refused(target, "the offsets of the changed columns do not fit the batch's rows"));
  batch.changed.offsets.reserve(rows + 1);
  batch.changed.offsets.push_back(0);
  std::vector<int>& out = batch.changed.columns;
  for (size_t row = 0; row < rows; ++row) {
    const size_t begin = out.size();
    for (uint32_t at = changed.offsets[row]; at < changed.offsets[row + 1]; ++at) {
      const int column = changed.columns[at];
      if (column < 0 || column >= batch.rows->num_columns())
        return Fail(Refused(
            target, "a changed column " + std::to_string(column) + " is none of the batch"));
      if (column != batch.key_column) out.push_back(column);
    }
    std::sort(out.begin() + static_cast<ptrdiff_t>(begin), out.end(), by_id);
    out.erase(std::unique(out.begin() + static_cast<ptrdiff_t>(begin), out.end()), out.end());
    batch.changed.offsets.push_back(static_cast<uint32_t>(out.size()));
  }
  return {};
}

// The key as the key column's type has it.
Result<MergeKey> ParseKey(const FeedTarget& target, const std::string& text) {
  const Field* field = target.table.schema().Find(target.key_column);
  if (field->type.id == record::TypeId::kString) return KeyOfText(text, target.seed);
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end)
    return Fail(Refused(target, "the key `" + text.substr(0, 40) + "` is no whole number"));
  return KeyOfNumber(number);
}

}  // namespace

Result<FedBatch> FeedWhole(const FeedTarget& target, const arrow::RecordBatch& rows,
                           const UpsertOptions& options) {
  FedBatch fed;
  FIRN_TRY(fed.batch, Project(target, rows));
  fed.batch.kind = ChangeBatch::Kind::kWhole;
  fed.batch.absent = options.absent;
  const record::Schema& schema = target.table.schema();
  for (const Field& field : schema.fields) {
    if (field.required && !HasField(target, fed.batch, field.name))
      return Fail(Refused(target, "the batch lacks the required column `" + field.name + "`"));
  }
  FIRN_TRY(fed.batch.orders,
           OrdersOf(target, options.orders, static_cast<size_t>(rows.num_rows())));
  FIRN_TRY(fed.keys, KeysOf(target, fed.batch));
  if (HasMarks(schema) && !HasField(target, fed.batch, kDeletedColumn) &&
      !HasField(target, fed.batch, kDeletedAtColumn))
    FIRN_CHECK(AddSoftColumns(target, false, 0, fed.batch, rows.num_rows()));
  // With every column there is nothing of the current row to keep, and no need to read it.
  if (fed.batch.field_ids.size() == target.table.schema().fields.size())
    fed.batch.absent = UpsertOptions::Absent::kNull;
  FIRN_CHECK(SetChanged(target, {}, fed.batch));
  return fed;
}

Result<FedBatch> FeedPartial(const FeedTarget& target, const arrow::RecordBatch& rows,
                             const UpdateOptions& options) {
  FedBatch fed;
  FIRN_TRY(fed.batch, Project(target, rows));
  fed.batch.kind = ChangeBatch::Kind::kPartial;
  fed.batch.unknown = options.unknown;
  FIRN_CHECK(SetChanged(target, options.changed, fed.batch));
  FIRN_TRY(fed.batch.orders,
           OrdersOf(target, options.orders, static_cast<size_t>(rows.num_rows())));
  FIRN_TRY(fed.keys, KeysOf(target, fed.batch));
  return fed;
}

Result<FedBatch> FeedKeys(const FeedTarget& target, std::span<const std::string> keys,
                          const FeedKeysOptions& options) {
  FedBatch fed;
  fed.batch.kind = options.kind;
  fed.batch.keys.assign(keys.begin(), keys.end());
  FIRN_TRY(fed.batch.orders, OrdersOf(target, options.orders, keys.size()));
  fed.keys.reserve(keys.size());
  for (const std::string& text : keys) {
    FIRN_TRY(const MergeKey key, ParseKey(target, text));
    fed.keys.push_back(key);
  }
  if (options.kind != ChangeBatch::Kind::kPartial) return fed;
  if (!HasMarks(target.table.schema())) {
    if (options.deleted) return Fail(Refused(target, "its column `__deleted` is there no more"));
    return fed;
  }
  FIRN_CHECK(AddSoftColumns(target, options.deleted, options.deleted_at_us, fed.batch,
                            static_cast<int64_t>(keys.size())));
  fed.batch.changed.columns = {0, 1};
  if (fed.batch.field_ids[0] > fed.batch.field_ids[1])
    std::swap(fed.batch.changed.columns[0], fed.batch.changed.columns[1]);
  fed.batch.soft_delete = options.deleted;
  if (options.deleted) fed.batch.unknown = UpdateOptions::Unknown::kSkip;
  return fed;
}

}  // namespace firn::lake
