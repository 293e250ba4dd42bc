#include "sandbox/query_pages.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "core/base/file.h"
#include "sandbox/api_error.h"

namespace firn::sandbox {
namespace {

constexpr std::chrono::hours kLife{48};
constexpr size_t kFlushBytes = 1 << 20;

Error BadLocator() { return ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator"); }

constexpr uint64_t kEntryBytes = 16;  // of the index: end offset and weight, as they lie in memory

struct Entry {
  uint64_t end = 0;
  uint64_t weight = 0;
};
static_assert(sizeof(Entry) == kEntryBytes);

// Rows appended to one file, their ends and weights to the other.
class RowsWriter {
 public:
  static Result<RowsWriter> Create(const std::string& rows_path, const std::string& index_path) {
    FIRN_TRY(auto rows, FileWriter::Create(rows_path, 0600));
    FIRN_TRY(auto index, FileWriter::Create(index_path, 0600));
    return RowsWriter(std::move(rows), std::move(index));
  }
  Result<void> Add(std::string_view row, uint64_t weight) {
    text_ += row;
    offset_ += row.size();
    const Entry entry{offset_, weight};
    ends_.append(reinterpret_cast<const char*>(&entry), sizeof entry);
    return text_.size() < kFlushBytes ? Result<void>() : Flush();
  }
  Result<void> Finish() {
    FIRN_CHECK(Flush());
    FIRN_CHECK(rows_->Commit());
    return index_->Commit();
  }

 private:
  RowsWriter(std::unique_ptr<FileWriter> rows, std::unique_ptr<FileWriter> index)
      : rows_(std::move(rows)), index_(std::move(index)) {}
  Result<void> Flush() {
    FIRN_CHECK(rows_->Append(text_));
    FIRN_CHECK(index_->Append(ends_));
    text_.clear();
    ends_.clear();
    return {};
  }
  std::unique_ptr<FileWriter> rows_;
  std::unique_ptr<FileWriter> index_;
  std::string text_;
  std::string ends_;
  uint64_t offset_ = 0;
};

Result<std::string> ReadRange(const std::string& path, uint64_t offset, uint64_t bytes) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(bytes, '\0');
  size_t done = 0;
  while (fd.valid() && done < bytes) {
    const ssize_t got =
        pread(fd.get(), text.data() + done, bytes - done, static_cast<off_t>(offset + done));
    if (got <= 0) break;
    done += static_cast<size_t>(got);
  }
  if (done < bytes) return Fail(BadLocator());
  return text;
}

}  // namespace

Result<std::unique_ptr<QueryPages>> QueryPages::Open(const std::string& folder, ApiDb& db,
                                                     const SandboxClock& clock, Random& random) {
  FIRN_CHECK(MakeFolders(folder + "/cursors", 0700));
  std::unique_ptr<QueryPages> pages(new QueryPages(folder + "/cursors", db, clock, random));
  FIRN_CHECK(pages->DropOld());
  return pages;
}

// What the database knows of a kept answer.
struct QueryPages::Kept {
  uint64_t total = 0;       // rows of the whole answer
  uint64_t shown = 0;       // rows that are not in the file: they stood on the first page
  uint64_t batch_size = 0;  // weight of a page
};

std::string QueryPages::NewId() {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::string id = "0r8";
  for (int i = 0; i < 15; ++i) id += kAlphabet[random_.Below(kAlphabet.size())];
  return id;
}

Result<void> QueryPages::Note(const std::string& id, const Kept& kept, const std::string& user_id) {
  const ApiDb::Locked locked = db_.Lock();
  FIRN_TRY(Statement put, locked.db.Prepare("INSERT INTO query_cursor VALUES(?, ?, ?, ?, ?, ?)"));
  put.Bind(1, id).Bind(2, int64_t{clock_.Now().time_since_epoch().count()});
  put.Bind(3, static_cast<int64_t>(kept.total)).Bind(4, static_cast<int64_t>(kept.batch_size));
  put.Bind(5, user_id).Bind(6, std::to_string(kept.shown));
  return put.Run();
}

Result<QueryPages::Kept> QueryPages::Find(std::string_view id, const std::string& user_id) {
  const ApiDb::Locked locked = db_.Lock();
  FIRN_TRY(Statement find, locked.db.Prepare("SELECT created_us, rows, batch_size, user_id, extra"
                                             " FROM query_cursor WHERE id = ?"));
  find.Bind(1, id);
  FIRN_TRY(const bool found, find.Step());
  if (!found || find.Text(3) != user_id) return Fail(BadLocator());
  const UtcMicros created{std::chrono::microseconds(find.Int(0))};
  if (clock_.Now() - created > kLife) return Fail(BadLocator());
  return Kept{static_cast<uint64_t>(find.Int(1)),
              std::strtoull(std::string(find.Text(4)).c_str(), nullptr, 10),
              static_cast<uint64_t>(find.Int(2))};
}

Result<KeptRows> QueryPages::Keep(RowCursor& cursor, uint64_t shown, int api_version,
                                  uint64_t batch_size, const std::string& user_id) {
  std::optional<RowsWriter> writer;
  const std::string id = NewId();
  KeptRows kept;
  std::string row;
  while (true) {
    FIRN_TRY(const bool more, cursor.Next());
    if (!more) break;
    if (!writer) {
      FIRN_TRY(writer, RowsWriter::Create(RowsPath(id), IndexPath(id)));
    }
    row.clear();
    AppendJsonRow(cursor, api_version, row);
    FIRN_CHECK(writer->Add(row, 1 + cursor.child_rows()));
    ++kept.rows;
  }
  if (!writer) return kept;
  FIRN_CHECK(writer->Finish());
  FIRN_CHECK(Note(id, {shown + kept.rows, shown, batch_size}, user_id));
  kept.locator = id + "-" + std::to_string(shown);
  return kept;
}

Result<QueryPage> QueryPages::First(RowCursor& cursor, int api_version, uint64_t batch_size,
                                    const std::string& user_id) {
  QueryPage page;
  uint64_t weight = 0;
  while (weight < batch_size) {
    FIRN_TRY(const bool more, cursor.Next());
    if (!more) break;
    AppendJsonRow(cursor, api_version, page.rows.emplace_back());
    if (cursor.marks_recent()) page.ids.push_back(cursor.parent_id(0, 0).number);
    weight += 1 + cursor.child_rows();
  }
  page.total = page.rows.size();
  if (weight < batch_size) return page;
  if (cursor.aggregate()) {
    FIRN_TRY(const bool more, cursor.Next());
    if (!more) return page;
    return Fail(ApiError(400, "EXCEEDED_ID_LIMIT",
                         "aggregate query does not support queryMore(), use LIMIT to restrict the "
                         "results to a single batch"));
  }
  FIRN_TRY(const KeptRows rest, Keep(cursor, page.rows.size(), api_version, batch_size, user_id));
  page.total += rest.rows;
  page.next = rest.locator;
  return page;
}

Result<QueryPage> QueryPages::Next(std::string_view locator, const std::string& user_id) {
  const size_t dash = locator.find('-');
  const std::string id(locator.substr(0, dash));
  FIRN_TRY(const Kept kept, Find(id, user_id));
  QueryPage page;
  page.total = kept.total;
  page.first = kept.shown;
  if (dash != std::string_view::npos) {
    const std::string_view text = locator.substr(dash + 1);
    const auto read = std::from_chars(text.data(), text.data() + text.size(), page.first);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return Fail(BadLocator());
  }
  if (page.first < kept.shown || page.first >= kept.total) return Fail(BadLocator());
  // The entry of the row before this page (if any) and of the rows it can hold at most.
  const uint64_t skipped = page.first - kept.shown;
  const uint64_t count = std::min(kept.batch_size, kept.total - page.first);
  const uint64_t before = skipped == 0 ? 0 : 1;
  FIRN_TRY(const std::string index, ReadRange(IndexPath(id), (skipped - before) * kEntryBytes,
                                              (count + before) * kEntryBytes));
  std::vector<Entry> entries(count + 1);
  std::copy(index.begin(), index.end(),
            reinterpret_cast<char*>(entries.data()) + (1 - before) * kEntryBytes);
  uint64_t rows = 0;
  for (uint64_t weight = 0; rows < count && weight < kept.batch_size; ++rows) {
    weight += entries[rows + 1].weight;
  }
  const uint64_t from = entries.front().end;
  FIRN_TRY(const std::string text, ReadRange(RowsPath(id), from, entries[rows].end - from));
  for (uint64_t i = 0; i < rows; ++i) {
    page.rows.emplace_back(text, entries[i].end - from, entries[i + 1].end - entries[i].end);
  }
  if (page.first + rows < kept.total) page.next = id + "-" + std::to_string(page.first + rows);
  return page;
}

Result<void> QueryPages::DropOld() {
  std::vector<std::string> old;
  const int64_t limit = (clock_.Now() - kLife).time_since_epoch().count();
  {
    const ApiDb::Locked locked = db_.Lock();
    FIRN_TRY(Statement find, locked.db.Prepare("SELECT id FROM query_cursor WHERE created_us < ?"));
    find.Bind(1, limit);
    while (true) {
      FIRN_TRY(const bool more, find.Step());
      if (!more) break;
      old.emplace_back(find.Text(0));
    }
    FIRN_TRY(Statement drop, locked.db.Prepare("DELETE FROM query_cursor WHERE created_us < ?"));
    drop.Bind(1, limit);
    FIRN_CHECK(drop.Run());
  }
  for (const std::string& id : old) {
    FIRN_CHECK(RemoveFile(RowsPath(id)));
    FIRN_CHECK(RemoveFile(IndexPath(id)));
  }
  return {};
}

}  // namespace firn::sandbox
