#include <algorithm>

#include "ends/lake/format/avro.h"
#include "ends/lake/format/manifest.h"
#include "ends/lake/format/partition.h"

namespace firn::lake {
namespace {

tl::unexpected<Error> Bad(const std::string& path, std::string why) {
  return Fail(Error(Kind::kCorrupt, "LAKE-MANIFEST-001", "the manifest `" + path + "` is damaged")
                  .At(path)
                  .Because(std::move(why)));
}

// The fields of a record found by field id, resolved once a file.
class Fields {
 public:
  Fields(const avro::Schema& record, std::initializer_list<int> ids) {
    for (const int id : ids) {
      const auto field = std::find_if(record.fields.begin(), record.fields.end(),
                                      [id](const auto& f) { return f.field_id == id; });
      if (field != record.fields.end())
        positions_[id] = static_cast<size_t>(field - record.fields.begin());
    }
  }
  // nullptr: not in this file, or null.
  [[nodiscard]] const avro::Value* Find(const avro::Value::Items& record, int id) const {
    const auto position = positions_.find(id);
    if (position == positions_.end()) return nullptr;
    const avro::Value& value = record[position->second];
    return value.is_null() ? nullptr : &value;
  }
  [[nodiscard]] std::optional<int64_t> Long(const avro::Value::Items& record, int id) const {
    const avro::Value* value = Find(record, id);
    if (value == nullptr || value->integer() == nullptr) return {};
    return *value->integer();
  }
  [[nodiscard]] std::optional<int> Int(const avro::Value::Items& record, int id) const {
    const auto value = Long(record, id);
    if (!value || *value < INT32_MIN || *value > INT32_MAX) return {};
    return static_cast<int>(*value);
  }
  [[nodiscard]] std::optional<std::string> Text(const avro::Value::Items& record, int id) const {
    const avro::Value* value = Find(record, id);
    if (value == nullptr || value->text() == nullptr) return {};
    return *value->text();
  }

 private:
  std::map<int, size_t> positions_;
};

// The record type of a field, looking through ["null", record] and arrays.
const avro::Schema* RecordOf(const avro::Schema& outer, int field_id) {
  for (const auto& field : outer.fields) {
    if (field.field_id != field_id) continue;
    const avro::Schema* type = field.type.get();
    for (int depth = 0; depth < 3 && type->type != avro::Type::kRecord; ++depth) {
      const avro::Schema* next = nullptr;
      for (const auto& branch : type->branches) {
        if (branch->type != avro::Type::kNull) next = branch.get();
      }
      if (next == nullptr) return nullptr;
      type = next;
    }
    return type->type == avro::Type::kRecord ? type : nullptr;
  }
  return nullptr;
}

// Iceberg's maps by int are arrays of {key, value}, or Avro maps in some files.
template <typename Put>
void EachPair(const avro::Value* map, Put put) {
  if (map == nullptr || map->items() == nullptr) return;
  for (const avro::Value& entry : *map->items()) {
    const auto* pair = entry.items();
    if (pair == nullptr || pair->size() != 2 || (*pair)[0].integer() == nullptr) continue;
    const int64_t key = *(*pair)[0].integer();
    if (key >= 0 && key <= INT32_MAX) put(static_cast<int>(key), (*pair)[1]);
  }
}

void LongMap(const avro::Value* map, std::map<int, int64_t>& out) {
  EachPair(map, [&out](int key, const avro::Value& value) {
    if (value.integer() != nullptr) out[key] = *value.integer();
  });
}

void TextMap(const avro::Value* map, std::map<int, std::string>& out) {
  EachPair(map, [&out](int key, const avro::Value& value) {
    if (value.text() != nullptr) out[key] = *value.text();
  });
}

class EntryReader {
 public:
  static Result<EntryReader> New(const avro::Schema& schema, const ManifestFile& manifest) {
    const avro::Schema* file = RecordOf(schema, 2);
    if (file == nullptr) return Bad(manifest.path, "its entries have no data file (field id 2)");
    return EntryReader(schema, *file, manifest);
  }

  Result<ManifestEntry> Read(const avro::Value& record) const {
    const auto& items = *record.items();
    ManifestEntry entry;
    const auto status = entry_.Int(items, 0);
    const avro::Value* file = entry_.Find(items, 2);
    if (!status || *status < 0 || *status > 2)
      return Bad(manifest_->path, "an entry has no status");
    if (file == nullptr || file->items() == nullptr)
      return Bad(manifest_->path, "an entry has no data file");
    entry.status = static_cast<ManifestEntry::Status>(*status);
    entry.snapshot_id = entry_.Long(items, 1);
    entry.sequence_number = entry_.Long(items, 3);
    entry.file_sequence_number = entry_.Long(items, 4);
    Inherit(entry);
    FIRN_CHECK(ReadFile(*file->items(), entry.file));
    return entry;
  }

