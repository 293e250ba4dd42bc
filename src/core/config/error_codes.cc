#include "core/config/error_codes.h"

namespace firn::config {
namespace {

constexpr ErrorCode kCodes[] = {
    {"CONFIG-FILE-001", "a configuration file is missing",
     "The file that was named, or that a project folder must hold, is not there.",
     "Check the path. `firn init` writes a commented project folder."},
    {"CONFIG-JSON-001", "a file is not valid JSON",
     "A bracket, comma or quote is missing, or the file holds something that JSON does not know, "
     "such as comments.",
     "Mend the place shown: line and column are where reading stopped."},
    {"CONFIG-KEY-001", "unknown key",
     "A key is not known where it stands: misspelt, in the wrong group, or of a newer version.",
     "Take the name that the hint offers, or look it up with `firn help config`."},
    {"CONFIG-KEY-002", "missing key", "A key without a default was left out.",
     "Add it; the hint shows an example."},
    {"CONFIG-SECRET-001", "a referenced secret is not there",
     "The environment variable or the file that the reference names does not exist here.",
     "Set the variable in the environment of `firn`, or put the file where the reference says; "
     "relative paths start at the project folder."},
    {"CONFIG-SECRET-002", "a referenced secret cannot be read",
     "The file exists, but this user may not read it, or it is larger than 1 MiB.",
     "Check the owner and the mode (0600 for the user that runs `firn`)."},
    {"CONFIG-SECRET-003", "this kind of secret reference is not known",
     "The reference names a source that this version cannot read.",
     "Use `${env:NAME}` or `${file:path}`."},
    {"CONFIG-VALUE-001", "a value of the wrong type",
     "An option takes a number, a duration, one of some words, ..., and something else was "
     "written. Types come from the option alone: quotes make text, `yes` is not `true`.",
     "Write the value as the hint shows."},
    {"CONFIG-VALUE-002", "a value outside its range",
     "The number, duration or size is smaller or larger than the option allows.",
     "Choose a value inside the range that the message names."},
    {"CONFIG-VALUE-003", "a secret written out",
     "A password, key or token stands in the file itself. Firn reads secrets only by reference, so "
     "that files can be shared and printed.",
     "Move it to a file of mode 0600 or to the environment and refer to it; replace the secret if "
     "the file was ever shared."},
    {"CONFIG-VALUE-004", "an environment variable is not set",
     "A value uses `${env:NAME}` and there is no such variable.",
     "Set it before you start `firn`."},
    {"CONFIG-YAML-001", "not valid YAML",
     "The file cannot be read as YAML (JSON is YAML too): often a tab, a missing space after a "
     "colon, or an unclosed quote.",
     "Look at the line and column named; an editor with YAML support shows the same place."},
    {"CONFIG-YAML-002", "duplicate key",
     "The same key stands twice in one group. YAML readers silently keep one of them; Firn does "
     "not guess which one you meant.",
     "Remove one of the two."},
    {"CONFIG-YAML-003", "a YAML construct that Firn refuses",
     "Tags (`!x`), merge keys (`<<`), keys that are not text, several documents in one file, or an "
     "alias inside its own anchor.",
     "Write the values out; the message names the place."},
    {"CONFIG-YAML-004", "a configuration file past its limits",
     "The file is too large, nested too deeply, or grows too much by its aliases.",
     "Split it, or remove the nesting; the limits are 4 MiB, 64 levels and 200,000 values."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::config
