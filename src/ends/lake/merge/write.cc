#include "ends/lake/merge/write.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_set>

#include "core/base/file.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/store/s3_store.h"

namespace firn::lake {
namespace {

constexpr int64_t kSampleRows = 2048;
constexpr int64_t kIdSampleRows = 16 * 1024;
constexpr size_t kIdLength = 18;
// So many Ids of 18 characters fill a dictionary (kDictionaryBytesMax).
constexpr double kRepeatedIds = 48'000;

// Whether a text column holds few enough values for a dictionary, by its first rows.
bool FewValues(const arrow::Array& column) {
  if (column.type_id() != arrow::Type::STRING) return false;
  const auto& texts = static_cast<const arrow::StringArray&>(column);
  const int64_t rows = std::min(texts.length(), kSampleRows);
  std::unordered_set<std::string_view> values;
  for (int64_t row = 0; row < rows; ++row) {
    if (texts.IsValid(row)) values.insert(texts.GetView(row));
  }
  return rows >= 64 && static_cast<int64_t>(values.size()) * 8 <= rows;
}

// Whether a text column names other records, of which many are named again within a file: an import
// is told that by describe, and readers take such columns twice as fast from a dictionary. Of
// kRepeatedIds values drawn evenly a sample shows `most` different ones.
bool RepeatedIds(const arrow::Array& column) {
  if (column.type_id() != arrow::Type::STRING) return false;
  const auto& texts = static_cast<const arrow::StringArray&>(column);
  const int64_t rows = std::min(texts.length(), kIdSampleRows);
  std::unordered_set<std::string_view> values;
  int64_t ids = 0;
  for (int64_t row = 0; row < rows; ++row) {
    if (texts.IsNull(row)) continue;
    if (texts.GetView(row).size() != kIdLength) return false;
    values.insert(texts.GetView(row));
    ++ids;
  }
  const double most = kRepeatedIds * -std::expm1(-static_cast<double>(ids) / kRepeatedIds);
  return ids >= kSampleRows && static_cast<double>(values.size()) <= most;
}

record::Layout LayoutFor(const record::Schema& schema, const arrow::RecordBatch& first) {
  record::Layout layout;
  layout.schema = schema;
  for (int i = 0; i < first.num_columns(); ++i) {
    if (!FewValues(*first.column(i)) && !RepeatedIds(*first.column(i))) continue;
    record::SourceColumn column;
    column.name = schema.fields[static_cast<size_t>(i)].name;
    column.field_index = i;
    column.dictionary = true;
    layout.columns.push_back(std::move(column));
  }
  return layout;
}

}  // namespace

MergeFileWriter::~MergeFileWriter() {
  // A file that stays all the same is an orphan, which is reported as one.
  if (!path_.empty()) (void)RemoveFile(path_);
}

Result<void> MergeFileWriter::Open(const Call& call, const arrow::RecordBatch& first) {
  const std::string name = options_.name.empty() ? NewUuid(*call.random) + "-merge"
                                                 : options_.name + "-" + NewUuid(*call.random);
  uri_ = table_.location() + "/data/" + name + ".parquet";
  FIRN_TRY(path_, DataFilePath(*table_.store(), uri_));
  ParquetOptions options;
  options.row_group_rows = options_.row_group_rows;
  options.plain_encoding = options_.plain_encoding;
  options.packing = options_.packing;
  FIRN_TRY(
      writer_,
      ParquetWriter::Open(
          path_, options_.layout != nullptr ? *options_.layout : LayoutFor(table_.schema(), first),
          options));
  return {};
}

Result<void> MergeFileWriter::Write(const Call& call,
                                    const std::shared_ptr<arrow::RecordBatch>& rows) {
  if (rows->num_rows() == 0) return {};
  if (writer_ == nullptr) FIRN_CHECK(Open(call, *rows));
  call_ = call;
  FIRN_CHECK(writer_->Write(*rows));
  rows_ += rows->num_rows();
  kept_bytes_ += arrow::util::TotalBufferSize(*rows);
  keep_ = keep_ && kept_bytes_ <= options_.kept_bytes_max;
  if (keep_) {
    kept_.push_back(rows);
  } else {
    kept_.clear();
  }
  return {};
}

Result<DataFile> MergeFileWriter::Close() {
  FIRN_TRY(DataFile file, writer_->Close());
  FIRN_CHECK(PublishDataFile(call_, *table_.store(), uri_));
  path_.clear();
  file.path = uri_;
  file.spec_id = table_.metadata().default_spec_id;
  return file;
}

}  // namespace firn::lake
