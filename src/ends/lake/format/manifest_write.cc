#include <algorithm>
#include <cmath>

#include "core/base/encoding.h"
#include "ends/lake/format/avro.h"
#include "ends/lake/format/manifest.h"
#include "ends/lake/format/partition.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/internal/json.h"

namespace firn::lake {
namespace {

using internal::Quoted;

std::string Required(const std::string& name, int id, const std::string& type) {
  return "{\"name\":\"" + name + "\",\"type\":" + type + ",\"field-id\":" + std::to_string(id) +
         "}";
}

std::string Optional(const std::string& name, int id, const std::string& type) {
  return "{\"name\":\"" + name + "\",\"type\":[\"null\"," + type +
         "],\"default\":null,\"field-id\":" + std::to_string(id) + "}";
}

std::string IntMap(int key_id, int value_id, const std::string& value) {
  const std::string key = std::to_string(key_id);
  const std::string of = std::to_string(value_id);
  return R"({"type":"array","items":{"type":"record","name":"k)" + key + "_v" + of +
         R"(","fields":[)" + Required("key", key_id, "\"int\"") + "," +
         Required("value", value_id, value) + R"(]},"logicalType":"map"})";
}

std::string ListOf(int element_id, const std::string& type) {
  return R"({"type":"array","items":)" + type + ",\"element-id\":" + std::to_string(element_id) +
         "}";
}

// Avro names are letters, digits and `_`; others are escaped as the Java reference does.
std::string AvroName(const std::string& name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    if (letter || (digit && i > 0)) {
      out.push_back(c);
    } else if (digit) {
      out += std::string("_") + c;
    } else {
      std::string hex = Hex(std::string_view(&c, 1));
      std::transform(hex.begin(), hex.end(), hex.begin(),
                     [](unsigned char h) { return static_cast<char>(std::toupper(h)); });
      out += "_x" + hex;
    }
  }
  return out;
}

std::string PartitionRecord(const record::Schema& schema, const PartitionSpec& spec) {
  std::string fields;
  for (const PartitionField& field : spec.fields) {
    if (!fields.empty()) fields += ",";
    fields += Optional(AvroName(field.name), field.field_id,
                       AvroPrimitive(PartitionValueType(schema, field), field.field_id));
  }
  return R"({"type":"record","name":"r102","fields":[)" + fields + "]}";
}

// Spec, "Manifests", version 2: field ids and types.
std::string EntrySchema(const record::Schema& schema, const PartitionSpec& spec, int version) {
  const std::string v3 = version < 3 ? ""
                                     : "," + Optional("first_row_id", 142, "\"long\"") + "," +
                                           Optional("content_offset", 144, "\"long\"") + "," +
                                           Optional("content_size_in_bytes", 145, "\"long\"");
  const std::string file =
      R"({"type":"record","name":"r2","fields":[)" + Required("content", 134, "\"int\"") + "," +
      Required("file_path", 100, "\"string\"") + "," + Required("file_format", 101, "\"string\"") +
      "," + Required("partition", 102, PartitionRecord(schema, spec)) + "," +
      Required("record_count", 103, "\"long\"") + "," +
      Required("file_size_in_bytes", 104, "\"long\"") + "," +
      Optional("column_sizes", 108, IntMap(117, 118, "\"long\"")) + "," +
      Optional("value_counts", 109, IntMap(119, 120, "\"long\"")) + "," +
      Optional("null_value_counts", 110, IntMap(121, 122, "\"long\"")) + "," +
      Optional("nan_value_counts", 137, IntMap(138, 139, "\"long\"")) + "," +
      Optional("lower_bounds", 125, IntMap(126, 127, "\"bytes\"")) + "," +
      Optional("upper_bounds", 128, IntMap(129, 130, "\"bytes\"")) + "," +
      Optional("key_metadata", 131, "\"bytes\"") + "," +
      Optional("split_offsets", 132, ListOf(133, "\"long\"")) + "," +
      Optional("equality_ids", 135, ListOf(136, "\"int\"")) + "," +
      Optional("sort_order_id", 140, "\"int\"") + "," +
      Optional("referenced_data_file", 143, "\"string\"") + v3 + "]}";
  return R"({"type":"record","name":"manifest_entry","fields":[)" +
         Required("status", 0, "\"int\"") + "," + Optional("snapshot_id", 1, "\"long\"") + "," +
         Optional("sequence_number", 3, "\"long\"") + "," +
         Optional("file_sequence_number", 4, "\"long\"") + "," + Required("data_file", 2, file) +
         "]}";
}

