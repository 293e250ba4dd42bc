#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/file.h"
#include "sandbox/bulk/csv_rows.h"
#include "sandbox/query.h"

namespace firn::sandbox {
namespace {

constexpr size_t kBufferBytes = 1 << 20;
constexpr uint64_t kAskEvery = 4096;  // rows between two looks at go_on

void AppendLineEnd(const CsvOptions& options, std::string& out) {
  out += options.crlf ? "\r\n" : "\n";
}

tl::unexpected<Error> Unreadable(const std::string& path) {
  return Fail(Error(Kind::kCorrupt, "SBX-QUERY-001", "a result file cannot be read")
                  .At(path)
                  .Because(std::strerror(errno)));
}

}  // namespace

void AppendCsvHeader(const RowCursor& cursor, const CsvOptions& options, std::string& out) {
  bool first = true;
  for (const auto& column : cursor.columns()) {
    if (!first) out += options.delimiter;
    first = false;
    AppendCsvCell(column.name, out);
  }
  AppendLineEnd(options, out);
}

void AppendCsvRow(const RowCursor& cursor, const CsvOptions& options, std::string& out) {
  bool first = true;
  for (const Value& value : cursor.row()) {
    if (!first) out += options.delimiter;
    first = false;
    if (value.kind == Value::Kind::kText || value.kind == Value::Kind::kJson) {
      AppendCsvCell(value.text, out);
      continue;
    }
    out += '"';
    if (!value.null()) AppendPlain(value, out);
    out += '"';
  }
  AppendLineEnd(options, out);
}

Result<CsvIndex> WriteCsvFile(RowCursor& cursor, const CsvOptions& options, const std::string& path,
                              const std::function<bool(uint64_t rows)>& go_on) {
  FIRN_TRY(auto file, FileWriter::Create(path));
  CsvIndex index;
  std::string buffer;
  buffer.reserve(kBufferBytes + (64 << 10));
  for (;;) {
    FIRN_TRY(const bool more, cursor.Next());
    if (!more) break;
    if (index.rows % CsvIndex::kRowsPerMark == 0) {
      index.marks.push_back(file->bytes_written() + buffer.size());
    }
    AppendCsvRow(cursor, options, buffer);
    ++index.rows;
    if (buffer.size() >= kBufferBytes) {
      FIRN_CHECK(file->Append(buffer));
      buffer.clear();
    }
    if (index.rows % kAskEvery == 0 && go_on && !go_on(index.rows)) {
      return Fail(Kind::kCancelled, "SBX-QUERY-002", "the query was stopped before its end");
    }
  }
  FIRN_CHECK(file->Append(buffer));
  index.bytes = file->bytes_written();
  FIRN_CHECK(file->Commit());
  return index;
}

Result<ByteRange> FindCsvRows(const std::string& path, const CsvIndex& index, uint64_t first,
                              uint64_t rows_max) {
  ByteRange range;
  if (first >= index.rows || rows_max == 0) return range;
  range.rows = std::min(rows_max, index.rows - first);
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return Unreadable(path);
  // The row's offset: from the mark before it, over quoted text, to its line's begin.
  const auto offset_of = [&](uint64_t row) -> Result<uint64_t> {
    if (row >= index.rows) return index.bytes;
    uint64_t at = index.marks[row / CsvIndex::kRowsPerMark];
    uint64_t skip = row % CsvIndex::kRowsPerMark;
    bool quoted = false;
    std::string block(64 << 10, '\0');
    while (skip > 0) {
      const ssize_t got = pread(file.get(), block.data(), block.size(), static_cast<off_t>(at));
      if (got <= 0) return Unreadable(path);
      for (ssize_t i = 0; i < got; ++i) {
        if (block[i] == '"') quoted = !quoted;
        if (block[i] == '\n' && !quoted && --skip == 0) return at + i + 1;
      }
      at += got;
    }
    return at;
  };
  FIRN_TRY(range.offset, offset_of(first));
  FIRN_TRY(const uint64_t end, offset_of(first + range.rows));
  range.bytes = end - range.offset;
  return range;
}

}  // namespace firn::sandbox
