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

// Rows appended to one file, their end offsets to the other.
class RowsWriter {
 public:
  static Result<RowsWriter> Create(const std::string& rows_path, const std::string& index_path) {
    FIRN_TRY(auto rows, FileWriter::Create(rows_path, 0600));
    FIRN_TRY(auto index, FileWriter::Create(index_path, 0600));
    return RowsWriter(std::move(rows), std::move(index));
  }
  Result<void> Add(std::string_view row) {
    text_ += row;
    offset_ += row.size();
    ends_.append(reinterpret_cast<const char*>(&offset_), sizeof offset_);
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

Result<QueryPage> QueryPages::First(RowCursor& cursor, int api_version, uint64_t batch_size,
                                    const std::string& user_id) {
  QueryPage page;
  std::optional<RowsWriter> writer;
  std::string id;
  std::string row;
  while (true) {
    FIRN_TRY(const bool more, cursor.Next());
    if (!more) break;
    row.clear();
    AppendJsonRow(cursor, api_version, row);
    if (page.total++ < batch_size) {
      page.rows.push_back(row);
      continue;
    }
    if (!writer) {
      // 18 characters, prefix 0r8.
      constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
      id = "0r8";
      for (int i = 0; i < 15; ++i) id += kAlphabet[random_.Below(kAlphabet.size())];
      FIRN_TRY(writer, RowsWriter::Create(RowsPath(id), IndexPath(id)));
    }
    FIRN_CHECK(writer->Add(row));
  }
  if (!writer) return page;
  FIRN_CHECK(writer->Finish());
  const ApiDb::Locked locked = db_.Lock();
  FIRN_TRY(Statement put, locked.db.Prepare("INSERT INTO query_cursor VALUES(?, ?, ?, ?, ?, '')"));
  put.Bind(1, id).Bind(2, int64_t{clock_.Now().time_since_epoch().count()});
  put.Bind(3, static_cast<int64_t>(page.total)).Bind(4, static_cast<int64_t>(batch_size));
  put.Bind(5, user_id);
  FIRN_CHECK(put.Run());
  page.next = id + "-" + std::to_string(batch_size);
  return page;
}

Result<QueryPage> QueryPages::Next(std::string_view locator, const std::string& user_id) {
  const size_t dash = locator.find('-');
  const std::string id(locator.substr(0, dash));
  QueryPage page;
  uint64_t batch_size = 0;
  {
    const ApiDb::Locked locked = db_.Lock();
    FIRN_TRY(Statement find,
             locked.db.Prepare("SELECT created_us, rows, batch_size, user_id FROM query_cursor"
                               " WHERE id = ?"));
    find.Bind(1, id);
    FIRN_TRY(const bool found, find.Step());
    if (!found || find.Text(3) != user_id) return Fail(BadLocator());
    const UtcMicros created{std::chrono::microseconds(find.Int(0))};
    if (clock_.Now() - created > kLife) return Fail(BadLocator());
    page.total = static_cast<uint64_t>(find.Int(1));
    batch_size = static_cast<uint64_t>(find.Int(2));
  }
  // The file begins after the first page.
  page.first = batch_size;
  if (dash != std::string_view::npos) {
    const std::string_view text = locator.substr(dash + 1);
    const auto read = std::from_chars(text.data(), text.data() + text.size(), page.first);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return Fail(BadLocator());
  }
  if (page.first < batch_size || page.first >= page.total) return Fail(BadLocator());
  const uint64_t count = std::min(batch_size, page.total - page.first);
  const uint64_t skipped = page.first - batch_size;
  // End offsets of the row before this page (if any) and of its rows.
  std::vector<uint64_t> ends(count + 1, 0);
  const uint64_t from = skipped == 0 ? 0 : skipped - 1;
  const uint64_t have = skipped == 0 ? count : count + 1;
  FIRN_TRY(const std::string index, ReadRange(IndexPath(id), from * 8, have * 8));
  std::copy(index.begin(), index.end(),
            reinterpret_cast<char*>(ends.data()) + (skipped == 0 ? 8 : 0));
  FIRN_TRY(const std::string text,
           ReadRange(RowsPath(id), ends.front(), ends.back() - ends.front()));
  for (uint64_t i = 0; i < count; ++i) {
    page.rows.emplace_back(text, ends[i] - ends[0], ends[i + 1] - ends[i]);
  }
  if (page.first + count < page.total) page.next = id + "-" + std::to_string(page.first + count);
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
