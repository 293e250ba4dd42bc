// What a command prints. stdout is data, stderr is talk; `--json` turns data into documents whose
// first key is the format's version.
//
// Tables align and are cut with an ellipsis to the terminal's width; piped they are whole, with
// tabs. A reader that has gone ends the output, it is no error. Used by one thread at a time,
// except Talk().
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/error.h"

namespace firn::cli {

enum class ColorWish { kAuto, kAlways, kNever };

// What stdout and stderr are: taken from the system once, or made up by a test.
struct Terminal {
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool color_out = false;
  bool color_err = false;
  int width = 80;  // columns of the terminal; without meaning when piped
};
// Honours NO_COLOR, CLICOLOR_FORCE, TERM=dumb and COLUMNS.
[[nodiscard]] Terminal DetectTerminal(ColorWish wish);

// Green done, yellow warning, red error, cyan names, paths and hints; nothing else.
enum class Ink { kPlain, kGood, kWarning, kBad, kName };

// A value of a table or of a list of facts; empty = not available (`-`, null).
using Cell = std::variant<std::monostate, std::string, int64_t, double, bool>;

struct Column {
  std::string key;      // in JSON
  std::string title;    // over the column
  bool right = false;   // numbers
  bool shrink = false;  // cut first when the terminal is narrow
  Ink ink = Ink::kPlain;
};

struct Fact {
  std::string key;
  std::string title;
  Cell value;
};

struct Table {
  std::string format;  // `firn.lake.tables/1`: first key of the JSON document
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  std::string when_empty;  // what is said on stderr when there are no rows
  // Of all rows together: lines below them, further keys of the JSON document.
  std::vector<Fact> facts = {};
};

class Output {
 public:
  struct Options {
    bool json = false;
    bool quiet = false;  // no talk but errors
    int out_fd = 1;      // another process's, when its command runs here
    int err_fd = 2;
  };
  Output(Terminal terminal, Options options) : terminal_(terminal), options_(options) {}

  // From now on no talk but errors: stderr is a log.
  void Hush() { options_.quiet = true; }
  [[nodiscard]] bool json() const { return options_.json; }
  [[nodiscard]] bool quiet() const { return options_.quiet; }
  [[nodiscard]] const Terminal& terminal() const { return terminal_; }

  // {"format":..,"rows":[{..}]} or an aligned table. Thousands are not grouped.
  void Print(const Table& table);
  // {"format":..,key:value,..} or one aligned line a fact.
  void Print(std::string_view format, const std::vector<Fact>& facts);
  // What a check found: with --json {"format":..,"ok":..,key:value,..,"problems":[..]} whatever it
  // is; else the problems on stderr, or the facts when there is none.
  void PrintChecked(std::string_view format, const std::vector<Fact>& facts,
                    const std::vector<Error>& problems);
  // One JSON object a line. `object` is its text, `{"rows":7}`; the format is put before its first
  // key. Does nothing without --json.
  void Json(std::string_view format, std::string_view object);
  // Raw bytes to stdout (Markdown, CSV, a help page); nothing is added. Not under --json.
  void Raw(std::string_view text);
  // A line on stdout for people; does nothing with --json.
  void Line(std::string_view text);
  // A line on stderr. Any thread. Silent with --json or --quiet.
  void Talk(std::string_view text);
  // `warning: ..` on stderr. Any thread. Also with --json.
  void Warn(std::string_view text);

  // `text` in colour if stdout (Out) or stderr (Err) takes colours.
  [[nodiscard]] std::string Out(Ink ink, std::string_view text) const;
  [[nodiscard]] std::string Err(Ink ink, std::string_view text) const;

  // Prints an error by rule 5 of the conventions on stderr, and its JSON object on stdout with
  // --json ("firn.error/1").
  void PrintError(const Error& error);
  // The text alone: of a problem that a document on stdout tells too.
  void TellProblem(const Error& error);
  // Clears the progress line, if one stands, before anything else is written to stderr.
  void SetLiveLine(std::string line);
  void ClearLiveLine();
  void Flush();
  // Whether stdout takes nothing any more: loops that feed it may end.
  [[nodiscard]] bool closed() const { return out_error_ != 0; }
  // Flushes what is left. CLI-OUTPUT-001 when a write failed, but for a reader that has gone: a
  // full disk must not pass for the end of the data.
  [[nodiscard]] Result<void> Finish();

 private:
  void WriteOut(std::string_view text);
  void WriteErr(std::string_view text);

  Terminal terminal_;
  Options options_;
  std::mutex err_mutex_;
  std::string live_line_;
  std::string pending_;  // bytes for stdout
  int out_error_ = 0;    // errno of the write to stdout that failed
};

// Text as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string JsonQuote(std::string_view text);
[[nodiscard]] std::string JsonOf(const Cell& cell);

// Columns that `text` takes on a terminal (wide East Asian letters take two, marks none).
[[nodiscard]] int DisplayWidth(std::string_view text);
// At most `width` columns, the last of them an ellipsis when something was cut.
[[nodiscard]] std::string CutToWidth(std::string_view text, int width);
// The table as lines: aligned to `width` columns, or with tabs when width is 0. No colours when
// `inked` is false.
[[nodiscard]] std::string FormatTable(const Table& table, int width, bool inked);

// `1 234 567` with thin groups of three, `1.4 GB`, `3.2 s`, `4 m 05 s`: for people only.
[[nodiscard]] std::string HumanCount(int64_t count);
[[nodiscard]] std::string HumanBytes(int64_t bytes);
[[nodiscard]] std::string HumanSeconds(double seconds);

}  // namespace firn::cli
