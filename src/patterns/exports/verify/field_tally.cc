#include "patterns/exports/verify/field_tally.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <cstring>

#include "core/record/column_hash.h"

namespace firn::exports {
namespace {

constexpr size_t kIdBytes = IdText().size();
// Half of a hash will do: what it misses was found to differ by the whole row's.
constexpr size_t kHashBytes = sizeof(uint32_t);

std::string_view IdAt(const std::string& bytes, size_t at) {
  return std::string_view(bytes).substr(at, kIdBytes);
}

}  // namespace

FieldTally::FieldTally(record::Schema schema, const std::string& folder, int64_t rows)
    : schema_(std::move(schema)), record_bytes_(kIdBytes + kHashBytes * schema_.fields.size()) {
  for (size_t i = 0; i < schema_.fields.size(); ++i) {
    if (schema_.fields[i].name == "Id") id_column_ = i;
  }
  const int64_t bytes = rows * static_cast<int64_t>(record_bytes_);
  const auto buckets =
      static_cast<int>(std::min<int64_t>(bytes / kBucketBytes + 1, SpillFiles::kBucketsMax));
  const auto files = [&](const char* side) {
    return std::make_unique<SpillFiles>(SpillFiles::Options{
        .path = folder + "/fields-" + side, .buckets = buckets, .record_bytes = record_bytes_});
  };
  org_ = files("org");
  lake_ = files("lake");
}

Result<void> FieldTally::Add(Side side, const arrow::RecordBatch& rows) {
  const auto count = static_cast<size_t>(rows.num_rows());
  std::string records(count * record_bytes_, '\0');
  const auto& ids =
      static_cast<const arrow::StringArray&>(*rows.column(static_cast<int>(id_column_)));
  for (size_t row = 0; row < count; ++row) {
    const auto at = static_cast<int64_t>(row);
    const std::string_view id = ids.IsValid(at) ? ids.GetView(at) : std::string_view();
    if (id.size() != kIdBytes)
      return Fail(Kind::kCorrupt, "EXPORT-VERIFY-001", "a row has no 18-character Id");
    std::memcpy(&records[row * record_bytes_], id.data(), kIdBytes);
  }
  std::vector<uint64_t> hashes;
  for (size_t i = 0; i < schema_.fields.size(); ++i) {
    record::ValueHashes(*rows.column(static_cast<int>(i)), hashes);
    for (size_t row = 0; row < count; ++row) {
      const auto half = static_cast<uint32_t>(hashes[row] ^ (hashes[row] >> 32));
      std::memcpy(&records[row * record_bytes_ + kIdBytes + i * kHashBytes], &half, kHashBytes);
    }
  }
  SpillFiles& files = side == Side::kOrg ? *org_ : *lake_;
  for (size_t row = 0; row < count; ++row)
    FIRN_CHECK(files.Add(std::string_view(records).substr(row * record_bytes_, record_bytes_)));
  return {};
}

std::vector<size_t> FieldTally::ById(const std::string& bytes) const {
  std::vector<size_t> at;
  for (size_t begin = 0; begin < bytes.size(); begin += record_bytes_) at.push_back(begin);
  std::stable_sort(at.begin(), at.end(),
                   [&](size_t a, size_t b) { return IdAt(bytes, a) < IdAt(bytes, b); });
  const auto same = [&](size_t a, size_t b) { return IdAt(bytes, a) == IdAt(bytes, b); };
  at.erase(std::unique(at.begin(), at.end(), same), at.end());
  return at;
}

Result<void> FieldTally::Compare(const std::string& org, const std::string& lake,
                                 const EachRow& each) const {
  const std::vector<size_t> of_org = ById(org);
  const std::vector<size_t> of_lake = ById(lake);
  std::vector<size_t> fields;
  for (size_t o = 0, l = 0; o < of_org.size() && l < of_lake.size();) {
    const std::string_view id = IdAt(org, of_org[o]);
    const int order = id.compare(IdAt(lake, of_lake[l]));
    if (order == 0) {
      fields.clear();
      for (size_t i = 0; i < schema_.fields.size(); ++i) {
        const size_t from = kIdBytes + i * kHashBytes;
        const char* const in_lake = lake.data() + of_lake[l] + from;
        if (std::memcmp(org.data() + of_org[o] + from, in_lake, kHashBytes) != 0)
          fields.push_back(i);
      }
      if (!fields.empty()) FIRN_CHECK(each(id, fields));
    }
    o += order <= 0 ? 1 : 0;
    l += order >= 0 ? 1 : 0;
  }
  return {};
}

Result<void> FieldTally::EachDifferent(const Call& call, const EachRow& each) {
  FIRN_CHECK(org_->Finish());
  FIRN_CHECK(lake_->Finish());
  for (int bucket = 0; bucket < org_->buckets(); ++bucket) {
    FIRN_CHECK(call.Check());
    FIRN_TRY(const std::string org, org_->Take(bucket));
    FIRN_TRY(const std::string lake, lake_->Take(bucket));
    FIRN_CHECK(Compare(org, lake, each));
  }
  return {};
}

}  // namespace firn::exports
