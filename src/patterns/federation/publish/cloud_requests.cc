#include "patterns/federation/publish/cloud_requests.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "ends/lake/read/row_text.h"
#include "ends/salesforce/data_cloud.h"
#include "patterns/federation/publish/cloud_value.h"

namespace firn::federation {
namespace {

using record::TypeId;

// A file is what lies between two looks at the disk, not what is sent at once.
constexpr int64_t kRequestsPerPart = 50;
constexpr std::string_view kEnd = "]}";

bool IsBare(TypeId id) {
  switch (id) {
    case TypeId::kBoolean:
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kFloat:
    case TypeId::kDouble:
    case TypeId::kDecimal:
      return true;
    default:
      return false;
  }
}

std::string Quoted(const std::string& text) { return nlohmann::json(text).dump(); }

}  // namespace

CloudRequests::CloudRequests(record::Schema schema, Options options)
    : schema_(std::move(schema)), options_(std::move(options)) {
  for (size_t i = 0; i < schema_.fields.size(); ++i) {
    const record::Field& field = schema_.fields[i];
    const bool wanted = options_.keys.empty() || field.name == options_.keys.front();
    if (!wanted) continue;
    columns_.push_back(
        {static_cast<int>(i), field, options_.keys.empty() ? Quoted(field.name) + ":" : ""});
  }
  begin_ = options_.keys.empty() ? R"({"data":[)" : R"({"ids":[)";
}

Result<void> CloudRequests::OpenPart() {
  parts_.push_back({fmt::format("part-{:05}.json", parts_.size()), 0, 0});
  const std::string path = options_.folder + "/" + parts_.back().file;
  FIRN_CHECK(RemoveFile(path));
  FIRN_TRY(file_, FileWriter::Create(path, 0600));
  requests_in_file_ = 0;
  return {};
}

Result<void> CloudRequests::ClosePart() {
  FIRN_CHECK(file_->Commit());
  file_.reset();
  return {};
}

Result<void> CloudRequests::EndRequest() {
  if (rows_in_body_ == 0) return {};
  if (file_ != nullptr && requests_in_file_ >= kRequestsPerPart) FIRN_CHECK(ClosePart());
  if (file_ == nullptr) FIRN_CHECK(OpenPart());
  body_ += kEnd;
  body_ += "\n";
  FIRN_CHECK(file_->Append(body_));
  parts_.back().bytes += static_cast<int64_t>(body_.size());
  parts_.back().rows += rows_in_body_;
  ++requests_in_file_;
  ++requests_;
  body_.clear();
  rows_in_body_ = 0;
  return {};
}

Result<void> CloudRequests::PutRow() {
  const bool deletes = !options_.keys.empty();
  const auto size = [&] {
    return static_cast<int64_t>(body_.size() + row_.size() + kEnd.size()) + 1;
  };
  const bool many = deletes && rows_in_body_ >= salesforce::kStreamDeletesMax;
  if (rows_in_body_ > 0 && (many || size() > options_.body_bytes)) FIRN_CHECK(EndRequest());
  full_ = options_.requests_most > 0 && requests_ >= options_.requests_most;
  if (full_) return {};
  if (body_.empty()) body_ = begin_;
  if (rows_in_body_ == 0 && size() > options_.body_bytes)
    return Fail(Error(Kind::kLimitReached, "PUB-CLOUD-002", "a value cannot be sent to Data Cloud")
                    .At("row " + std::to_string(rows_ + 1))
                    .Because("the row alone is larger than a streaming request")
                    .Hint("send it in bulk: `--ingest bulk`"));
  if (rows_in_body_ > 0) body_ += ",";
  body_ += row_;
  ++rows_in_body_;
  ++rows_;
  return {};
}

Result<void> CloudRequests::Write(const arrow::RecordBatch& rows) {
  const lake::RowText text(rows, schema_);
  for (int64_t row = 0; row < text.rows() && !full_; ++row) {
    row_ = options_.keys.empty() ? "{" : "";
    for (const Column& column : columns_) {
      if (row_.size() > 1) row_ += ",";
      row_ += column.name;
      auto cell = text.Cell(row, column.index);
      if (!cell) {
        row_ += "null";
        continue;
      }
      auto value = CloudValueOf(*std::move(cell), column.field);
      if (!value)
        return Fail(std::move(value).error().At("column `" + column.field.name + "`, row " +
                                                std::to_string(rows_ + 1)));
      if (value->cut) ++instants_cut_;
      const bool bare = IsBare(column.field.type.id) && options_.keys.empty();
      row_ += bare ? value->text : Quoted(value->text);
    }
    if (options_.keys.empty()) row_ += "}";
    FIRN_CHECK(PutRow());
  }
  return {};
}

Result<std::vector<CloudPart>> CloudRequests::Close() {
  if (!full_) FIRN_CHECK(EndRequest());
  if (file_ != nullptr) FIRN_CHECK(ClosePart());
  if (!parts_.empty()) FIRN_CHECK(SyncFolderOf(options_.folder + "/" + parts_.back().file));
  return parts_;
}

}  // namespace firn::federation
