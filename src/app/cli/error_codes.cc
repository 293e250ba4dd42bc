#include "app/cli/error_codes.h"

namespace firn::cli {
namespace {

constexpr ErrorCode kCodes[] = {
    {"CLI-USAGE-001", "unknown command", "There is no command or topic of that name.",
     "Take the name that the hint offers, or run `firn help --all` to see them all."},
    {"CLI-USAGE-002", "unknown option, or an argument too many",
     "The command does not take what was typed.", "See `firn help COMMAND`."},
    {"CLI-USAGE-003", "a value that does not fit its option",
     "The option takes a number, a duration, a size or one of some words.",
     "See `firn help COMMAND`."},
    {"CLI-USAGE-004", "a missing or contradicting argument",
     "The command needs an argument or option that was not given, or two that exclude one another "
     "were.",
     "See `firn help COMMAND`."},
    {"CLI-FILE-001", "a file that was named on the command line cannot be read",
     "It is not there, is a folder, is too large, or is not readable for this user.",
     "Check the name and its permissions; relative names start where the command is typed."},
    {"CLI-FILE-002", "a file that was named on the command line cannot be written",
     "It is a folder, its folder is not there, or this user may not write there.",
     "Name a file in a folder that is there and may be written."},
    {"CLI-PROJECT-001", "no project folder",
     "Neither `--project` nor FIRN_PROJECT names one, and no `firn.yaml` lies here or in a folder "
     "above.",
     "Go to the project folder, name it with `--project DIR`, or make one with `firn init DIR`."},
    {"CLI-INIT-001", "the folder already holds a project",
     "`firn init` writes new files only and found one of them.",
     "Choose another folder; nothing was changed."},
    {"CLI-LAKE-001", "the command needs an embedded catalog",
     "The project's tables are in a REST catalog (`lake.rest` in firn.yaml), which serves and "
     "looks after itself.",
     "Use that catalog's own address, or name an embedded one with `--warehouse DIR`."},
    {"CLI-SQL-001", "DuckDB is not installed",
     "`firn lake sql` runs the `duckdb` program, which is not on the PATH.",
     "Install it from duckdb.org or with your package manager, or name it with `--duckdb FILE`."},
    {"CLI-SQL-002", "DuckDB cannot be run",
     "Its start script could not be written, or the program could not be started.",
     "Check TMPDIR and the program named by `--duckdb`."},
    {"CLI-EXPLAIN-001", "no such error code", "No part of Firn uses this code.",
     "Run `firn explain` without a code to see them all; they look like `SF-AUTH-003`."},
    {"CLI-DOCTOR-001", "no such check", "`firn doctor NAME` takes the name of one check.",
     "Run `firn doctor --list` to see the names."},
    {"CLI-DEMO-001", "the demo's folder is not empty",
     "`firn demo` makes a new project folder and never writes over an old one.",
     "Remove the folder or name another."},
    {"CLI-DEMO-002", "a step of the demo failed",
     "One of the commands that the demo runs ended with an error; its own message stands above.",
     "Type the command shown to repeat it alone; the project folder was left as it was."},
    {"CLI-ORG-001", "an answer that cannot be shown",
     "The org sent something else than the record or describe that was asked for.",
     "Try again with `--verbose`; if it stays, please report it."},
    {"CLI-EVENTS-001", "a line that is no event with a pattern",
     "Each line is a JSON object with `event` and `pattern`, or `event_text` and `pattern_text`.",
     "Run `firn events match --help` to see one."},
    {"CLI-EVENTS-002", "the file of events cannot be opened", "It is not there, or not readable.",
     "Check the name and its permissions."},
    {"CLI-EVENTS-003", "no rule has seen an event",
     "No rule's pattern fitted it, it never came, or it is longer ago than what is kept (72 "
     "hours).",
     "Check the id; try the event with a rule's pattern by `firn events match`."},
    {"CLI-SANDBOX-001", "the sandbox did not start in the background",
     "The new process could not be made, or it ended before the org could be reached.",
     "Look into `sandbox.log` in the org folder, or run `firn sandbox up` without `--background`."},
    {"CLI-SANDBOX-002", "no sandbox runs in this folder",
     "There is no `running.json` in the org folder: the sandbox was never started, or was stopped.",
     "Start it with `firn sandbox up`, or name a running one with `--url`."},
    {"CLI-SANDBOX-003", "the sandbox refused an admin request",
     "The sandbox answered with an error; its reason stands beside it.",
     "See docs/guides/sandbox.md for what its endpoints take."},
    {"CLI-SANDBOX-004", "a file for the sandbox cannot be read",
     "The file is not there, is empty, or is neither CSV nor JSON.",
     "Give a `.csv` file with a header line and `--object`, or a JSON file."},
    {"CLI-OUTPUT-001", "the output is not whole",
     "A write to stdout failed: the disk is full, a limit of file sizes is reached, or the device "
     "broke.",
     "Make room, or send the output elsewhere, and run the command again: what was written so far "
     "ends somewhere in the middle."},
    {"CLI-RUN-001", "interrupted", "Ctrl-C or SIGTERM stopped the command.",
     "Type the command again, or the one that the message names, to go on."},
    {"CLI-RUN-002", "an error of our own", "Something happened that we thought could not.",
     "Send us the report whose path the message names; it holds no data and no secrets."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::cli
