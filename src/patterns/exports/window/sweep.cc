#include "patterns/exports/window/sweep.h"

#include <arrow/record_batch.h>

#include <algorithm>

#include "core/base/file.h"
#include "patterns/exports/object/layout_for.h"
#include "patterns/exports/object/row_marks.h"
#include "patterns/exports/verify/row_compare.h"
#include "patterns/exports/window/deleted_ids.h"

namespace firn::exports {
namespace {

constexpr size_t kIdsPerRead = 200;

// The part of `schema` that both sides have and that is compared.
record::Schema KeyAndCursor(const record::Layout& layout, const lake::Table& table) {
  record::Schema schema;
  for (const record::Field& field : layout.schema.fields) {
    const record::Field* column = table.schema().Find(field.name);
    if (column != nullptr && column->id == field.id) schema.fields.push_back(field);
  }
  return schema;
}

// Columns of `layout` that Id and the cursor fill, as a layout of their own.
record::Layout NarrowLayout(const record::Layout& layout, const std::string& cursor) {
  record::Layout narrow;
  narrow.object = layout.object;
  for (const record::SourceColumn& column : layout.columns) {
    if (column.name != "Id" && column.name != cursor) continue;
    narrow.columns.push_back(column);
    narrow.columns.back().field_index = static_cast<int>(narrow.schema.fields.size());
    narrow.schema.fields.push_back(layout.schema.fields[static_cast<size_t>(column.field_index)]);
  }
  return narrow;
}

class Sweeper {
 public:
  Sweeper(const Call& call, const ExportParts& parts, const ExportOptions& options,
          const SweepRequest& request)
      : call_(call), parts_(parts), options_(options), request_(request) {}

  Result<SweepOutcome> Run() {
    const record::Layout narrow = NarrowLayout(request_.layout, request_.cursor);
    const record::Schema schema = KeyAndCursor(narrow, request_.table);
    FIRN_TRY(const auto staged, ReadStaged(call_, parts_, options_,
                                           {.layout = narrow,
                                            .where = request_.spec.where,
                                            .all_rows = request_.spec.all_rows,
                                            .folder = request_.folder + "/ids"}));
    FIRN_CHECK(Compare(staged, schema));
    return ReadLate();
  }

 private:
  Result<void> Compare(const StagedRows& staged, const record::Schema& schema) {
    const int buckets = SpillBuckets::CountFor(staged.rows_received);
    SpillBuckets org(request_.folder + "/org", buckets);
    SpillBuckets lake(request_.folder + "/lake", buckets);
    const auto into = [&](SpillBuckets& side, int64_t* without_id) {
      return [&, without_id](const std::shared_ptr<arrow::RecordBatch>& batch) {
        return SpillMarks(*batch, schema, request_.cursor, side, without_id);
      };
    };
    FIRN_CHECK(EachLiveBatch(call_, request_.table, schema, into(lake, &out_.without_id)));
    FIRN_CHECK(EachStagedBatch(call_, staged.files, schema, into(org, nullptr)));
    FIRN_CHECK(org.Finish());
    FIRN_CHECK(lake.Finish());
    out_.ids_org = org.marks();
    out_.ids_lake = lake.marks();
    out_.gone_path = request_.folder + "/gone";
    FIRN_TRY(gone_, FileWriter::Create(out_.gone_path, 0600));
    const auto judge = [this](const MarkPair& pair) { return Judge(pair); };
    FIRN_CHECK(CompareMarks(call_, org, lake, judge));
    return gone_->Commit();
  }

  Result<void> Judge(const MarkPair& pair) {
    if (pair.twice) {
      // Its next change takes all of them away; a delete here would lose the record.
      ++out_.twice;
      late_.emplace_back(View(pair.lake->id));
      return {};
    }
    if (pair.org == nullptr) {
      ++out_.gone;
      const int64_t now_us = request_.org_now.time_since_epoch().count();
      return gone_->Append(IdLine(View(pair.lake->id), now_us));
    }
    // What has changed since the window began is the window's, or the next one's.
    if (!request_.cursor.empty() &&
        pair.org->stamp >= request_.covered_from.time_since_epoch().count()) {
      return {};
    }
    ++out_.late;
    if (out_.late <= kLateRowsMost) {
      late_.emplace_back(View(pair.org->id));
    } else {
      ++out_.late_unread;
    }
    return {};
  }

  Result<SweepOutcome> ReadLate() {
    for (size_t from = 0; from < late_.size(); from += kIdsPerRead) {
      std::string where = "Id IN (";
      for (size_t i = from; i < std::min(late_.size(), from + kIdsPerRead); ++i) {
        where += (i == from ? "'" : ",'") + late_[i] + "'";
      }
      const std::string folder = request_.folder + "/late-" + std::to_string(from);
      FIRN_TRY(auto rows, ReadStaged(call_, parts_, options_,
                                     {.layout = request_.layout,
                                      .where = where + ")",
                                      .prefer_rest = true,
                                      .folder = folder}));
      out_.reread.rows_received += rows.rows_received;
      out_.reread.rows_rejected += rows.rows_rejected;
      for (lake::DataFile& file : rows.files) out_.reread.files.push_back(std::move(file));
    }
    return std::move(out_);
  }

  const Call& call_;
  const ExportParts& parts_;
  const ExportOptions& options_;
  const SweepRequest& request_;
  std::unique_ptr<FileWriter> gone_;
  std::vector<std::string> late_;
  SweepOutcome out_;
};

}  // namespace

Result<SweepOutcome> SweepIds(const Call& call, const ExportParts& parts,
                              const ExportOptions& options, const SweepRequest& request) {
  return Doing(Sweeper(call, parts, options, request).Run(),
               "comparing all Ids of " + request.spec.object);
}

}  // namespace firn::exports
