#include "ends/lake/merge/changelog_rows.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/compare.h>
#include <arrow/compute/api_vector.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>

#include "core/record/arrow_schema.h"
#include "ends/lake/read/row_text.h"

namespace firn::lake {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using record::Field;
using record::TypeId;

Field LogField(int id, std::string_view name, TypeId type, bool required) {
  Field field;
  field.id = id;
  field.name = name;
  field.required = required;
  field.type.id = type;
  return field;
}

// A mirror's field as the log has it: ids of its own, and null in a gap's row.
Field Renumbered(Field field, int& last_id) {
  field.id = ++last_id;
  field.required = false;
  for (Field& child : field.type.children) {
    const bool key = field.type.id == TypeId::kMap && &child == &field.type.children.front();
    child = Renumbered(std::move(child), last_id);
    child.required = key;
  }
  return field;
}

// `log` brought up to `mirror`; parts of structs go by their names.
void BringUp(Field& log, const Field& mirror, int& last_id) {
  if (log.type.id == TypeId::kStruct && mirror.type.id == TypeId::kStruct) {
    for (const Field& part : mirror.type.children) {
      auto& parts = log.type.children;
      const auto known = std::find_if(parts.begin(), parts.end(),
                                      [&](const Field& one) { return one.name == part.name; });
      if (known == parts.end()) {
        parts.push_back(Renumbered(part, last_id));
      } else {
        BringUp(*known, part, last_id);
      }
    }
    return;
  }
  if (log.type.children.empty() && mirror.type.children.empty()) {
    log.type = mirror.type;
    return;
  }
  for (size_t i = 0; i < std::min(log.type.children.size(), mirror.type.children.size()); ++i)
    BringUp(log.type.children[i], mirror.type.children[i], last_id);
}

// An array as the same values of another type's names and ids: structs by the names of their parts.
arrow::Result<std::shared_ptr<arrow::ArrayData>> Retyped(
    const std::shared_ptr<arrow::ArrayData>& data, const std::shared_ptr<arrow::DataType>& type) {
  if (type->num_fields() == 0) return data;
  auto out = data->Copy();
  out->type = type;
  out->child_data.clear();
  for (int i = 0; i < type->num_fields(); ++i) {
    const auto& wanted = type->field(i);
    int from = i;
    if (type->id() == arrow::Type::STRUCT)
      from = static_cast<const arrow::StructType&>(*data->type).GetFieldIndex(wanted->name());
    if (from < 0) {
      ARROW_ASSIGN_OR_RAISE(const auto none,
                            arrow::MakeArrayOfNull(wanted->type(), data->offset + data->length));
      out->child_data.push_back(none->data());
    } else {
      ARROW_ASSIGN_OR_RAISE(auto child,
                            Retyped(data->child_data[static_cast<size_t>(from)], wanted->type()));
      out->child_data.push_back(std::move(child));
    }
  }
  return out;
}

class Layout {
 public:
  explicit Layout(const LogInput& input)
      : input_(input),
        before_(input.attempt.before.rows.get()),
        after_(input.attempt.after.get()) {}

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Run() {
    ARROW_RETURN_NOT_OK(AddWrites());
    for (const int64_t row : input_.attempt.before.of_delete) {
      ARROW_RETURN_NOT_OK(AddWhat("delete", {}, -1));
      from_before_.push_back(row);
    }
    for (size_t i = 0; i < input_.gaps.size(); ++i) ARROW_RETURN_NOT_OK(AddWhat("gap", {}, -1));
    if (count() == 0) return nullptr;
    arrow::ArrayVector columns;
    const auto schema = record::ArrowSchema(input_.log);
    for (size_t i = 0; i < input_.log.fields.size(); ++i) {
      const auto& type = schema->field(static_cast<int>(i))->type();
      ARROW_ASSIGN_OR_RAISE(auto column, Column(input_.log.fields[i].name, type));
      ARROW_ASSIGN_OR_RAISE(auto retyped, Retyped(column->data(), type));
      columns.push_back(arrow::MakeArray(retyped));
    }
    return arrow::RecordBatch::Make(schema, count(), std::move(columns));
  }

