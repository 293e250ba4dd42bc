#include "ends/lake/ingest/import.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/file.h"
#include "core/base/random.h"
#include "core/record/csv_header.h"
#include "ends/lake/ingest/import_parts.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/write/partitions.h"

namespace firn::lake {
namespace {

constexpr size_t kHeaderBytesMax = 4 << 20;
constexpr size_t kShownRejects = 20;

bool IsCsvName(const std::string& name) { return name.ends_with(".csv") || name.ends_with(".CSV"); }

Result<std::vector<std::string>> PageFiles(const std::vector<std::string>& named) {
  std::vector<std::string> files;
  for (const std::string& path : named) {
    auto names = ListFolder(path);
    if (!names) {
      files.push_back(path);
      continue;
    }
    for (const std::string& name : *names) {
      if (IsCsvName(name)) files.push_back(path + "/" + name);
    }
  }
  if (files.empty()) {
    return Fail(Error(Kind::kBadInput, "LAKE-IMPORT-001", "there is nothing to import")
                    .Because("no file is named, or the folder holds no .csv file"));
  }
  return files;
}

Result<std::vector<std::string>> HeaderOf(const std::string& path, char delimiter) {
  FIRN_TRY(auto stream, OpenPage(path));
  std::string begin;
  while (begin.size() < kHeaderBytesMax) {
    FIRN_TRY(const std::string piece, stream->Read(64 << 10));
    begin += piece;
    auto header = record::CsvHeader(begin, delimiter);
    if (header) return header;
    if (piece.empty()) break;
  }
  return Fail(Error(Kind::kCorrupt, "LAKE-PAGE-001", "the page is cut short")
                  .At("page `" + path + "`")
                  .Because("its header row has no end"));
}

// Columns that a file has, or several have between them.
struct Header {
  std::string file;
  std::vector<std::string> names;
};

// The describe of an object whose files have no Ids.
std::string WithoutId(const std::string& describe) {
  auto json = nlohmann::json::parse(describe, nullptr, false);
  if (!json.is_object() || !json.contains("fields") || !json["fields"].is_array()) return describe;
  auto kept = nlohmann::json::array();
  for (const auto& field : json["fields"]) {
    if (!field.is_object() || field.value("name", "") != "Id") kept.push_back(field);
  }
  json["fields"] = std::move(kept);
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The described columns that a file has; the rest of the describe does not matter.
Result<record::Layout> LayoutForHeader(const ImportOptions& options, const Header& header,
                                       const Table* table) {
  FIRN_TRY(std::string describe, ReadFile(options.describe_path));
  const bool has_id = std::any_of(header.names.begin(), header.names.end(), [](const auto& name) {
    return name == "Id" || name == "ID" || name == "id";
  });
  // Another key names the rows as well.
  if (options.mode == ImportOptions::Mode::kUpsert && options.key != "Id" && !has_id)
    describe = WithoutId(describe);
  record::LayoutOptions wanted;
  FIRN_TRY(const record::Layout all, record::LayoutFromDescribe(describe, wanted));
  wanted.include.clear();
  for (const std::string& name : header.names) {
    const auto same = [&](const record::SourceColumn& column) {
      return column.name.size() == name.size() &&
             std::equal(name.begin(), name.end(), column.name.begin(), [](char a, char b) {
               return std::tolower(static_cast<unsigned char>(a)) ==
                      std::tolower(static_cast<unsigned char>(b));
             });
    };
    if (std::none_of(all.columns.begin(), all.columns.end(), same)) {
      return Fail(Error(Kind::kBadInput, "LAKE-IMPORT-002",
                        "column `" + name.substr(0, 80) + "` is not described")
                      .At(header.file)
                      .Because("`" + options.describe_path + "` describes no such field of `" +
                               all.object + "`, or one that is not read as text"));
    }
    wanted.include.push_back(name);
  }
  // Compound fields are rebuilt as far as their parts are there.
  for (const record::DerivedField& derived : all.derived) {
    if (derived.kind == record::DerivedField::Kind::kCompound) {
      wanted.include.push_back(all.schema.fields[static_cast<size_t>(derived.field_index)].name);
    }
  }
  if (table != nullptr) {
    wanted.existing = &table->schema();
    wanted.last_column_id = table->last_column_id();
  }
  return record::LayoutFromDescribe(describe, wanted);
}

// The headers of the files, each kind once, and which each file has.
struct Headers {
  std::vector<Header> kinds;
  std::vector<size_t> kind_of;  // by file

  [[nodiscard]] Header All() const {
    Header all = kinds.front();
    for (const Header& kind : kinds) {
      for (const std::string& name : kind.names) {
        if (std::find(all.names.begin(), all.names.end(), name) == all.names.end())
          all.names.push_back(name);
      }
    }
    return all;
  }
};

// Only an upsert can do with files of different columns: what a file lacks stays as it is.
Result<Headers> HeadersOf(const ImportOptions& options, const std::vector<std::string>& files) {
  Headers headers;
  const bool each = options.mode == ImportOptions::Mode::kUpsert;
  for (size_t at = 0; at < (each ? files.size() : 1); ++at) {
    FIRN_TRY(auto names, HeaderOf(files[at], options.delimiter));
    const auto known = std::find_if(headers.kinds.begin(), headers.kinds.end(),
                                    [&](const Header& kind) { return kind.names == names; });
    headers.kind_of.push_back(static_cast<size_t>(known - headers.kinds.begin()));
    if (known == headers.kinds.end()) headers.kinds.push_back({files[at], std::move(names)});
  }
  return headers;
}

// The table's schema with the layout's new columns behind its own.
Result<record::Schema> GrownSchema(const record::Schema& table, const record::Schema& layout) {
  record::Schema grown = table;
  for (const record::Field& field : layout.fields) {
    const record::Field* there = table.Find(field.name);
    if (there == nullptr) {
      grown.fields.push_back(field);
      continue;
    }
    if (there->id != field.id) {
      return Fail(Error(Kind::kBadInput, "LAKE-IMPORT-003",
                        "column `" + field.name + "` is " + record::TypeText(there->type) +
                            " in the table, but " + record::TypeText(field.type) + " by describe")
                      .Hint("import with --mode replace, or into another table"));
    }
    for (record::Field& own : grown.fields) {
      if (own.id == field.id) own.type = field.type;
    }
  }
  return grown;
}

class Collector final : public IngestObserver {
 public:
  Result<void> FilesDurable(const std::vector<DataFile>& durable,
                            const std::vector<PageOutcome>& pages,
                            const std::vector<Reject>& rejects) override {
    const std::lock_guard lock(mutex_);
    for (const DataFile& file : durable) {
      files.push_back(file);
      report.files.push_back(file.path);
      report.file_bytes += file.file_size_bytes;
    }
    for (const PageOutcome& page : pages) {
      ++report.pages;
      report.rows_received += page.rows_received;
      report.rows_written += page.rows_written;
      report.rows_rejected += page.rows_rejected;
      report.values_rounded += page.values_rounded;
      report.nuls_seen += page.nuls_seen;
      report.csv_bytes += page.csv_bytes;
    }
    for (const Reject& reject : rejects) {
      if (report.rejects.size() < kShownRejects) report.rejects.push_back(reject);
    }
    return {};
  }

  std::vector<DataFile> files;
  ImportReport report;

 private:
  std::mutex mutex_;
};

// Takes pages until there is none, or a lane has failed.
Result<void> RunLane(const Call& call, IngestLane& lane, const ImportOptions& options,
                     const std::vector<std::string>& files, std::atomic<size_t>& next,
                     const std::atomic<bool>& failed) {
  for (size_t at = next.fetch_add(1); at < files.size() && !failed; at = next.fetch_add(1)) {
    FIRN_TRY(auto stream, OpenPage(files[at], options.on_bytes));
    auto outcome = lane.AddPage(call, {.ordinal = at, .name = files[at]}, *stream);
    if (!outcome) return Fail(std::move(outcome).error());
  }
  return failed ? Result<void>{} : lane.Finish(call);
}

Result<void> RunLanes(const Call& call, Ingest& ingest, const ImportOptions& options,
                      const std::vector<std::string>& files) {
  const size_t count = std::clamp<size_t>(static_cast<size_t>(options.threads), 1, files.size());
  std::vector<std::unique_ptr<IngestLane>> lanes;
  for (size_t i = 0; i < count; ++i) {
    FIRN_TRY(auto lane, ingest.NewLane());
    lanes.push_back(std::move(lane));
  }
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::vector<Result<void>> results(count);
  const auto run = [&](size_t i) {
    results[i] = RunLane(call, *lanes[i], options, files, next, failed);
    if (!results[i]) failed = true;
  };
  {
    std::vector<std::jthread> workers;
    for (size_t i = 1; i < count; ++i) workers.emplace_back(run, i);
    run(0);
  }
  for (Result<void>& result : results) FIRN_CHECK(std::move(result));
  return {};
}

Result<Table> Commit(const Call& call, Lake& lake, const ImportOptions& options,
                     const record::Layout& layout, const Collector& collected,
                     const std::optional<TableShape>& there) {
  CommitOptions commit;
  commit.summary = {{"firn.source", "import"},
                    {"firn.object", layout.object},
                    {"firn.pages", std::to_string(collected.report.pages)},
                    {"firn.rows-rejected", std::to_string(collected.report.rows_rejected)}};
  if (options.mode == ImportOptions::Mode::kReplace && there) {
    commit.derived_from = *there;
    return lake.ReplaceAll(call, options.table, collected.files, &layout.schema, commit);
  }
  return lake.Append(call, options.table, collected.files, commit);
}

Result<Table> MakeTable(const Call& call, Lake& lake, const ImportOptions& options,
                        const record::Schema& schema) {
  std::vector<PartitionField> fields;
  if (!options.partition.empty()) {
    FIRN_TRY(fields, ParsePartitionFields(options.partition, schema));
  }
  FIRN_TRY(Table table, lake.Create(call, options.table, schema, {}));
  if (fields.empty()) return table;
  auto partitioned = lake.EvolveSpec(call, options.table, fields, table.shape());
  // A table that is not as it was asked for is in the way of a second try.
  if (!partitioned) (void)lake.Drop(options.table);
  return partitioned;
}

std::string RejectsPath(const ImportOptions& options, const std::vector<std::string>& files) {
  if (!options.rejects_path.empty()) return options.rejects_path;
  const size_t slash = files.front().rfind('/');
  const std::string folder = slash == std::string::npos ? "." : files.front().substr(0, slash);
  return folder + "/" + options.table.Text() + ".rejects.jsonl";
}

}  // namespace

Result<ImportReport> ImportPages(const Call& call, Lake& lake, const ImportOptions& options) {
  FIRN_TRY(const std::vector<std::string> files, PageFiles(options.pages));
  auto table = lake.Load(options.table);
  if (!table && table.error().kind() != Kind::kNotFound) return Fail(std::move(table).error());
  // That the layout is derived from; nothing: the table is made here.
  std::optional<TableShape> there;
  if (table) there = table->shape();
  FIRN_TRY(const Headers headers, HeadersOf(options, files));
  const Header all = headers.All();
  FIRN_TRY(record::Layout layout, LayoutForHeader(options, all, there ? &*table : nullptr));
  if (!there) {
    FIRN_CHECK(lake.CreateNamespace(options.table.ns));
    table = MakeTable(call, lake, options, layout.schema);
    if (!table) return Fail(std::move(table).error());
  } else if (options.mode != ImportOptions::Mode::kReplace) {
    table = lake.EvolveSchema(call, options.table, [&](const Table& now) -> Result<record::Schema> {
      FIRN_TRY(layout, LayoutForHeader(options, all, &now));
      return GrownSchema(now.schema(), layout.schema);
    });
    if (!table) return Fail(std::move(table).error());
  }
  const std::string rejects_path = RejectsPath(options, files);
  if (options.mode == ImportOptions::Mode::kUpsert) {
    std::vector<record::Layout> layouts;
    for (const Header& kind : headers.kinds) {
      FIRN_TRY(layouts.emplace_back(), LayoutForHeader(options, kind, &*table));
    }
    return UpsertPages(call, lake, {options, layouts, files, headers.kind_of, rejects_path});
  }
  const std::string run = NewUuid(*call.random);
  IngestOptions ingest_options;
  ingest_options.data_folder = table->location() + "/data";
  ingest_options.store = table->store();
  ingest_options.file_prefix = run;
  ingest_options.rejects_path = rejects_path;
  ingest_options.strict = options.strict;
  ingest_options.plain_encoding = options.plain_encoding;
  ingest_options.delimiter = options.delimiter;
  ingest_options.lanes = options.threads;
  if (!table->metadata().default_spec().unpartitioned())
    ingest_options.partitioned = std::make_shared<Table>(*table);
  Collector collector;
  collector.report.rejects_path = ingest_options.rejects_path;
  FIRN_TRY(auto ingest, Ingest::New(layout, ingest_options, collector));
  if (auto done = RunLanes(call, *ingest, options, files); !done) {
    // Nothing refers to these files; an import is done again from the start.
    for (const DataFile& file : collector.files) (void)table->store()->Remove(call, file.path);
    return Fail(std::move(done).error());
  }
  FIRN_TRY(const Table after, Commit(call, lake, options, layout, collector, there));
  ImportReport report = std::move(collector.report);
  if (report.rows_rejected + report.values_rounded == 0) report.rejects_path.clear();
  report.warnings = layout.warnings;
  report.rows_inserted = report.rows_written;
  report.commits = 1;
  report.metadata_location = after.metadata_location();
  if (const auto snapshot = after.current_snapshot()) report.snapshot_id = snapshot->snapshot_id;
  return report;
}

}  // namespace firn::lake