 private:
  EntryReader(const avro::Schema& entry, const avro::Schema& file, const ManifestFile& manifest)
      : entry_(entry, {0, 1, 2, 3, 4}),
        file_(file, {134, 100, 101, 102, 103, 104, 108, 109, 110, 137,
                     125, 128, 131, 132, 135, 140, 142, 143, 144, 145}),
        partition_(RecordOf(file, 102)),
        manifest_(&manifest) {}

  // Spec, "Sequence Number Inheritance".
  void Inherit(ManifestEntry& entry) const {
    if (!entry.snapshot_id) entry.snapshot_id = manifest_->added_snapshot_id;
    const bool inherits =
        entry.status == ManifestEntry::Status::kAdded || manifest_->sequence_number == 0;
    if (!inherits) return;
    if (!entry.sequence_number) entry.sequence_number = manifest_->sequence_number;
    if (!entry.file_sequence_number) entry.file_sequence_number = manifest_->sequence_number;
  }

  Result<void> ReadFile(const avro::Value::Items& items, DataFile& out) const {
    const int content = file_.Int(items, 134).value_or(0);
    const auto path = file_.Text(items, 100);
    const auto format = file_.Text(items, 101);
    const auto records = file_.Long(items, 103);
    const auto size = file_.Long(items, 104);
    if (content < 0 || content > 2) return Bad(manifest_->path, "an entry has unknown content");
    if (!path || path->empty()) return Bad(manifest_->path, "an entry has no file path");
    if (!format || !records || *records < 0 || !size || *size < 0)
      return Bad(manifest_->path, "the entry of `" + *path + "` lacks format, rows or size");
    out.content = static_cast<DataFile::Content>(content);
    out.path = *path;
    out.format = *format;
    std::transform(out.format.begin(), out.format.end(), out.format.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    out.record_count = *records;
    out.file_size_bytes = *size;
    out.spec_id = manifest_->spec_id;
    LongMap(file_.Find(items, 108), out.column_sizes);
    LongMap(file_.Find(items, 109), out.value_counts);
    LongMap(file_.Find(items, 110), out.null_value_counts);
    LongMap(file_.Find(items, 137), out.nan_value_counts);
    TextMap(file_.Find(items, 125), out.lower_bounds);
    TextMap(file_.Find(items, 128), out.upper_bounds);
    out.key_metadata = file_.Text(items, 131);
    out.sort_order_id = file_.Int(items, 140).value_or(0);
    out.first_row_id = file_.Long(items, 142);
    out.referenced_data_file = file_.Text(items, 143);
    out.content_offset = file_.Long(items, 144);
    out.content_size_bytes = file_.Long(items, 145);
    ReadLists(items, out);
    return {};
  }

  void ReadLists(const avro::Value::Items& items, DataFile& out) const {
    if (const avro::Value* offsets = file_.Find(items, 132);
        offsets != nullptr && offsets->items() != nullptr) {
      for (const avro::Value& offset : *offsets->items()) {
        if (offset.integer() != nullptr) out.split_offsets.push_back(*offset.integer());
      }
    }
    if (const avro::Value* ids = file_.Find(items, 135);
        ids != nullptr && ids->items() != nullptr) {
      for (const avro::Value& id : *ids->items()) {
        if (id.integer() != nullptr) out.equality_ids.push_back(static_cast<int>(*id.integer()));
      }
    }
    const avro::Value* partition = file_.Find(items, 102);
    if (partition == nullptr || partition->items() == nullptr || partition_ == nullptr) return;
    for (size_t i = 0; i < partition_->fields.size(); ++i)
      out.partition.push_back(
          DecodePartitionValue(*partition_->fields[i].type, (*partition->items())[i]));
  }

  Fields entry_;
  Fields file_;
  const avro::Schema* partition_;
  const ManifestFile* manifest_;
};

PartitionFieldSummary ReadSummary(const Fields& fields, const avro::Value::Items& items) {
  PartitionFieldSummary summary;
  const avro::Value* has_null = fields.Find(items, 509);
  summary.contains_null =
      has_null == nullptr || has_null->boolean() == nullptr || *has_null->boolean();
  if (const avro::Value* nan = fields.Find(items, 518); nan != nullptr && nan->boolean() != nullptr)
    summary.contains_nan = *nan->boolean();
  summary.lower_bound = fields.Text(items, 510);
  summary.upper_bound = fields.Text(items, 511);
  return summary;
}

Result<ManifestFile> ReadLine(const Fields& fields, const Fields* summaries,
                              const avro::Value::Items& items, const std::string& path) {
  ManifestFile out;
  const auto manifest_path = fields.Text(items, 500);
  const auto length = fields.Long(items, 501);
  const int content = fields.Int(items, 517).value_or(0);
  if (!manifest_path || manifest_path->empty() || !length || *length < 0)
    return Bad(path, "a line has no manifest path or length");
  if (content < 0 || content > 1) return Bad(path, "a line has unknown content");
  out.path = *manifest_path;
  out.length_bytes = *length;
  out.content = static_cast<ManifestFile::Content>(content);
  out.spec_id = fields.Int(items, 502).value_or(0);
  out.sequence_number = fields.Long(items, 515).value_or(0);
  out.min_sequence_number = fields.Long(items, 516).value_or(0);
  out.added_snapshot_id = fields.Long(items, 503).value_or(0);
  out.added_files = fields.Int(items, 504);
  out.existing_files = fields.Int(items, 505);
  out.deleted_files = fields.Int(items, 506);
  out.added_rows = fields.Long(items, 512);
  out.existing_rows = fields.Long(items, 513);
  out.deleted_rows = fields.Long(items, 514);
  out.key_metadata = fields.Text(items, 519);
  out.first_row_id = fields.Long(items, 520);
  const avro::Value* partitions = fields.Find(items, 507);
  if (partitions != nullptr && partitions->items() != nullptr && summaries != nullptr) {
    for (const avro::Value& summary : *partitions->items()) {
      if (summary.items() != nullptr)
        out.partitions.push_back(ReadSummary(*summaries, *summary.items()));
    }
  }
  return out;
}

// Adds up what a manifest really holds, to compare with what its list says.
struct Counted {
  int64_t files[3] = {0, 0, 0};
  int64_t rows[3] = {0, 0, 0};