 private:
  [[nodiscard]] int64_t count() const {
    return static_cast<int64_t>(from_after_.size() + from_before_.size() + input_.gaps.size());
  }

  arrow::Status AddWhat(std::string_view operation, const std::vector<int>& changed,
                        int64_t before) {
    ARROW_RETURN_NOT_OK(operation_.Append(operation));
    if (before < 0) {
      ARROW_RETURN_NOT_OK(changed_.AppendNull());
      return former_.AppendNull();
    }
    ARROW_RETURN_NOT_OK(changed_.Append());
    for (const int column : changed)
      ARROW_RETURN_NOT_OK(name_->Append(input_.mirror.fields[static_cast<size_t>(column)].name));
    return former_.Append(RowText(*before_, input_.mirror).JsonObject(before, changed));
  }

  // Columns whose values differ; both batches have the mirror's.
  [[nodiscard]] std::vector<int> Differing(int64_t before, int64_t after) const {
    static const auto kSame = arrow::EqualOptions::Defaults().nans_equal(true);
    std::vector<int> out;
    for (int i = 0; i < after_->num_columns(); ++i) {
      if (!before_->column(i)->RangeEquals(*after_->column(i), before, before + 1, after, kSame))
        out.push_back(i);
    }
    return out;
  }

  // In soft mode a delete and its undoing are told by a column.
  [[nodiscard]] std::string_view UpdateName(int64_t before, int64_t after) const {
    const auto is = after_->GetColumnByName(std::string(kDeletedColumn));
    if (is == nullptr || is->type_id() != arrow::Type::BOOL) return "update";
    const auto& was = *before_->GetColumnByName(std::string(kDeletedColumn));
    const auto set = [](const arrow::Array& flags, int64_t row) {
      return flags.IsValid(row) && static_cast<const arrow::BooleanArray&>(flags).Value(row);
    };
    if (set(was, before) == set(*is, after)) return "update";
    return set(*is, after) ? "delete" : "undelete";
  }

  arrow::Status AddWrites() {
    const auto& of_write = input_.attempt.before.of_write;
    for (size_t i = 0; i < of_write.size(); ++i) {
      const auto after = static_cast<int64_t>(i);
      if (of_write[i] < 0) {
        ARROW_RETURN_NOT_OK(AddWhat("insert", {}, -1));
      } else {
        const std::vector<int> changed = Differing(of_write[i], after);
        if (changed.empty()) continue;
        ARROW_RETURN_NOT_OK(AddWhat(UpdateName(of_write[i], after), changed, of_write[i]));
      }
      from_after_.push_back(after);
    }
    return arrow::Status::OK();
  }

  static arrow::Result<ArrayPtr> Take(const arrow::RecordBatch& batch, int column,
                                      const std::vector<int64_t>& rows) {
    const arrow::Int64Array wanted(static_cast<int64_t>(rows.size()), arrow::Buffer::Wrap(rows));
    return arrow::compute::Take(*batch.column(column), wanted,
                                arrow::compute::TakeOptions::NoBoundsCheck());
  }

  arrow::Result<ArrayPtr> Column(const std::string& name,
                                 const std::shared_ptr<arrow::DataType>& type) {
    if (name == kLogOperation) return operation_.Finish();
    if (name == kLogChanged) return changed_.Finish();
    if (name == kLogBefore) return former_.Finish();
    if (name == kLogCommit) return Same(arrow::Int64Scalar(input_.number));
    if (name == kLogCommittedAt) return Same(arrow::TimestampScalar(input_.committed_at_us, type));
    if (name == kLogSource) return Words(input_.source, &LogGap::source);
    if (name == kLogPosition) return Words(input_.position, &LogGap::position);
    return OfMirror(name, type);
  }