std::string ListSchema(int version) {
  return R"({"type":"record","name":"manifest_file","fields":[)" +
         Required("manifest_path", 500, "\"string\"") + "," +
         Required("manifest_length", 501, "\"long\"") + "," +
         Required("partition_spec_id", 502, "\"int\"") + "," + Required("content", 517, "\"int\"") +
         "," + Required("sequence_number", 515, "\"long\"") + "," +
         Required("min_sequence_number", 516, "\"long\"") + "," +
         Required("added_snapshot_id", 503, "\"long\"") + "," +
         Required("added_files_count", 504, "\"int\"") + "," +
         Required("existing_files_count", 505, "\"int\"") + "," +
         Required("deleted_files_count", 506, "\"int\"") + "," +
         Required("added_rows_count", 512, "\"long\"") + "," +
         Required("existing_rows_count", 513, "\"long\"") + "," +
         Required("deleted_rows_count", 514, "\"long\"") + "," +
         Optional("partitions", 507,
                  ListOf(508, R"({"type":"record","name":"r508","fields":[)" +
                                  Required("contains_null", 509, "\"boolean\"") + "," +
                                  Optional("contains_nan", 518, "\"boolean\"") + "," +
                                  Optional("lower_bound", 510, "\"bytes\"") + "," +
                                  Optional("upper_bound", 511, "\"bytes\"") + "]}")) +
         "," + Optional("key_metadata", 519, "\"bytes\"") +
         (version < 3 ? "" : "," + Optional("first_row_id", 520, "\"long\"")) + "]}";
}

void OptionalLong(avro::Encoder& out, const std::optional<int64_t>& value) {
  if (!value) return out.Null();
  out.Present();
  out.Long(*value);
}

void OptionalBytes(avro::Encoder& out, const std::optional<std::string>& value) {
  if (!value) return out.Null();
  out.Present();
  out.Bytes(*value);
}

// An empty map or list is written as null: it says nothing.
template <typename Items, typename Put>
void OptionalRun(avro::Encoder& out, const Items& items, Put put) {
  if (items.empty()) return out.Null();
  out.Present();
  out.Long(static_cast<int64_t>(items.size()));
  for (const auto& item : items) put(item);
  out.Long(0);
}

void EncodeFile(avro::Encoder& out, const DataFile& file,
                const std::vector<record::Type>& partition_types, int version) {
  out.Long(static_cast<int>(file.content));
  out.Bytes(file.path);
  out.Bytes(file.format);
  for (size_t i = 0; i < partition_types.size(); ++i) {
    if (i >= file.partition.size() || !file.partition[i]) {
      out.Null();
      continue;
    }
    out.Present();
    EncodePartitionValue(out, partition_types[i], *file.partition[i]);
  }
  out.Long(file.record_count);
  out.Long(file.file_size_bytes);
  const auto put_long = [&out](const auto& pair) {
    out.Long(pair.first);
    out.Long(pair.second);
  };
  const auto put_bytes = [&out](const auto& pair) {
    out.Long(pair.first);
    out.Bytes(pair.second);
  };
  OptionalRun(out, file.column_sizes, put_long);
  OptionalRun(out, file.value_counts, put_long);
  OptionalRun(out, file.null_value_counts, put_long);
  OptionalRun(out, file.nan_value_counts, put_long);
  OptionalRun(out, file.lower_bounds, put_bytes);
  OptionalRun(out, file.upper_bounds, put_bytes);
  OptionalBytes(out, file.key_metadata);
  OptionalRun(out, file.split_offsets, [&out](int64_t offset) { out.Long(offset); });
  OptionalRun(out, file.equality_ids, [&out](int id) { out.Long(id); });
  // Position deletes have no order of their own (spec: sort_order_id must be null for them).
  if (file.content == DataFile::Content::kPositionDeletes) {
    out.Null();
  } else {
    out.Present();
    out.Long(file.sort_order_id);
  }
  OptionalBytes(out, file.referenced_data_file);
  if (version < 3) return;
  OptionalLong(out, file.first_row_id);
  OptionalLong(out, file.content_offset);
  OptionalLong(out, file.content_size_bytes);
}