  void Add(const ManifestEntry& entry) {
    const auto status = static_cast<size_t>(entry.status);
    ++files[status];
    rows[status] += entry.file.record_count;
  }

  [[nodiscard]] bool Agrees(const ManifestFile& line) const {
    const auto same = [](const auto& said, int64_t counted) { return !said || *said == counted; };
    return same(line.existing_files, files[0]) && same(line.added_files, files[1]) &&
           same(line.deleted_files, files[2]) && same(line.existing_rows, rows[0]) &&
           same(line.added_rows, rows[1]) && same(line.deleted_rows, rows[2]);
  }
};

}  // namespace

Result<std::vector<ManifestFile>> ReadManifestList(std::string bytes, const std::string& path) {
  FIRN_TRY(avro::FileReader reader, avro::FileReader::Open(std::move(bytes), path));
  if (reader.schema().type != avro::Type::kRecord) return Bad(path, "it does not hold records");
  const Fields fields(reader.schema(), {500, 501, 502, 503, 504, 505, 506, 507, 512, 513, 514, 515,
                                        516, 517, 519, 520});
  const avro::Schema* summary = RecordOf(reader.schema(), 507);
  std::optional<Fields> summaries;
  if (summary != nullptr)
    summaries.emplace(*summary, std::initializer_list<int>{509, 510, 511, 518});
  std::vector<ManifestFile> out;
  avro::Value record;
  for (;;) {
    FIRN_TRY(const bool more, reader.Next(record));
    if (!more) return out;
    FIRN_TRY(ManifestFile line,
             ReadLine(fields, summaries ? &*summaries : nullptr, *record.items(), path));
    out.push_back(std::move(line));
  }
}

Result<void> ReadManifest(std::string bytes, const ManifestFile& manifest,
                          const std::function<Result<void>(ManifestEntry)>& take) {
  FIRN_TRY(avro::FileReader reader, avro::FileReader::Open(std::move(bytes), manifest.path));
  if (reader.schema().type != avro::Type::kRecord)
    return Bad(manifest.path, "it does not hold records");
  FIRN_TRY(const EntryReader entries, EntryReader::New(reader.schema(), manifest));
  Counted counted;
  std::optional<int64_t> next_row_id = manifest.first_row_id;
  avro::Value record;
  for (;;) {
    FIRN_TRY(const bool more, reader.Next(record));
    if (!more) break;
    FIRN_TRY(ManifestEntry entry, entries.Read(record));
    counted.Add(entry);
    // Spec, "First Row ID Inheritance".
    if (next_row_id && entry.live() && !entry.file.first_row_id) {
      entry.file.first_row_id = next_row_id;
      *next_row_id += entry.file.record_count;
    }
    FIRN_CHECK(take(std::move(entry)));
  }
  if (!counted.Agrees(manifest))
    return Bad(manifest.path, "its entries are not those that the manifest list counts");
  return {};
}

}  // namespace firn::lake
