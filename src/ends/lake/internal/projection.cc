#include "ends/lake/internal/projection.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <charconv>

#include "core/record/arrow_schema.h"
#include "ends/lake/internal/json.h"

namespace firn::lake::internal {
namespace {

using record::Field;
using record::TypeId;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using DataPtr = std::shared_ptr<arrow::ArrayData>;

Error Unreadable(const Field& target, std::string why) {
  return Error(Kind::kCorrupt, "LAKE-READ-001", "column `" + target.name + "` cannot be read")
      .Because(std::move(why));
}

int FieldIdOf(const arrow::Field& field) {
  if (field.metadata() == nullptr) return -1;
  const int at = field.metadata()->FindKey("PARQUET:field_id");
  if (at < 0) return -1;
  const std::string& text = field.metadata()->value(at);
  int id = -1;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

Result<DataPtr> Project(const DataPtr& source, const Field& target, const FieldHints& hints);

Result<DataPtr> Nulls(const Field& target, int64_t rows) {
  auto made = arrow::MakeArrayOfNull(ArrowFieldOf(target)->type(), rows);
  if (!made.ok()) return Fail(Unreadable(target, made.status().message()));
  return (*made)->data();
}

Result<DataPtr> Repeated(const Field& target, const arrow::Scalar& value, int64_t rows) {
  auto made = arrow::MakeArrayFromScalar(value, rows);
  if (!made.ok()) return Fail(Unreadable(target, made.status().message()));
  return (*made)->data();
}

// A column that the file lacks: in every row the value of the file's partition, else the field's
// default, or nulls.
Result<DataPtr> Missing(const Field& target, const FieldHints& hints, int64_t rows) {
  if (const auto held = hints.held.find(target.id); held != hints.held.end()) {
    if (!held->second) return Nulls(target, rows);
    FIRN_TRY(const auto value, SingleScalar(target, *held->second));
    return Repeated(target, *value, rows);
  }
  const auto found = hints.defaults.find(target.id);
  if (found == hints.defaults.end()) return Nulls(target, rows);
  if (target.type.id == TypeId::kStruct) {
    // A struct's default says that it is there; what it holds are the defaults of its fields.
    std::vector<DataPtr> children;
    for (const Field& child : target.type.children) {
      FIRN_TRY(DataPtr data, Missing(child, hints, rows));
      children.push_back(std::move(data));
    }
    return arrow::ArrayData::Make(ArrowFieldOf(target)->type(), rows, {nullptr},
                                  std::move(children), 0);
  }
  FIRN_TRY(const auto value, DefaultScalar(target, found->second));
  return Repeated(target, *value, rows);
}

Result<DataPtr> ProjectStruct(const DataPtr& source, const Field& target, const FieldHints& hints) {
  if (source->type->id() != arrow::Type::STRUCT)
    return Fail(Unreadable(target, "the file holds `" + source->type->ToString() + "`"));
  auto out = source->Copy();
  out->type = ArrowFieldOf(target)->type();
  out->child_data.clear();
  for (const Field& child : target.type.children) {
    DataPtr found;
    for (int i = 0; i < source->type->num_fields(); ++i) {
      if (IsField(*source->type->field(i), child, hints))
        found = source->child_data[static_cast<size_t>(i)];
    }
    // Children carry no offset of the parent: they are as long as offset plus length.
    DataPtr projected;
    if (found == nullptr) {
      FIRN_TRY(projected, Missing(child, hints, source->offset + source->length));
    } else {
      FIRN_TRY(projected, Project(found, child, hints));
    }
    out->child_data.push_back(std::move(projected));
  }
  return out;
}

Result<DataPtr> ProjectList(DataPtr source, const Field& target, const FieldHints& hints) {
  // The writer's own Arrow type comes along in the file: PyArrow's lists are often large ones.
  const auto kind = source->type->id();
  if (kind == arrow::Type::LARGE_LIST || kind == arrow::Type::FIXED_SIZE_LIST) {
    auto cast =
        arrow::compute::Cast(*arrow::MakeArray(source), arrow::list(source->type->field(0)));
    if (!cast.ok()) return Fail(Unreadable(target, cast.status().message()));
    source = (*cast)->data();
  }
  if (source->type->id() != arrow::Type::LIST)
    return Fail(Unreadable(target, "the file holds `" + source->type->ToString() + "`"));
  auto out = source->Copy();
  out->type = ArrowFieldOf(target)->type();
  FIRN_TRY(out->child_data[0], Project(source->child_data[0], target.type.children[0], hints));
  return out;
}

Result<DataPtr> ProjectMap(const DataPtr& source, const Field& target, const FieldHints& hints) {
  if (source->type->id() != arrow::Type::MAP)
    return Fail(Unreadable(target, "the file holds `" + source->type->ToString() + "`"));
  auto out = source->Copy();
  out->type = ArrowFieldOf(target)->type();
  auto entries = source->child_data[0]->Copy();
  entries->type = static_cast<const arrow::MapType&>(*out->type).value_type();
  for (size_t i = 0; i < 2; ++i) {
    FIRN_TRY(entries->child_data[i],
             Project(entries->child_data[i], target.type.children[i], hints));
  }
  out->child_data[0] = std::move(entries);
  return out;
}

Result<DataPtr> Project(const DataPtr& source, const Field& target, const FieldHints& hints) {
  switch (target.type.id) {
    case TypeId::kStruct:
      return ProjectStruct(source, target, hints);
    case TypeId::kList:
      return ProjectList(source, target, hints);
    case TypeId::kMap:
      return ProjectMap(source, target, hints);
    default:
      break;
  }
  const auto type = ArrowFieldOf(target)->type();
  if (source->type->Equals(*type)) return source;
  // Safe casts only: what does not fit is an error, never a changed value.
  auto cast = arrow::compute::Cast(*arrow::MakeArray(source), type);
  if (!cast.ok())
    return Fail(Unreadable(target, "the file holds `" + source->type->ToString() +
                                       "`, the table `" + record::TypeText(target.type) + "`"));
  return (*cast)->data();
}

}  // namespace

std::shared_ptr<arrow::Field> ArrowFieldOf(const Field& field) {
  record::Schema one;
  one.fields.push_back(field);
  return record::ArrowSchema(one)->field(0);
}

bool IsField(const arrow::Field& source, const Field& target, const FieldHints& hints) {
  const int id = FieldIdOf(source);
  if (id >= 0) return id == target.id;
  const auto mapped = hints.names.find(target.id);
  return mapped != hints.names.end() && mapped->second.contains(source.name());
}

FieldFinder::FieldFinder(const std::vector<std::shared_ptr<arrow::Field>>& columns) {
  for (size_t i = 0; i < columns.size(); ++i) {
    const int id = FieldIdOf(*columns[i]);
    if (id >= 0) {
      by_id_[id] = static_cast<int>(i);
    } else {
      by_name_[columns[i]->name()] = static_cast<int>(i);
    }
  }
}

int FieldFinder::Find(const Field& target, const FieldHints& hints) const {
  if (const auto found = by_id_.find(target.id); found != by_id_.end()) return found->second;
  const auto mapped = hints.names.find(target.id);
  if (mapped == hints.names.end()) return -1;
  for (const std::string& name : mapped->second) {
    if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  }
  return -1;
}

Result<ArrayPtr> ProjectColumn(const ArrayPtr& source, const Field& target, const FieldHints& hints,
                               int64_t rows) {
  if (source == nullptr) {
    FIRN_TRY(const DataPtr missing, Missing(target, hints, rows));
    return arrow::MakeArray(missing);
  }
  FIRN_TRY(const DataPtr data, Project(source->data(), target, hints));
  return arrow::MakeArray(data);
}

}  // namespace firn::lake::internal
