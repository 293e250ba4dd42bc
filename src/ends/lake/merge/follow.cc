#include "ends/lake/merge/follow.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_nested.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include <algorithm>

namespace firn::lake {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

Error Internal(const std::string& why) {
  return Error(Kind::kInternal, "LAKE-MERGE-006", "rows cannot be put together").Because(why);
}

// A struct is there when one of its parts is. Whole rows hold what their parts say already.
Result<ArrayPtr> StructOf(const arrow::RecordBatch& rows, const FollowingColumn& following,
                          const ArrayPtr& present) {
  const auto& type = present->type();
  if (type->num_fields() != static_cast<int>(following.sources.size())) {
    return Fail(Internal("`" + following.column + "` has other parts"));
  }
  const int64_t count = rows.num_rows();
  auto valid = arrow::AllocateEmptyBitmap(count);
  if (!valid.ok()) return Fail(Internal(valid.status().message()));
  arrow::ArrayVector children;
  for (int i = 0; i < type->num_fields(); ++i) {
    const auto& wanted = type->field(i)->type();
    const ArrayPtr part = rows.GetColumnByName(following.sources[static_cast<size_t>(i)]);
    if (part == nullptr) {
      auto nulls = arrow::MakeArrayOfNull(wanted, count);
      if (!nulls.ok()) return Fail(Internal(nulls.status().message()));
      children.push_back(*std::move(nulls));
      continue;
    }
    if (!part->type()->Equals(*wanted)) {
      return Fail(Internal("a part of `" + following.column + "` is " + part->type()->ToString()));
    }
    for (int64_t row = 0; row < count; ++row) {
      if (part->IsValid(row)) arrow::bit_util::SetBit((*valid)->mutable_data(), row);
    }
    children.push_back(part);
  }
  return ArrayPtr(
      std::make_shared<arrow::StructArray>(type, count, std::move(children), *std::move(valid)));
}

Result<ArrayPtr> WordsOf(const arrow::RecordBatch& rows, const FollowingColumn& following,
                         const ArrayPtr& present, const std::vector<bool>& in_part) {
  std::vector<const arrow::StringArray*> parts;
  for (const std::string& source : following.sources) {
    const ArrayPtr part = rows.GetColumnByName(source);
    if (part == nullptr || part->type_id() != arrow::Type::STRING) continue;
    parts.push_back(static_cast<const arrow::StringArray*>(part.get()));
  }
  if (present->type_id() != arrow::Type::STRING || parts.empty()) return present;
  const auto& texts = static_cast<const arrow::StringArray&>(*present);
  arrow::StringBuilder builder;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    std::string joined;
    for (const auto* part : parts) {
      if (part->IsNull(row) || part->GetView(row).empty()) continue;
      if (!joined.empty()) joined.push_back(' ');
      joined += part->GetView(row);
    }
    // A row without such words is named otherwise: a business among persons.
    const bool stays = !in_part[static_cast<size_t>(row)] || joined.empty();
    const bool null = stays && texts.IsNull(row);
    const auto added = null    ? builder.AppendNull()
                       : stays ? builder.Append(texts.GetView(row))
                               : builder.Append(joined);
    if (!added.ok()) return Fail(Internal(added.message()));
  }
  auto array = builder.Finish();
  if (!array.ok()) return Fail(Internal(array.status().message()));
  return *std::move(array);
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> PutFollowing(
    const std::shared_ptr<arrow::RecordBatch>& rows, const std::vector<FollowingColumn>& following,
    const std::vector<bool>& in_part) {
  if (std::find(in_part.begin(), in_part.end(), true) == in_part.end()) return rows;
  arrow::ArrayVector columns = rows->columns();
  for (const FollowingColumn& column : following) {
    const int at = rows->schema()->GetFieldIndex(column.column);
    if (at < 0) continue;
    auto& present = columns[static_cast<size_t>(at)];
    if (column.kind == FollowingColumn::Kind::kWords) {
      FIRN_TRY(present, WordsOf(*rows, column, present, in_part));
    } else {
      FIRN_TRY(present, StructOf(*rows, column, present));
    }
  }
  return arrow::RecordBatch::Make(rows->schema(), rows->num_rows(), std::move(columns));
}

}  // namespace firn::lake
