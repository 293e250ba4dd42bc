#include "app/cli/output/output.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <system_error>

#include "app/cli/output/ink.h"
#include "core/base/encoding.h"

namespace firn::cli {
namespace {

constexpr size_t kFlushBytes = 64 << 10;

bool EnvironmentSet(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

// 0, or the errno of the write that failed: EPIPE when the reader has gone.
int WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      // Whoever shares the pipe made it non-blocking: a slow reader is not one that has gone.
      pollfd room{fd, POLLOUT, 0};
      (void)poll(&room, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

// `"a":1,"b":2`, the first one behind `lead`.
std::string KeysOf(const std::vector<Fact>& facts, std::string_view lead) {
  std::string keys;
  for (const Fact& fact : facts) {
    keys +=
        fmt::format("{}{}:{}", keys.empty() ? lead : ",", JsonQuote(fact.key), JsonOf(fact.value));
  }
  return keys;
}

}  // namespace

Terminal DetectTerminal(ColorWish wish) {
  Terminal terminal;
  terminal.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  terminal.err_is_terminal = isatty(STDERR_FILENO) == 1;
  const char* term = std::getenv("TERM");
  const bool dumb = term != nullptr && std::string_view(term) == "dumb";
  bool never = wish == ColorWish::kNever;
  bool always = wish == ColorWish::kAlways;
  if (wish == ColorWish::kAuto) {
    never = EnvironmentSet("NO_COLOR") || dumb;
    const char* force = std::getenv("CLICOLOR_FORCE");
    always = !never && force != nullptr && *force != '\0' && std::string_view(force) != "0";
  }
  terminal.color_out = !never && (always || terminal.out_is_terminal);
  terminal.color_err = !never && (always || terminal.err_is_terminal);
  winsize size{};
  const char* columns = std::getenv("COLUMNS");
  if (columns != nullptr && std::atoi(columns) > 0) {
    terminal.width = std::atoi(columns);
  } else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.width = size.ws_col;
  } else if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.width = size.ws_col;
  }
  return terminal;
}

std::string Inked(Ink ink, std::string_view text) {
  const char* code = ink == Ink::kGood      ? "32"
                     : ink == Ink::kWarning ? "33"
                     : ink == Ink::kBad     ? "31"
                     : ink == Ink::kName    ? "36"
                                            : "";
  if (*code == '\0') return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string JsonQuote(std::string_view text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      ++i;
      if (byte == '"' || byte == '\\') {
        out += '\\';
        out += text[i - 1];
      } else if (byte == '\n') {
        out += "\\n";
      } else if (byte < 0x20 || byte == 0x7F) {
        out += fmt::format("\\u{:04x}", byte);
      } else {
        out += text[i - 1];
      }
      continue;
    }
    const size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    const std::string_view letter = text.substr(i, length);
    if (letter.size() == length && IsUtf8(letter)) {
      out += letter;
      i += length;
    } else {
      out += "\xEF\xBF\xBD";
      ++i;
    }
  }
  return out + "\"";
}

