#include "patterns/federation/publish/cloud_csv.h"

#include <fmt/format.h>

#include "ends/lake/read/row_text.h"
#include "patterns/federation/publish/cloud_value.h"

namespace firn::federation {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

void AppendQuoted(std::string& out, const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    out += text;
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

}  // namespace

Result<void> CloudCsv::CheckTypes(const record::Schema& schema, const std::string& where) {
  for (const record::Field& field : schema.fields) {
    if (HasCloudType(field.type.id)) continue;
    return Fail(Error(Kind::kBadInput, "PUB-CLOUD-001", "Data Cloud cannot take these rows")
                    .At(where)
                    .Because("it has no type for `" + record::TypeText(field.type) +
                             "`, which column `" + field.name + "` is")
                    .Hint("make it a `string` or a `timestamptz` in query and contract"));
  }
  return {};
}

CloudCsv::CloudCsv(record::Schema schema, Options options)
    : schema_(std::move(schema)), options_(std::move(options)) {
  for (size_t i = 0; i < schema_.fields.size(); ++i) {
    if (options_.columns.empty()) columns_.push_back({static_cast<int>(i), schema_.fields[i]});
  }
  for (const std::string& name : options_.columns) {
    const record::Field* field = schema_.Find(name);
    FIRN_ASSERT(field != nullptr);
    columns_.push_back({static_cast<int>(field - schema_.fields.data()), *field});
  }
  for (const Column& column : columns_) {
    if (!header_.empty()) header_ += ",";
    AppendQuoted(header_, column.field.name);
  }
  header_ += "\n";
  if (!options_.header) header_.clear();
}

Result<void> CloudCsv::AppendCell(std::string text, const record::Field& field) {
  auto value = CloudValueOf(std::move(text), field);
  if (!value)
    return Fail(std::move(value).error().At("column `" + field.name + "`, row " +
                                            std::to_string(rows_ + 1)));
  if (value->cut) ++instants_cut_;
  AppendQuoted(line_, value->text);
  return {};
}

Result<void> CloudCsv::OpenPart() {
  parts_.push_back({fmt::format("part-{:05}.csv", parts_.size()), 0, 0});
  const std::string path = options_.folder + "/" + parts_.back().file;
  FIRN_CHECK(RemoveFile(path));
  FIRN_TRY(file_, FileWriter::Create(path, 0600));
  buffer_ = header_;
  parts_.back().bytes = static_cast<int64_t>(header_.size());
  return {};
}

Result<void> CloudCsv::ClosePart() {
  FIRN_CHECK(file_->Append(buffer_));
  buffer_.clear();
  FIRN_CHECK(file_->Commit());
  file_.reset();
  return {};
}

Result<void> CloudCsv::PutLine() {
  const auto bytes = static_cast<int64_t>(line_.size());
  if (static_cast<int64_t>(header_.size()) + bytes > options_.part_bytes)
    return Fail(Error(Kind::kLimitReached, "PUB-CLOUD-002", "a value cannot be sent to Data Cloud")
                    .At("row " + std::to_string(rows_ + 1))
                    .Because("the row alone is larger than a part"));
  if (file_ != nullptr && parts_.back().bytes + bytes > options_.part_bytes)
    FIRN_CHECK(ClosePart());
  if (file_ == nullptr) FIRN_CHECK(OpenPart());
  buffer_ += line_;
  parts_.back().bytes += bytes;
  ++parts_.back().rows;
  ++rows_;
  if (buffer_.size() < kBufferBytes) return {};
  FIRN_CHECK(file_->Append(buffer_));
  buffer_.clear();
  return {};
}

Result<void> CloudCsv::Write(const arrow::RecordBatch& rows) {
  const lake::RowText text(rows, schema_);
  for (int64_t row = 0; row < text.rows(); ++row) {
    line_.clear();
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line_ += ",";
      auto cell = text.Cell(row, columns_[i].index);
      if (cell) FIRN_CHECK(AppendCell(*std::move(cell), columns_[i].field));
    }
    line_ += "\n";
    FIRN_CHECK(PutLine());
  }
  return {};
}

Result<std::vector<CloudPart>> CloudCsv::Close() {
  if (file_ != nullptr) FIRN_CHECK(ClosePart());
  if (!parts_.empty()) FIRN_CHECK(SyncFolderOf(options_.folder + "/" + parts_.back().file));
  return parts_;
}

}  // namespace firn::federation
