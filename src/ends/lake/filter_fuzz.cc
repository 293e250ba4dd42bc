// Conditions as people and engines write them: understood, or refused with an error; statistics
// that say nothing rule nothing out, and rows that fit lie in a file that may have some.
#include <arrow/array/array_binary.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ends/lake/format/single_value.h"
#include "ends/lake/read/filter.h"

namespace {

firn::record::Schema Columns() {
  firn::record::Schema schema;
  const auto add = [&schema](const char* name, firn::record::TypeId id) {
    firn::record::Type type;
    type.id = id;
    schema.fields.push_back({static_cast<int>(schema.fields.size()) + 1, name, false, type, ""});
  };
  add("a", firn::record::TypeId::kString);
  add("n", firn::record::TypeId::kLong);
  return schema;
}

std::shared_ptr<arrow::RecordBatch> Rows() {
  arrow::StringBuilder texts;
  arrow::Int64Builder numbers;
  FIRN_ASSERT(texts.AppendValues({"ab", "b%"}).ok() && texts.AppendNull().ok());
  FIRN_ASSERT(numbers.AppendValues({1, 3}).ok() && numbers.AppendNull().ok());
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("a", arrow::utf8()), arrow::field("n", arrow::int64())}), 3,
      {*texts.Finish(), *numbers.Finish()});
}

firn::lake::DataFile StatisticsOfRows() {
  firn::lake::DataFile file;
  file.record_count = 3;
  file.value_counts = {{1, 3}, {2, 3}};
  file.null_value_counts = {{1, 1}, {2, 1}};
  file.lower_bounds = {{1, "ab"}, {2, firn::lake::SingleLong(1)}};
  file.upper_bounds = {{1, "b%"}, {2, firn::lake::SingleLong(3)}};
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const firn::record::Schema schema = Columns();
  static const auto rows = Rows();
  static const firn::lake::DataFile statistics = StatisticsOfRows();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto filter = firn::lake::Filter::Parse(text, schema);
  if (!filter) {
    FIRN_ASSERT(!filter.error().code().empty());
    return 0;
  }
  firn::lake::DataFile silent;
  silent.record_count = 3;
  FIRN_ASSERT(filter->MayMatch(silent));
  const auto matches = filter->Matches(*rows);
  FIRN_ASSERT(matches && matches->size() == 3);
  const bool any = std::find(matches->begin(), matches->end(), true) != matches->end();
  FIRN_ASSERT(!any || filter->MayMatch(statistics));
  return 0;
}
