#include "sandbox/bulk/ingest_run.h"

#include <algorithm>
#include <set>

#include "core/base/fault_point.h"
#include "sandbox/api_error.h"

namespace firn::sandbox {
namespace {

// A commit waits for the disk: few large ones cost less time, and more memory.
constexpr uint64_t kRowsPerCommit = 5'000;
constexpr std::string_view kNullWord = "#N/A";
// Source: Bulk API and Bulk API 2.0 Limits and Allocations, 'General Limits', read 2026-11.
constexpr size_t kColumnsMax = 5'000;
constexpr size_t kRecordBytesMax = 400'000;

tl::unexpected<Error> JobFails(std::string_view code, const std::string& message) {
  return Fail(ApiError(400, code, message));
}

Mutation::Kind KindOf(const std::string& operation) {
  if (operation == "insert") return Mutation::Kind::kInsert;
  if (operation == "update") return Mutation::Kind::kUpdate;
  if (operation == "upsert") return Mutation::Kind::kUpsert;
  return operation == "delete" ? Mutation::Kind::kDelete : Mutation::Kind::kPurge;
}

bool IsDelete(const IngestJob& job) {
  return job.operation == "delete" || job.operation == "hardDelete";
}

}  // namespace

std::string RowErrorText(const Error& error) {
  const ApiErrorParts parts = PartsOf(error);
  std::string text = parts.code + ":" + parts.message + ":";
  for (const std::string& field : parts.fields) text += field + " ";
  return text + "--";
}

void IngestRun::Block::Clear() {
  values.clear();
  cells.clear();
  mutations.clear();
  refused.clear();
  rows = 0;
}

IngestRun::IngestRun(const IngestJob& job, IngestPaths paths, Parts parts)
    : job_(job),
      paths_(std::move(paths)),
      parts_(std::move(parts)),
      format_{DelimiterOf(job.delimiter), job.line_ending == "CRLF"} {}

Result<void> IngestRun::CheckLineEnding() const {
  const std::string_view bytes = data_->bytes();
  const size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return {};
  const bool crlf = end > 0 && bytes[end - 1] == '\r';
  if (crlf == format_.crlf) return {};
  return JobFails("ClientInputError",
                  "LineEnding is invalid on user data. Current LineEnding "
                  "setting is " +
                      job_.line_ending);
}

Result<void> IngestRun::Open() {
  FIRN_TRY(auto data, MappedFile::Open(paths_.data));
  data_.emplace(std::move(data));
  rows_.emplace(data_->bytes(), format_);
  FIRN_CHECK(CheckLineEnding());
  std::vector<std::string_view> header;
  const CsvRows::Row kind = rows_->Next(header);
  if (kind == CsvRows::Row::kEnd) {  // nothing to do is no mistake
    FIRN_CHECK(OpenResults());
    FIRN_CHECK(successful_->Flush());
    return failed_->Flush();
  }
  if (kind == CsvRows::Row::kBroken) {
    return JobFails("InvalidBatch", "The header row is not well-formed CSV");
  }
  if (header.size() > kColumnsMax) {
    return JobFails("InvalidBatch", "The header row has more than 5000 columns");
  }
  for (const std::string_view name : header) {
    columns_.push_back({std::string(name), Folded(name) == "id"});
  }
  FIRN_CHECK(CheckHeader());
  FIRN_TRY(const std::string note, parts_.org.Note(NoteKey(job_)));
  progress_ = IngestProgressOf(note);
  if (progress_.offset > 0) {
    rows_->Seek(progress_.offset);
  } else {
    progress_.offset = rows_->offset();
  }
  rows_->Release();
  // Rows of a process that died after its last commit are told here: no further commit will.
  if (progress_.rows > 0) parts_.done(progress_);
  return OpenResults();
}

Result<void> IngestRun::CheckHeader() const {
  const auto catalogue = parts_.org.CatalogueFor(job_.user_id);
  const ObjectInfo* object = catalogue->Object(job_.object);
  if (object == nullptr) return JobFails("InvalidBatch", "Unable to find object: " + job_.object);
  return CheckColumns(*object);
}

Result<void> IngestRun::CheckColumns(const ObjectInfo& object) const {
  std::set<std::string> seen;
  for (const Column& column : columns_) {
    if (!seen.insert(Folded(column.name)).second) {
      return JobFails("InvalidBatch", "Duplicate column in the header row : " + column.name);
    }
    if (IsDelete(job_) && !column.is_id) {
      return JobFails("InvalidBatch", "The '" + job_.operation + "' batch must contain only ids");
    }
    const size_t dot = column.name.find('.');
    const FieldInfo* field = nullptr;
    if (dot == std::string::npos) {
      field = object.Field(column.name);
    } else {
      const std::string path = column.name.substr(0, dot);
      const size_t colon = path.find(':');
      field = object.Relationship(colon == std::string::npos ? path : path.substr(colon + 1));
    }
    if (field == nullptr || field->hidden) {
      return JobFails("InvalidBatch", "Field name not found : " + column.name);
    }
  }
  return {};
}

Result<void> IngestRun::OpenResults() {
  FIRN_TRY(auto successful, ResultFile::Open(paths_.successful, progress_.successful_bytes));
  FIRN_TRY(auto failed, ResultFile::Open(paths_.failed, progress_.failed_bytes));
  successful_.emplace(std::move(successful));
  failed_.emplace(std::move(failed));
  const auto begin = [&](ResultFile& file, std::string_view second) {
    if (file.bytes() > 0) return;
    std::string& out = file.buffer();
    AppendCsvCell("sf__Id", out);
    out += format_.delimiter;
    AppendCsvCell(second, out);
    for (const Column& column : columns_) {
      out += format_.delimiter;
      AppendCsvCell(column.name, out);
    }
    out += format_.crlf ? "\r\n" : "\n";
  };
  begin(*successful_, "sf__Created");
  begin(*failed_, "sf__Error");
  return {};
}

Result<IngestStop> IngestRun::RunBatch() {
  Block block;
  uint64_t left = kRowsPerInternalBatch - progress_.rows % kRowsPerInternalBatch;
  while (left > 0 && !at_end_) {
    if (const IngestStop stop = parts_.look(progress_.rows); stop != IngestStop::kNone) {
      return stop;
    }
    block.Clear();
    Fill(block, std::min({left, kRowsPerCommit, parts_.room(progress_.rows)}));
    if (block.rows == 0) break;
    left -= block.rows;
    FIRN_CHECK(CommitBlock(block));
    rows_->Release();
    parts_.done(progress_);
  }
  return IngestStop::kNone;
}

void IngestRun::Fill(Block& block, uint64_t rows_max) {
  // Mutations hold spans of the cells: they must not move.
  block.cells.reserve(rows_max * columns_.size());
  block.values.reserve(rows_max * columns_.size());
  std::vector<std::string_view> row;
  while (block.rows < rows_max) {
    const CsvRows::Row kind = rows_->Next(row);
    if (kind == CsvRows::Row::kEnd) break;
    AddRow(block, kind, row);
  }
  at_end_ = block.rows < rows_max || rows_->offset() >= data_->bytes().size();
}

void IngestRun::AddRow(Block& block, CsvRows::Row kind, const std::vector<std::string_view>& row) {
  std::string refused;
  if (kind == CsvRows::Row::kBroken) {
    refused =
        "CLIENT_INPUT_ERROR:The row is not well-formed CSV: a quote is open, or stands within "
        "or beside a value:--";
  } else if (row.size() != columns_.size()) {
    refused = "CLIENT_INPUT_ERROR:The row has " + std::to_string(row.size()) +
              " values and the header " + std::to_string(columns_.size()) + " columns:--";
  } else if (rows_->raw().size() > kRecordBytesMax) {
    refused = "CLIENT_INPUT_ERROR:The record is longer than 400000 characters:--";
  }
  const size_t first = block.values.size();
  block.values.insert(block.values.end(), row.begin(),
                      row.begin() + static_cast<long>(std::min(row.size(), columns_.size())));
  block.values.resize(first + columns_.size());
  if (refused.empty()) AddMutation(block, first);
  block.refused.push_back(std::move(refused));
  ++block.rows;
}

void IngestRun::AddMutation(Block& block, size_t first_value) {
  Mutation mutation;
  mutation.kind = KindOf(job_.operation);
  mutation.object = job_.object;
  mutation.key_field = job_.external_id_field;
  const bool upsert = mutation.kind == Mutation::Kind::kUpsert;
  const size_t first_cell = block.cells.size();
  for (size_t i = 0; i < columns_.size(); ++i) {
    const std::string_view value = block.values[first_value + i];
    if (columns_[i].is_id && !upsert) {
      mutation.id_text = value;
      // An insert with ids is refused by its field rules, as the vendor does.
      if (mutation.kind != Mutation::Kind::kInsert || value.empty()) continue;
    }
    if (value.empty()) continue;  // leaves the field as it is
    if (value == kNullWord) {
      block.cells.push_back({columns_[i].name, std::nullopt});
    } else {
      block.cells.push_back({columns_[i].name, value});
    }
  }
  mutation.cells = {block.cells.data() + first_cell, block.cells.size() - first_cell};
  block.mutations.push_back(mutation);
}

Result<void> IngestRun::CommitBlock(Block& block) {
  IngestProgress next = progress_;
  next.offset = rows_->offset();
  MutateOptions options;
  options.user_id = job_.user_id;
  options.rows_per_key = kRowsPerChunk;
  options.from_csv = true;
  options.origin = "com/salesforce/api/bulkapi/" + std::to_string(job_.api_version) + ".0";
  options.note_key = NoteKey(job_);
  options.note = [&](std::span<const RowOutcome> outcomes) {
    return WriteResults(block, outcomes, next);
  };
  FIRN_CHECK(parts_.org.Mutate(block.mutations, options));
  FIRN_FAULT_POINT("sandbox.ingest.after_commit");
  progress_ = next;
  return {};
}

void IngestRun::AppendValues(const Block& block, uint64_t row, std::string& out) const {
  const size_t first = row * columns_.size();
  for (size_t i = 0; i < columns_.size(); ++i) {
    out += format_.delimiter;
    AppendCsvCell(block.values[first + i], out);
  }
  out += format_.crlf ? "\r\n" : "\n";
}

Result<std::string> IngestRun::WriteResults(const Block& block,
                                            std::span<const RowOutcome> outcomes,
                                            IngestProgress& next) {
  size_t sent = 0;
  for (uint64_t row = 0; row < block.rows; ++row) {
    const std::string& refused = block.refused[row];
    const RowOutcome* outcome = refused.empty() ? &outcomes[sent++] : nullptr;
    const bool good = outcome != nullptr && !outcome->error;
    std::string& out = (good ? *successful_ : *failed_).buffer();
    out += '"';
    if (outcome != nullptr && outcome->id != 0) AppendId(outcome->id, out);
    out += '"';
    out += format_.delimiter;
    if (good) {
      out += outcome->created ? "\"true\"" : "\"false\"";
    } else {
      AppendCsvCell(outcome == nullptr ? refused : RowErrorText(*outcome->error), out);
      ++next.failed;
    }
    AppendValues(block, row, out);
  }
  next.rows += block.rows;
  FIRN_CHECK(successful_->Flush());
  FIRN_CHECK(failed_->Flush());
  next.successful_bytes = successful_->bytes();
  next.failed_bytes = failed_->bytes();
  FIRN_FAULT_POINT("sandbox.ingest.before_commit");
  return ToText(next);
}

}  // namespace firn::sandbox
