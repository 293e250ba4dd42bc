// Reconcile: what the org counted, what was received and what the committed files hold, and whether
// every difference is accounted for. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "patterns/exports/facts.h"

namespace firn::exports {

// What was found by looking again: each a sentence naming the page, file or column.
struct CheckedRows {
  std::vector<std::string> problems;
};

struct Judgement {
  Verdict verdict = Verdict::kNone;
  std::vector<std::string> findings;
};

// `exact`: the job's rows were all received, all are in the files or named as rejects, and the
// org counts the same number. `explained`: the org's count differs by rows that changed or were
// deleted inside the run, or rows were rejected with reasons. `unexplained`: anything else.
[[nodiscard]] Judgement Judge(const ObjectFacts& facts, const CheckedRows& checked);

// True when the count differs and the rows changed inside the run must be counted to explain it.
[[nodiscard]] bool NeedsChangeCounts(const ObjectFacts& facts);

// Counts that explain why the org counts other rows in a window than were read from it.
struct WindowCounts {
  std::optional<int64_t> changed_since;  // rows with a stamp past the window's end
  std::optional<int64_t> read_again;     // rows in the part that the next window reads again
};
// The same for a window: fewer rows now were changed again and left it, more rows were committed
// late and are read again where the next window overlaps this one.
[[nodiscard]] Judgement JudgeWindow(const ObjectFacts& facts, const WindowCounts& counts);

}  // namespace firn::exports
