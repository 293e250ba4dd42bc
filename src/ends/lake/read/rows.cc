#include "ends/lake/read/rows.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <numeric>

#include "core/base/nearest.h"
#include "ends/lake/format/schema_json.h"
#include "ends/lake/internal/equality_deletes.h"
#include "ends/lake/internal/parquet_source.h"
#include "ends/lake/internal/position_deletes.h"
#include "ends/lake/internal/row_mask.h"
#include "ends/lake/read/filter.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

using internal::ParquetSource;
using internal::PositionDeletes;

class Reader final : public RowReader {
 public:
  Reader(const Table& table, RowsOptions options)
      : table_(table),
        limit_left_(options.limit < 0 ? INT64_MAX : options.limit),
        equality_(table_.metadata()) {
    const int64_t rows = options.where.empty() ? limit_left_ : INT64_MAX;
    source_.batch_rows = static_cast<int>(
        std::clamp<int64_t>(std::min<int64_t>(options.batch_rows, rows), 1, 1 << 20));
  }

  Result<void> Prepare(const Call& call, const RowsOptions& options) {
    const TableMetadata& metadata = table_.metadata();
    FIRN_TRY(const Snapshot* snapshot, SnapshotOf(table_, options.snapshot));
    const TableSchema* schema = &metadata.current_schema();
    if (options.snapshot) {
      const TableSchema* then = metadata.FindSchema(snapshot->schema_id);
      if (then != nullptr) schema = then;
    }
    FIRN_CHECK(CheckReadable(*schema, options.columns));
    FIRN_TRY(schema_, Chosen(schema->schema, options.columns));
    source_.schema = schema_;
    if (!options.where.empty()) FIRN_CHECK(UseFilter(options.where, schema->schema));
    source_.hints = internal::HintsOf(metadata);
    if (snapshot == nullptr) return {};
    FIRN_CHECK(CollectFiles(call, *snapshot));
    for (record::Field& field : equality_.Columns()) source_.schema.fields.push_back(field);
    return {};
  }

  const record::Schema& schema() const override { return schema_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next(const Call& call) override {
    while (limit_left_ > 0) {
      if (open_ == nullptr) {
        if (next_file_ == files_.size()) break;
        FIRN_CHECK(OpenNext(call));
      }
      FIRN_TRY(auto batch, open_->Next(call));
      if (batch == nullptr) {
        spared_.row_groups += open_->row_groups_spared();
        spared_.rows += open_->rows_spared();
        open_.reset();
        continue;
      }
      FIRN_TRY(batch, internal::WithoutRows(std::move(batch), open_->first_row(), deleted_));
      FIRN_TRY(batch, Wanted(std::move(batch)));
      if (batch->num_rows() == 0) continue;
      if (batch->num_rows() > limit_left_) batch = batch->Slice(0, limit_left_);
      limit_left_ -= batch->num_rows();
      return batch;
    }
    return std::shared_ptr<arrow::RecordBatch>();
  }

  Spared spared() const override { return spared_; }

 private:
  struct LiveFile {
    DataFile file;
    int64_t sequence_number = 0;
  };

  // All columns are wanted when none is named.
  Result<void> CheckReadable(const TableSchema& schema,
                             const std::vector<std::string>& wanted) const {
    for (const UnreadColumn& column : UnreadColumns(schema.json)) {
      if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), column.name) == wanted.end())
        continue;
      return Fail(Error(Kind::kUnsupported, "LAKE-META-002",
                        "column `" + column.name + "` of table `" + table_.ident().Text() +
                            "` cannot be read")
                      .Because("it is of type `" + column.type + "`")
                      .Hint("name other columns, as in `--columns a,b`: those are read"));
    }
    return {};
  }

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

  Result<void> UseFilter(const std::string& where, const record::Schema& schema) {
    FIRN_TRY(Filter filter, Filter::Parse(where, schema));
    filter_ = std::move(filter);
    for (const record::Field& field : filter_->fields()) {
      if (source_.schema.Find(field.name) == nullptr) source_.schema.fields.push_back(field);
    }
    source_.statistics_schema.fields = filter_->fields();
    source_.may_match = [this](const DataFile& statistics) {
      return filter_->MayMatch(statistics);
    };
    return {};
  }

  // Takes out rows that equality deletes or the filter exclude, and the columns only they need.
  Result<std::shared_ptr<arrow::RecordBatch>> Wanted(std::shared_ptr<arrow::RecordBatch> batch) {
    if (!gone_.empty()) {
      const std::vector<bool> stays = internal::Staying(*batch, gone_);
      FIRN_TRY(batch, internal::OnlyRows(std::move(batch), stays));
    }
    if (filter_) {
      FIRN_TRY(const std::vector<bool> matches, filter_->Matches(*batch));
      FIRN_TRY(batch, internal::OnlyRows(std::move(batch), matches));
    }
    if (source_.schema.fields.size() == schema_.fields.size()) return batch;
    std::vector<int> shown(schema_.fields.size());
    std::iota(shown.begin(), shown.end(), 0);
    auto chosen = batch->SelectColumns(shown);
    if (chosen.ok()) return *chosen;
    return Fail(Error(Kind::kInternal, "LAKE-READ-001", "columns cannot be chosen")
                    .Because(chosen.status().message()));
  }

  Result<void> CollectFiles(const Call& call, const Snapshot& snapshot) {
    FIRN_TRY(const auto manifests, LoadManifests(call, *table_.store(), snapshot));
    for (const ManifestFile& manifest : manifests) {
      if (!manifest.has_live_files()) continue;
      FIRN_CHECK(
          EachEntry(call, *table_.store(), manifest, [&](ManifestEntry entry) -> Result<void> {
            if (!entry.live()) return {};
            const int64_t sequence = entry.sequence_number.value_or(0);
            if (entry.file.content == DataFile::Content::kEqualityDeletes)
              return equality_.Add(std::move(entry.file), sequence);
            if (entry.file.content == DataFile::Content::kPositionDeletes)
              return deletes_.Add(std::move(entry.file), sequence);
            if (filter_ && !(filter_->MayMatchPartition(table_.metadata(), entry.file) &&
                             filter_->MayMatch(entry.file))) {
              ++spared_.files;
            } else {
              files_.push_back({std::move(entry.file), sequence});
            }
            return {};
          }));
    }
    return {};
  }

  Result<void> OpenNext(const Call& call) {
    const LiveFile& live = files_[next_file_++];
    FIRN_TRY(deleted_,
             deletes_.PositionsFor(call, *table_.store(), live.file.path, live.sequence_number));
    FIRN_TRY(gone_, equality_.FilterFor(call, *table_.store(), live.file, live.sequence_number));
    FIRN_TRY(open_, ParquetSource::Open(call, *table_.store(), live.file, source_));
    return {};
  }

  Table table_;
  record::Schema schema_;  // what is shown: the first columns of the source's
  std::optional<Filter> filter_;
  internal::SourceOptions source_;
  int64_t limit_left_;
  std::vector<LiveFile> files_;
  PositionDeletes deletes_;
  internal::EqualityDeletes equality_;
  size_t next_file_ = 0;
  std::unique_ptr<ParquetSource> open_;
  std::vector<int64_t> deleted_;
  internal::EqualityFilter gone_;
  Spared spared_;
};

}  // namespace

Result<std::unique_ptr<RowReader>> RowReader::Open(const Call& call, const Table& table,
                                                   const RowsOptions& options) {
  auto reader = std::make_unique<Reader>(table, options);
  FIRN_CHECK(reader->Prepare(call, options));
  return std::unique_ptr<RowReader>(std::move(reader));
}

}  // namespace firn::lake