bool IsFloating(const record::Type& type) {
  return type.id == record::TypeId::kFloat || type.id == record::TypeId::kDouble;
}

// The value as a bound. Zero has two signs, of which readers take -0 for the lesser one.
std::string AsBound(const record::Type& type, const std::string& value, double zero) {
  if (!IsFloating(type) || DoubleOf(value) != 0) return value;
  return type.id == record::TypeId::kFloat ? SingleFloat(static_cast<float>(zero))
                                           : SingleDouble(zero);
}

// Widens the bounds of one partition field by one file's value. A field without bounds is one of
// nulls and NaN only: readers pass such a manifest over when they look for anything else.
void Widen(PartitionFieldSummary& summary, const std::optional<std::string>& value,
           const record::Type& type) {
  if (!value) {
    summary.contains_null = true;
    return;
  }
  if (IsFloating(type) && std::isnan(DoubleOf(*value))) {
    summary.contains_nan = true;
    return;
  }
  const std::string now = Widened(type, *value);
  if (!summary.lower_bound || ComparePartitionValues(type, now, *summary.lower_bound) < 0)
    summary.lower_bound = AsBound(type, now, -0.0);
  if (!summary.upper_bound || ComparePartitionValues(type, now, *summary.upper_bound) > 0)
    summary.upper_bound = AsBound(type, now, 0.0);
}

}  // namespace

struct ManifestWriter::State {
  Options options;
  int spec_id = 0;
  std::vector<record::Type> partition_types;
  avro::FileWriter file;
  std::string record;
  int64_t files[3] = {0, 0, 0};
  int64_t rows[3] = {0, 0, 0};
  std::optional<int64_t> min_sequence_number;
  std::vector<PartitionFieldSummary> summaries;
};

ManifestWriter::ManifestWriter(const TableSchema& schema, const PartitionSpec& spec,
                               const Options& options, Random& random) {
  const std::vector<std::pair<std::string, std::string>> metadata = {
      {"schema", schema.json},
      {"schema-id", std::to_string(schema.schema.schema_id)},
      {"partition-spec", PartitionFieldsJson(spec)},
      {"partition-spec-id", std::to_string(spec.spec_id)},
      {"format-version", std::to_string(options.format_version)},
      {"content", options.content == ManifestFile::Content::kData ? "data" : "deletes"},
  };
  state_ = std::make_unique<State>(
      State{options,
            spec.spec_id,
            {},
            avro::FileWriter(EntrySchema(schema.schema, spec, options.format_version), metadata, {},
                             random),
            {},
            {},
            {},
            {},
            {}});
  for (const PartitionField& field : spec.fields)
    state_->partition_types.push_back(PartitionValueType(schema.schema, field));
  state_->summaries.resize(spec.fields.size());
}

ManifestWriter::~ManifestWriter() = default;
ManifestWriter::ManifestWriter(ManifestWriter&&) noexcept = default;

