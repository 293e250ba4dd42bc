#include "sandbox/data_cloud/lake_run.h"

#include "sandbox/api_error.h"
#include "sandbox/bulk/csv_rows.h"
#include "sandbox/bulk/result_file.h"
#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

constexpr size_t kRowsPerBatch = 5000;
// A delete file has no header: keys, and instants for objects that say how new a record is.
constexpr size_t kDeleteColumnsMax = 2;

class LakeRun {
 public:
  LakeRun(const LakeJob& job, const LakeRunParts& parts, LakeObject object)
      : job_(job), parts_(parts), object_(std::move(object)) {}

  Result<bool> RunFile(const std::string& path) {
    FIRN_TRY(const MappedFile file, MappedFile::Open(path));
    const std::string_view bytes = file.bytes();
    const size_t end = bytes.find('\n');
    const bool crlf = end != std::string_view::npos && end > 0 && bytes[end - 1] == '\r';
    CsvRows rows(bytes, {',', crlf});
    std::vector<std::string_view> cells;
    if (job_.operation == "upsert") {
      const CsvRows::Row header = rows.Next(cells);
      if (header == CsvRows::Row::kEnd) return true;
      if (header == CsvRows::Row::kBroken) {
        return Fail(ApiError(400, "InvalidHeader", "The header row is not well-formed CSV"));
      }
      FIRN_CHECK(ReadHeader(cells));
    }
    for (bool more = true; more;) {
      if (!parts_.go_on(rows_, bad_rows_)) return false;
      LakeBatch batch;
      more = FillBatch(rows, batch);
      FIRN_CHECK(parts_.store.Apply(job_.source, job_.object, batch));
      rows.Release();
    }
    static_cast<void>(parts_.go_on(rows_, bad_rows_));
    return true;
  }

 private:
  Result<void> ReadHeader(const std::vector<std::string_view>& names) {
    columns_ = names.size();
    column_of_.assign(object_.fields.size(), std::string::npos);
    for (size_t i = 0; i < names.size(); ++i) {
      // Columns that are no fields are passed over.
      const size_t place = object_.PlaceOf(names[i]);
      if (place != std::string::npos) column_of_[place] = i;
    }
    for (size_t place = 0; place < object_.fields.size(); ++place) {
      if (column_of_[place] != std::string::npos) continue;
      return Fail(ApiError(400, "InvalidHeader",
                           "The header row lacks the field " + object_.fields[place].name +
                               ": all fields of the schema must be there"));
    }
    return {};
  }

  bool FillBatch(CsvRows& rows, LakeBatch& batch) {
    std::vector<std::string_view> cells;
    for (size_t i = 0; i < kRowsPerBatch; ++i) {
      const CsvRows::Row kind = rows.Next(cells);
      if (kind == CsvRows::Row::kEnd) return false;
      ++rows_;
      const std::string wrong = kind == CsvRows::Row::kBroken ? "the row is not well-formed CSV"
                                : job_.operation == "upsert"  ? AddUpsert(cells, batch)
                                                              : AddDelete(cells, batch);
      if (wrong.empty()) continue;
      ++bad_rows_;
      // What would fall out of the store again is not put there.
      if (batch.problems.size() < static_cast<size_t>(LakeStore::kProblemsKept)) {
        batch.problems.push_back({job_.id, rows_, wrong});
      }
    }
    return true;
  }

  // What is wrong with the row; empty: nothing.
  std::string AddUpsert(const std::vector<std::string_view>& cells, LakeBatch& batch) const {
    if (cells.size() != columns_) return "the row and the header have different numbers of values";
    LakeRow row;
    row.json = "{";
    for (size_t place = 0; place < object_.fields.size(); ++place) {
      const LakeField& field = object_.fields[place];
      const std::string_view cell = cells[column_of_[place]];
      if (place > 0) row.json += ',';
      AppendJsonText(field.name, row.json);
      row.json += ':';
      if (!AppendLakeCell(field.type, cell, row.json)) {
        return "field " + field.name + " is no " + std::string(LakeTypeName(field.type));
      }
    }
    row.json += '}';
    row.key = cells[column_of_[object_.key]];
    if (row.key.empty()) return "the primary key is empty";
    if (object_.modified)
      row.modified = LakeInstant(cells[column_of_[*object_.modified]]).value_or(0);
    batch.upserts.push_back(std::move(row));
    return "";
  }

  std::string AddDelete(const std::vector<std::string_view>& cells, LakeBatch& batch) const {
    if (cells.size() > kDeleteColumnsMax) return "the row has more than 2 values";
    LakeRow row;
    row.key = cells[0];
    if (row.key.empty()) return "the primary key is empty";
    if (object_.modified) {
      const auto instant = cells.size() < 2 ? std::nullopt : LakeInstant(cells[1]);
      if (!instant) return "the second value must say when the record was deleted";
      row.modified = *instant;
    }
    batch.deletes.push_back(std::move(row));
    return "";
  }

  const LakeJob& job_;
  const LakeRunParts& parts_;
  const LakeObject object_;
  size_t columns_ = 0;
  std::vector<size_t> column_of_;  // by place of the field
  uint64_t rows_ = 0;
  uint64_t bad_rows_ = 0;
};

}  // namespace

Result<bool> RunLakeJob(const LakeJob& job, const LakeRunParts& parts) {
  auto object = parts.store.Find(job.source, job.object);
  if (!object) {
    return Fail(ApiError(400, "NotFound", "The connector or its object is no longer there"));
  }
  LakeRun run(job, parts, *std::move(object));
  for (const std::string& file : parts.files) {
    FIRN_TRY(const bool done, run.RunFile(file));
    if (!done) return false;
  }
  return true;
}

}  // namespace firn::sandbox