std::string JsonOf(const Cell& cell) {
  struct Writer {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(const std::string& text) const { return JsonQuote(text); }
    std::string operator()(int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const {
      return std::isfinite(number) ? fmt::format("{}", number) : "null";
    }
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  };
  return std::visit(Writer{}, cell);
}

void Output::Print(const Table& table) {
  if (json()) {
    std::string rows;
    for (const auto& row : table.rows) {
      rows += rows.empty() ? "{" : ",{";
      for (size_t i = 0; i < row.size(); ++i) {
        rows += fmt::format("{}{}:{}", i > 0 ? "," : "", JsonQuote(table.columns[i].key),
                            JsonOf(row[i]));
      }
      rows += "}";
    }
    Json(table.format, "{\"rows\":[" + rows + "]" + KeysOf(table.facts, ",") + "}");
    return;
  }
  const int width = terminal_.out_is_terminal ? terminal_.width : 0;
  if (table.rows.empty()) {
    Talk(table.when_empty);
  } else {
    WriteOut(FormatTable(table, width, terminal_.color_out));
  }
  if (!table.facts.empty()) WriteOut(FormatFacts(table.facts, width));
}

void Output::Print(std::string_view format, const std::vector<Fact>& facts) {
  if (!json()) {
    WriteOut(FormatFacts(facts, terminal_.out_is_terminal ? terminal_.width : 0));
    return;
  }
  Json(format, "{" + KeysOf(facts, "") + "}");
}

void Output::PrintChecked(std::string_view format, const std::vector<Fact>& facts,
                          const std::vector<Error>& problems) {
  for (const Error& problem : problems) {
    if (&problem != &problems.front()) Talk(" ");
    TellProblem(problem);
  }
  if (!json()) {
    if (problems.empty()) Print(format, facts);
    return;
  }
  std::string list;
  for (const Error& problem : problems) list += (list.empty() ? "" : ",") + ErrorJson(problem);
  Json(format,
       fmt::format(R"({{"ok":{}{},"problems":[{}]}})", problems.empty(), KeysOf(facts, ","), list));
}

void Output::Json(std::string_view format, std::string_view object) {
  if (!json()) return;
  FIRN_ASSERT(object.starts_with('{') && object.ends_with('}'));
  const std::string_view inner = object.substr(1);
  WriteOut(fmt::format("{{\"format\":{}{}{}\n", JsonQuote(format), inner == "}" ? "" : ",", inner));
}

void Output::Raw(std::string_view text) {
  if (!json()) WriteOut(text);
}

void Output::Line(std::string_view text) {
  if (!json()) WriteOut(std::string(text) + "\n");
}

void Output::Talk(std::string_view text) {
  if (json() || options_.quiet || text.empty()) return;
  WriteErr(std::string(text) + "\n");
}

void Output::Warn(std::string_view text) {
  WriteErr(Err(Ink::kWarning, "warning:") + " " + std::string(text) + "\n");
}

std::string Output::Out(Ink ink, std::string_view text) const {
  return terminal_.color_out ? Inked(ink, text) : std::string(text);
}

std::string Output::Err(Ink ink, std::string_view text) const {
  return terminal_.color_err ? Inked(ink, text) : std::string(text);
}

void Output::PrintError(const Error& error) {
  TellProblem(error);
  Json("firn.error/1", ErrorJson(error));
  Flush();
}

void Output::TellProblem(const Error& error) {
  Flush();
  WriteErr(FormatError(error, terminal_.color_err));
}

void Output::SetLiveLine(std::string line) {
  std::lock_guard lock(err_mutex_);
  live_line_ = std::move(line);
  (void)WriteAll(options_.err_fd, "\r\x1b[2K" + live_line_);
}

void Output::ClearLiveLine() {
  std::lock_guard lock(err_mutex_);
  if (live_line_.empty()) return;
  live_line_.clear();
  (void)WriteAll(options_.err_fd, "\r\x1b[2K");
}

void Output::WriteErr(std::string_view text) {
  std::lock_guard lock(err_mutex_);
  std::string whole;
  if (!live_line_.empty()) whole = "\r\x1b[2K";
  whole += text;
  whole += live_line_;
  (void)WriteAll(options_.err_fd, whole);
}

void Output::WriteOut(std::string_view text) {
  if (closed()) return;
  pending_ += text;
  if (terminal_.out_is_terminal || json() || pending_.size() >= kFlushBytes) Flush();
}

void Output::Flush() {
  if (!closed() && !pending_.empty()) out_error_ = WriteAll(options_.out_fd, pending_);
  pending_.clear();
}

Result<void> Output::Finish() {
  Flush();
  if (out_error_ == 0 || out_error_ == EPIPE) return {};
  return Fail(Error(Kind::kCorrupt, "CLI-OUTPUT-001", "the output on stdout is not whole")
                  .Because(std::generic_category().message(out_error_)));
}

}  // namespace firn::cli