void ManifestWriter::Add(const ManifestEntry& entry) {
  State& state = *state_;
  const bool added = entry.status == ManifestEntry::Status::kAdded;
  FIRN_ASSERT(added || entry.sequence_number);
  state.record.clear();
  avro::Encoder out(state.record);
  out.Long(static_cast<int>(entry.status));
  OptionalLong(out, entry.snapshot_id.value_or(state.options.snapshot_id));
  OptionalLong(out, added ? std::optional<int64_t>() : entry.sequence_number);
  OptionalLong(out, added ? std::optional<int64_t>() : entry.file_sequence_number);
  EncodeFile(out, entry.file, state.partition_types, state.options.format_version);
  state.file.Add(state.record);

  const auto status = static_cast<size_t>(entry.status);
  ++state.files[status];
  state.rows[status] += entry.file.record_count;
  if (!added && entry.live())
    state.min_sequence_number =
        std::min(state.min_sequence_number.value_or(INT64_MAX), *entry.sequence_number);
  for (size_t i = 0; i < state.summaries.size(); ++i) {
    const auto value = i < entry.file.partition.size() ? entry.file.partition[i] : std::nullopt;
    Widen(state.summaries[i], value, state.partition_types[i]);
  }
}

int ManifestWriter::entries() const {
  return static_cast<int>(state_->files[0] + state_->files[1] + state_->files[2]);
}

std::string ManifestWriter::Finish(ManifestFile& line) {
  State& state = *state_;
  std::string bytes = state.file.Finish();
  line.length_bytes = static_cast<int64_t>(bytes.size());
  line.spec_id = state.spec_id;
  line.content = state.options.content;
  line.added_snapshot_id = state.options.snapshot_id;
  line.existing_files = static_cast<int>(state.files[0]);
  line.added_files = static_cast<int>(state.files[1]);
  line.deleted_files = static_cast<int>(state.files[2]);
  line.existing_rows = state.rows[0];
  line.added_rows = state.rows[1];
  line.deleted_rows = state.rows[2];
  // The commit puts in its number.
  line.sequence_number = kUnassignedSequence;
  line.min_sequence_number = state.min_sequence_number.value_or(kUnassignedSequence);
  line.partitions = std::move(state.summaries);
  for (PartitionFieldSummary& summary : line.partitions) {
    if (!summary.contains_nan) summary.contains_nan = false;
  }
  return bytes;
}

std::string WriteManifestList(const std::vector<ManifestFile>& manifests,
                              const ManifestListOptions& options, Random& random) {
  const std::vector<std::pair<std::string, std::string>> metadata = {
      {"snapshot-id", std::to_string(options.snapshot_id)},
      {"parent-snapshot-id",
       options.parent_snapshot_id ? std::to_string(*options.parent_snapshot_id) : "null"},
      {"sequence-number", std::to_string(options.sequence_number)},
      {"format-version", std::to_string(options.format_version)},
  };
  avro::FileWriter file(ListSchema(options.format_version), metadata, {}, random);
  std::string record;
  for (const ManifestFile& line : manifests) {
    const bool own = line.added_snapshot_id == options.snapshot_id;
    const int64_t sequence = own ? options.sequence_number : line.sequence_number;
    const int64_t least = own && line.min_sequence_number == kUnassignedSequence
                              ? sequence
                              : line.min_sequence_number;
    record.clear();
    avro::Encoder out(record);
    out.Bytes(line.path);
    out.Long(line.length_bytes);
    out.Long(line.spec_id);
    out.Long(static_cast<int>(line.content));
    out.Long(sequence);
    out.Long(least);
    out.Long(line.added_snapshot_id);
    out.Long(line.added_files.value_or(0));
    out.Long(line.existing_files.value_or(0));
    out.Long(line.deleted_files.value_or(0));
    out.Long(line.added_rows.value_or(0));
    out.Long(line.existing_rows.value_or(0));
    out.Long(line.deleted_rows.value_or(0));
    OptionalRun(out, line.partitions, [&out](const PartitionFieldSummary& summary) {
      out.Boolean(summary.contains_null);
      if (summary.contains_nan) {
        out.Present();
        out.Boolean(*summary.contains_nan);
      } else {
        out.Null();
      }
      OptionalBytes(out, summary.lower_bound);
      OptionalBytes(out, summary.upper_bound);
    });
    OptionalBytes(out, line.key_metadata);
    if (options.format_version >= 3) OptionalLong(out, line.first_row_id);
    file.Add(record);
  }
  return file.Finish();
}

}  // namespace firn::lake
