#include "ends/lake/ingest/rejects_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/base/encoding.h"
#include "core/base/file.h"

namespace firn::lake {
namespace {

void AppendJsonText(std::string_view text, std::string& line) {
  line += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      line += escape;
    } else {
      line += c;
    }
  }
  line += '"';
}

void AppendMember(std::string_view key, std::string_view text, std::string& line) {
  line += ",\"";
  line += key;
  line += "\":";
  AppendJsonText(text, line);
}

Error CannotWrite(const std::string& path) {
  return Error(errno == ENOSPC ? Kind::kLimitReached : Kind::kDenied, "LAKE-REJECT-001",
               "the file of rejected rows cannot be written")
      .At(path)
      .Because(std::strerror(errno));
}

}  // namespace

std::string RejectLine(const PageRef& page, const record::RowNote& note) {
  std::string line =
      "{\"page\":" + std::to_string(page.ordinal) + ",\"row\":" + std::to_string(note.row);
  AppendMember("page_name", page.name, line);
  AppendMember("kind", note.kind == record::RowNote::Kind::kRounded ? "rounded" : "rejected", line);
  AppendMember("id", note.id, line);
  AppendMember("field", note.field, line);
  AppendMember("reason", note.reason, line);
  if (IsUtf8(note.text)) {
    AppendMember("text", note.text, line);
  } else {
    AppendMember("text_hex", Hex(note.text), line);
  }
  return line + "}\n";
}

Result<void> RejectsFile::Append(std::string_view lines) {
  if (path_.empty() || lines.empty()) return {};
  const std::lock_guard lock(mutex_);
  const Fd file(open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file.valid()) return Fail(CannotWrite(path_));
  while (!lines.empty()) {
    const ssize_t written = write(file.get(), lines.data(), lines.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Fail(CannotWrite(path_));
    lines.remove_prefix(static_cast<size_t>(written));
  }
  FIRN_CHECK(SyncFd(file.get(), path_));
  return SyncFolderOf(path_);
}

}  // namespace firn::lake
