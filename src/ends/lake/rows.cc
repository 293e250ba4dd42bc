#include "ends/lake/rows.h"

#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "core/base/nearest.h"
#include "ends/lake/internal/parquet_source.h"
#include "ends/lake/internal/position_deletes.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

using internal::ParquetSource;
using internal::PositionDeletes;

class Reader final : public RowReader {
 public:
  Reader(const Table& table, RowsOptions options)
      : table_(table), limit_left_(options.limit < 0 ? INT64_MAX : options.limit) {
    source_.batch_rows = static_cast<int>(
        std::clamp<int64_t>(std::min<int64_t>(options.batch_rows, limit_left_), 1, 1 << 20));
  }

  Result<void> Prepare(const Call& call, const RowsOptions& options) {
    const TableMetadata& metadata = table_.metadata();
    FIRN_TRY(const Snapshot* snapshot, SnapshotOf(table_, options.snapshot));
    const TableSchema* schema = &metadata.current_schema();
    if (options.snapshot) {
      const TableSchema* then = metadata.FindSchema(snapshot->schema_id);
      if (then != nullptr) schema = then;
    }
    FIRN_TRY(source_.schema, Chosen(schema->schema, options.columns));
    if (const auto mapping = metadata.properties.find("schema.name-mapping.default");
        mapping != metadata.properties.end())
      source_.names = internal::ParseNameMapping(mapping->second);
    if (snapshot == nullptr) return {};
    return CollectFiles(call, *snapshot);
  }

  const record::Schema& schema() const override { return source_.schema; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next(const Call& call) override {
    while (limit_left_ > 0) {
      if (open_ == nullptr) {
        if (next_file_ == files_.size()) break;
        FIRN_CHECK(OpenNext(call));
      }
      FIRN_TRY(auto batch, open_->Next(call));
      if (batch == nullptr) {
        open_.reset();
        continue;
      }
      FIRN_TRY(batch, WithoutDeleted(std::move(batch)));
      if (batch->num_rows() == 0) continue;
      if (batch->num_rows() > limit_left_) batch = batch->Slice(0, limit_left_);
      limit_left_ -= batch->num_rows();
      return batch;
    }
    return std::shared_ptr<arrow::RecordBatch>();
  }

 private:
  struct LiveFile {
    DataFile file;
    int64_t sequence_number = 0;
  };

  Result<record::Schema> Chosen(const record::Schema& schema,
                                const std::vector<std::string>& columns) const {
    if (columns.empty()) return schema;
    record::Schema chosen;
    chosen.schema_id = schema.schema_id;
    for (const std::string& name : columns) {
      const record::Field* field = schema.Find(name);
      if (field == nullptr) {
        std::vector<std::string> names;
        for (const record::Field& known : schema.fields) names.push_back(known.name);
        return Fail(Error(Kind::kNotFound, "LAKE-COLUMN-001",
                          "table `" + table_.ident().Text() + "` has no column `" + name + "`" +
                              DidYouMean(name, names)));
      }
      chosen.fields.push_back(*field);
    }
    return chosen;
  }

  Result<void> CollectFiles(const Call& call, const Snapshot& snapshot) {
    FIRN_TRY(const auto manifests, LoadManifests(call, *table_.store(), snapshot));
    for (const ManifestFile& manifest : manifests) {
      if (!manifest.has_live_files()) continue;
      FIRN_CHECK(
          EachEntry(call, *table_.store(), manifest, [&](ManifestEntry entry) -> Result<void> {
            if (!entry.live()) return {};
            const int64_t sequence = entry.sequence_number.value_or(0);
            if (entry.file.content == DataFile::Content::kData) {
              files_.push_back({std::move(entry.file), sequence});
              return {};
            }
            return deletes_.Add(std::move(entry.file), sequence);
          }));
    }
    return {};
  }

  Result<void> OpenNext(const Call& call) {
    const LiveFile& live = files_[next_file_++];
    FIRN_TRY(deleted_,
             deletes_.PositionsFor(call, *table_.store(), live.file.path, live.sequence_number));
    position_ = 0;
    FIRN_TRY(open_, ParquetSource::Open(call, *table_.store(), live.file, source_));
    return {};
  }

  // Takes out the rows whose positions are deleted; `deleted_` is sorted.
  Result<std::shared_ptr<arrow::RecordBatch>> WithoutDeleted(
      std::shared_ptr<arrow::RecordBatch> batch) {
    const int64_t first = position_;
    position_ += batch->num_rows();
    auto at = std::lower_bound(deleted_.begin(), deleted_.end(), first);
    if (at == deleted_.end() || *at >= position_) return batch;
    std::vector<bool> keep(static_cast<size_t>(batch->num_rows()), true);
    for (; at != deleted_.end() && *at < position_; ++at)
      keep[static_cast<size_t>(*at - first)] = false;
    arrow::BooleanBuilder builder;
    std::shared_ptr<arrow::Array> mask;
    auto status = builder.AppendValues(keep);
    if (status.ok()) status = builder.Finish(&mask);
    if (status.ok()) {
      auto filtered = arrow::compute::Filter(arrow::Datum(batch), arrow::Datum(mask));
      status = filtered.status();
      if (filtered.ok()) return filtered->record_batch();
    }
    return Fail(Error(Kind::kInternal, "LAKE-READ-001", "rows cannot be filtered")
                    .Because(status.message()));
  }

  Table table_;
  internal::SourceOptions source_;
  int64_t limit_left_;
  std::vector<LiveFile> files_;
  PositionDeletes deletes_;
  size_t next_file_ = 0;
  std::unique_ptr<ParquetSource> open_;
  std::vector<int64_t> deleted_;
  int64_t position_ = 0;
};

}  // namespace

Result<std::unique_ptr<RowReader>> RowReader::Open(const Call& call, const Table& table,
                                                   const RowsOptions& options) {
  auto reader = std::make_unique<Reader>(table, options);
  FIRN_CHECK(reader->Prepare(call, options));
  return std::unique_ptr<RowReader>(std::move(reader));
}

}  // namespace firn::lake
