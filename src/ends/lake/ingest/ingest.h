// Ingest: CSV pages in, closed and synced Parquet data files out. The fast path of Firn.
//
// A Lane belongs to one thread and writes one data file at a time, of a table with partitions one
// for each; several lanes of one Ingest run side by side. A data file holds whole pages: it is
// closed at the first page border past the target size, synced, and handed to the observer, who
// writes it into the ledger; only then does its content count as durable. A page that breaks in the
// middle takes the lane's open file with it: the file is removed and the pages it held are named,
// so that the caller fetches them again. Memory is bounded by lanes x (row group + blocks),
// whatever the page's or object's size. Nothing is committed here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/net/http.h"
#include "core/record/column_hash.h"
#include "core/record/layout.h"
#include "ends/lake/data_file.h"

namespace firn::lake {

class ObjectStore;
class Table;

// Two tables with the same rows have the same hashes; swapping two cells changes them.
using record::ColumnHashes;

struct PageRef {
  uint64_t ordinal = 0;        // the caller's number of the page, unique in the run
  std::string name;            // locator or path, for messages
  int64_t rows_expected = -1;  // Sforce-NumberOfRecords; -1: not known
};

// Why a row, or the part of a value, was not taken as it came. Row text goes to the rejects file
// only.
struct Reject {
  enum class Kind { kRejected, kRounded };
  Kind kind = Kind::kRejected;  // kRounded: the row is in the table, one value was rounded
  uint64_t page = 0;
  uint64_t row = 0;  // from 1, the header not counted
  std::string id;    // record Id if it was readable
  std::string field;
  std::string reason;
};

struct PageOutcome {
  PageRef page;
  int64_t rows_received = 0;
  int64_t rows_written = 0;
  int64_t rows_rejected = 0;
  int64_t values_rounded = 0;  // excess fraction digits, rounded half-up
  int64_t nuls_seen = 0;       // R7
  int64_t csv_bytes = 0;
  ColumnHashes hashes;  // of the rows written, taken from the page's bytes; empty unless asked for
};

struct IngestOptions {
  std::string data_folder;   // URI the files go under: `<table location>/data`
  std::string file_prefix;   // run id: file names are <prefix>-<lane>-<n>.parquet
  std::string rejects_path;  // file for rejected rows (0600); empty: none kept
  int64_t target_file_bytes = 128LL << 20;
  int64_t row_group_rows = 256 * 1024;
  int zstd_level = 1;
  bool strict = false;  // the first rejected row is an error
  bool hash_columns = false;
  bool plain_encoding = false;    // table property for readers without delta encodings
  bool short_lived = false;       // their rows are soon in other files: packed quickly, not well
  int64_t rejects_max = 100'000;  // LimitReached (LAKE-REJECT-002) past it, for each open file
  char delimiter = ',';
  // A table with partitions: rows go into files of their own partitions, under its data folder;
  // null: a file holds whole pages.
  std::shared_ptr<const Table> partitioned;
  int lanes = 1;  // that are open at once, about: they share the memory of partitions' files
  // Where the files become durable; null: `data_folder` is a folder of this machine.
  std::shared_ptr<ObjectStore> store;
};

class IngestObserver {
 public:
  virtual ~IngestObserver() = default;
  // The files are closed and synced; `pages` are exactly those they hold. There is none when no row
  // of them was kept, and more than one only in a table with partitions. Called on the lane's
  // thread.
  virtual Result<void> FilesDurable(const std::vector<DataFile>& files,
                                    const std::vector<PageOutcome>& pages,
                                    const std::vector<Reject>& rejects) = 0;
};

class IngestLane {
 public:
  virtual ~IngestLane() = default;
  // Reads the page to its end. Errors: Corrupt with the page's name (LAKE-PAGE-001 cut short, -002
  // rows differ from rows_expected, -003 malformed CSV, -004 header differs from the layout), or
  // what broke the stream; after any error Discarded() names the pages to fetch again.
  [[nodiscard]] virtual Result<PageOutcome> AddPage(const Call& call, const PageRef& page,
                                                    net::BodyStream& csv) = 0;
  // The same for a page of REST records: the `records` array of a /query answer or the whole
  // answer. The rows come out identical to those of a Bulk page. Errors: Corrupt (LAKE-PAGE-005).
  [[nodiscard]] virtual Result<PageOutcome> AddRecords(const Call& call, const PageRef& page,
                                                       std::string_view records_json) = 0;
  // Pages whose rows went with an open file since the last call; the failed page included.
  [[nodiscard]] virtual std::vector<PageRef> Discarded() = 0;
  // Closes the open file, if it holds rows.
  [[nodiscard]] virtual Result<void> Finish(const Call& call) = 0;
  // Bytes of the open file so far, buffered row group included.
  [[nodiscard]] virtual int64_t open_file_bytes() const = 0;
};

class Ingest {
 public:
  virtual ~Ingest() = default;
  // `observer` outlives the ingest and may be called from several lanes at once.
  [[nodiscard]] static Result<std::unique_ptr<Ingest>> New(record::Layout layout,
                                                           IngestOptions options,
                                                           IngestObserver& observer);
  [[nodiscard]] virtual Result<std::unique_ptr<IngestLane>> NewLane() = 0;
};

}  // namespace firn::lake
