#include "patterns/events/lake/rows.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/base/encoding.h"
#include "core/base/time_text.h"
#include "ends/lake/merge/merge.h"

namespace firn::events {
namespace {

using record::DescribeType;

constexpr std::string_view kStamp = "SystemModstamp";
constexpr std::string_view kModified = "LastModifiedDate";
// Beyond it a date is no calendar date; the decoder then refuses the number as it stands.
constexpr int64_t kMillisMax = 253'402'300'799'999;

void AppendQuoted(std::string_view text, std::string& csv) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    csv += text;
    return;
  }
  csv.push_back('"');
  for (const char c : text) {
    if (c == '"') csv.push_back('"');
    csv.push_back(c);
  }
  csv.push_back('"');
}

void AppendNumber(int64_t number, std::string& csv) {
  char text[24];
  csv.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

void AppendTime(int64_t millis, std::string& csv) {
  char text[32];
  const auto part = [&](int64_t value, int digits, char behind, char* at) {
    for (int i = digits - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
    at[digits] = behind;
    return at + digits + 1;
  };
  char* at = part(millis / 3'600'000, 2, ':', text);
  at = part(millis / 60'000 % 60, 2, ':', at);
  at = part(millis / 1'000 % 60, 2, '.', at);
  at = part(millis % 1'000, 3, 'Z', at);
  csv.append(text, at);
}

void AppendWhole(DescribeType type, int64_t value, std::string& csv) {
  const bool calendar = value >= -kMillisMax && value <= kMillisMax;
  const UtcMicros when{std::chrono::microseconds(calendar ? value * 1000 : 0)};
  if (type == DescribeType::kDateTime && calendar) {
    csv += FormatUtc(when);
  } else if (type == DescribeType::kDate && calendar) {
    csv += FormatDate(std::chrono::floor<std::chrono::days>(when));
  } else if (type == DescribeType::kTime && value >= 0 && value < 86'400'000) {
    AppendTime(value, csv);
  } else {
    AppendNumber(value, csv);
  }
}

void AppendCell(DescribeType type, const Cell& cell, std::string& csv) {
  switch (cell.kind) {
    case Cell::Kind::kText:
      AppendQuoted(cell.text, csv);
      return;
    case Cell::Kind::kWhole:
      AppendWhole(type, cell.whole, csv);
      return;
    case Cell::Kind::kBoolean:
      csv += cell.whole != 0 ? "true" : "false";
      return;
    case Cell::Kind::kReal: {
      char text[32];
      csv.append(text, std::to_chars(text, text + sizeof text, cell.real).ptr);
      return;
    }
    case Cell::Kind::kBytes:
      csv += Base64(cell.text);
      return;
    case Cell::Kind::kNull:
    case Cell::Kind::kOther:
      return;
  }
}

// The component of a compound field: `BillingAddress` and `City` -> `BillingCity`, `Name` and
// `FirstName` -> `FirstName`, `Home__c` and `Latitude` -> `Home__Latitude__s`.
int PartColumn(const record::Layout& layout, std::string_view parent, std::string_view part) {
  std::string base(parent);
  if (base.ends_with("__c")) {
    base.resize(base.size() - 3);
    return layout.ColumnIndex(base + "__" + std::string(part) + "__s");
  }
  if (base.ends_with("Address")) base.resize(base.size() - 7);
  const int column = layout.ColumnIndex(base + std::string(part));
  return column >= 0 || parent != "Name" ? column : layout.ColumnIndex(part);
}

void AppendName(const FieldMap& map, const ChangeRecord& record, std::string& csv) {
  std::string name;
  for (const int part : map.name_parts) {
    const Cell& cell = record.cells[static_cast<size_t>(part)];
    if (cell.kind != Cell::Kind::kText || cell.text.empty()) continue;
    if (!name.empty()) name.push_back(' ');
    name += cell.text;
  }
  AppendQuoted(name, csv);
}

}  // namespace

FieldMap MapFields(const ChangePlan& plan, const record::Layout& layout, NameOrder order) {
  FieldMap map;
  std::vector<bool> told(layout.schema.fields.size(), false);
  std::vector<bool> columns(layout.columns.size(), false);
  for (const PlanField& field : plan.fields()) {
    const int column = field.parent.empty() ? layout.ColumnIndex(field.name)
                                            : PartColumn(layout, field.parent, field.name);
    map.column.push_back(column);
    if (column >= 0) columns[static_cast<size_t>(column)] = true;
  }
  for (const char* part : NameParts(order)) {
    const int field = plan.Find("Name", part);
    if (field >= 0) map.name_parts.push_back(field);
  }
  if (!map.name_parts.empty()) map.name_column = layout.ColumnIndex("Name");
  const int stamp = layout.ColumnIndex(kStamp);
  const int modified = layout.ColumnIndex(kModified);
  map.stamp_follows = stamp >= 0 && !columns[static_cast<size_t>(stamp)] && modified >= 0 &&
                      columns[static_cast<size_t>(modified)];
  if (map.stamp_follows) columns[static_cast<size_t>(stamp)] = true;
  for (const std::string_view always : {"Id", "IsDeleted"}) {
    const int column = layout.ColumnIndex(always);
    if (column >= 0) columns[static_cast<size_t>(column)] = true;
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i]) told[static_cast<size_t>(layout.columns[i].field_index)] = true;
  }
  for (const record::DerivedField& derived : layout.derived) {
    const bool known = std::all_of(derived.sources.begin(), derived.sources.end(), [&](int source) {
      return source < 0 || columns[static_cast<size_t>(source)];
    });
    if (known) told[static_cast<size_t>(derived.field_index)] = true;
  }
  for (size_t i = 0; i < told.size(); ++i) {
    if (told[i]) map.told.push_back(static_cast<int>(i));
  }
  return map;
}

Result<std::unique_ptr<RowPage>> RowPage::New(const record::Layout& layout) {
  std::unique_ptr<RowPage> page(new RowPage(layout));
  record::DecoderOptions options;
  options.block_bytes = 64 << 10;
  FIRN_TRY(page->decoder_, record::PageDecoder::New(layout, options));
  page->siblings_.resize(layout.columns.size());
  for (const record::DerivedField& derived : layout.derived) {
    if (derived.kind == record::DerivedField::Kind::kReferenceType) {
      page->siblings_[static_cast<size_t>(derived.sources[0])].push_back(derived.field_index);
    }
  }
  page->Start();
  return page;
}

void RowPage::Start() {
  csv_.clear();
  rows_ = 0;
  for (size_t i = 0; i < layout_.columns.size(); ++i) {
    if (i > 0) csv_.push_back(',');
    csv_ += layout_.columns[i].name;
  }
  csv_.push_back('\n');
}

void RowPage::Add(const FieldMap& map, const ChangeRecord& record, std::string_view id,
                  const PatchedTexts& patched, std::vector<int>* changed) {
  source_.assign(layout_.columns.size(), -1);
  for (size_t i = 0; i < map.column.size(); ++i) {
    if (map.column[i] >= 0 && record.touched[i] != Touch::kUntouched) {
      source_[static_cast<size_t>(map.column[i])] = static_cast<int>(i);
    }
  }
  int modified = -1;
  for (size_t i = 0; i < layout_.columns.size(); ++i) {
    if (layout_.columns[i].name == kModified) modified = source_[i];
  }
  for (size_t i = 0; i < layout_.columns.size(); ++i) {
    const record::SourceColumn& column = layout_.columns[i];
    if (i > 0) csv_.push_back(',');
    int source = source_[i];
    if (map.stamp_follows && column.name == kStamp) source = modified;
    const auto patch = std::find_if(patched.begin(), patched.end(), [&](const auto& entry) {
      return entry.first == static_cast<int>(i);
    });
    if (column.name == "Id") {
      csv_ += id;
      continue;
    }
    if (patch != patched.end()) {
      AppendQuoted(patch->second, csv_);
    } else if (source >= 0 && record.touched[static_cast<size_t>(source)] != Touch::kNulled) {
      AppendCell(column.type, record.cells[static_cast<size_t>(source)], csv_);
    } else if (source < 0 && static_cast<int>(i) == map.name_column) {
      // Of a record told in part the table puts the name together.
      if (changed == nullptr) AppendName(map, record, csv_);
    } else if (source < 0 && column.name == "IsDeleted") {
      csv_ += "false";
    }
    if (changed == nullptr || source < 0) continue;
    changed->push_back(column.field_index);
    changed->insert(changed->end(), siblings_[i].begin(), siblings_[i].end());
  }
  csv_.push_back('\n');
  ++rows_;
  if (changed != nullptr) std::sort(changed->begin(), changed->end());
}

void RowPage::AddCsv(std::string csv, int64_t rows) {
  FIRN_ASSERT(rows_ == 0);
  csv_ = std::move(csv);
  rows_ = rows;
}

Result<void> RowPage::DecodeInto(Decoded& out) {
  decoder_->StartPage();
  size_t at = 0;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  std::vector<bool> rejected(static_cast<size_t>(rows_), false);
  bool last = false;
  while (!last) {
    const std::span<char> room = decoder_->Room();
    const size_t bytes = std::min(room.size(), csv_.size() - at);
    std::memcpy(room.data(), csv_.data() + at, bytes);
    at += bytes;
    last = at == csv_.size();
    decoder_->Filled(bytes);
    FIRN_CHECK(decoder_->Decode(last));
    for (record::RowNote& note : decoder_->TakeNotes()) {
      if (note.kind != record::RowNote::Kind::kRejected) {
        ++out.rounded;
        continue;
      }
      const auto row = static_cast<uint32_t>(note.row - 1);
      if (row >= rejected.size() || rejected[row]) continue;
      rejected[row] = true;
      out.rejected.push_back({row, std::move(note.id), note.field, note.reason});
    }
    if (decoder_->BatchReady() || (last && decoder_->rows_waiting() > 0)) {
      FIRN_TRY(auto batch, lake::OwnedBatch(*decoder_->TakeBatch()));
      batches.push_back(std::move(batch));
    }
  }
  for (uint32_t row = 0; row < rejected.size(); ++row) {
    if (!rejected[row]) out.kept.push_back(row);
  }
  if (batches.empty()) return {};
  out.batch = batches[0];
  if (batches.size() == 1) return {};
  const auto table = arrow::Table::FromRecordBatches(batches);
  const auto one = table.ok() ? (*table)->CombineChunksToBatch() : table.status();
  if (!one.ok()) {
    return Fail(Error(Kind::kInternal, "LAKE-MERGE-006", "rows cannot be put together")
                    .Because(one.status().message()));
  }
  out.batch = *one;
  return {};
}

Result<RowPage::Decoded> RowPage::Take() {
  Decoded out;
  auto decoded = DecodeInto(out);
  decoder_->DropBatch();
  Start();
  if (!decoded) return Fail(std::move(decoded).error());
  return out;
}

}  // namespace firn::events