  [[nodiscard]] arrow::Result<ArrayPtr> Same(const arrow::Scalar& value) const {
    return arrow::MakeArrayFromScalar(value, count());
  }
  arrow::Result<ArrayPtr> Words(const std::string& mine, std::string LogGap::* theirs) const {
    arrow::StringBuilder builder;
    const size_t changes = from_after_.size() + from_before_.size();
    for (size_t row = 0; row < changes; ++row)
      ARROW_RETURN_NOT_OK(mine.empty() ? builder.AppendNull() : builder.Append(mine));
    for (const LogGap& gap : input_.gaps) ARROW_RETURN_NOT_OK(builder.Append(gap.*theirs));
    return builder.Finish();
  }

  arrow::Result<ArrayPtr> OfMirror(const std::string& name,
                                   const std::shared_ptr<arrow::DataType>& type) const {
    const auto& fields = input_.mirror.fields;
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& one) { return one.name == name; });
    if (field == fields.end()) return arrow::MakeArrayOfNull(type, count());
    const auto column = static_cast<int>(field - fields.begin());
    arrow::ArrayVector parts;
    if (!from_after_.empty()) {
      ARROW_ASSIGN_OR_RAISE(parts.emplace_back(), Take(*after_, column, from_after_));
    }
    if (!from_before_.empty()) {
      ARROW_ASSIGN_OR_RAISE(parts.emplace_back(), Take(*before_, column, from_before_));
    }
    if (!input_.gaps.empty()) {
      const auto& own = parts.empty() ? type : parts.front()->type();
      ARROW_ASSIGN_OR_RAISE(parts.emplace_back(),
                            arrow::MakeArrayOfNull(own, std::ssize(input_.gaps)));
    }
    return parts.size() == 1 ? parts.front() : arrow::Concatenate(parts);
  }

  const LogInput& input_;
  const arrow::RecordBatch* before_;
  const arrow::RecordBatch* after_;
  std::vector<int64_t> from_after_;   // rows of `after_`
  std::vector<int64_t> from_before_;  // rows of `before_`
  arrow::StringBuilder operation_;
  std::shared_ptr<arrow::StringBuilder> name_ = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder changed_{arrow::default_memory_pool(), name_};
  arrow::StringBuilder former_;
};

}  // namespace

record::Schema LogSchema(const record::Schema& mirror) {
  record::Schema log;
  log.fields = {LogField(1, kLogOperation, TypeId::kString, true),
                LogField(2, kLogChanged, TypeId::kList, false),
                LogField(4, kLogBefore, TypeId::kString, false),
                LogField(5, kLogCommit, TypeId::kLong, true),
                LogField(6, kLogCommittedAt, TypeId::kTimestamptz, true),
                LogField(7, kLogSource, TypeId::kString, false),
                LogField(8, kLogPosition, TypeId::kString, false)};
  log.fields[1].type.children = {LogField(3, "element", TypeId::kString, true)};
  return LogSchemaWith(std::move(log), mirror, 8);
}

record::Schema LogSchemaWith(record::Schema log, const record::Schema& mirror, int last_column_id) {
  for (const Field& field : mirror.fields) {
    const auto known = std::find_if(log.fields.begin(), log.fields.end(),
                                    [&](const Field& one) { return one.name == field.name; });
    if (known == log.fields.end()) {
      log.fields.push_back(Renumbered(field, last_column_id));
    } else {
      BringUp(*known, field, last_column_id);
    }
  }
  return log;
}

Result<std::shared_ptr<arrow::RecordBatch>> LogRows(const LogInput& input) {
  auto rows = Layout(input).Run();
  if (rows.ok()) return *std::move(rows);
  return Fail(Error(Kind::kInternal, "LAKE-MERGE-006", "rows cannot be put together")
                  .Because(rows.status().message()));
}

}  // namespace firn::lake
