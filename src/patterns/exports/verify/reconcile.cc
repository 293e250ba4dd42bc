#include "patterns/exports/verify/reconcile.h"

#include <fmt/format.h>

namespace firn::exports {
namespace {

struct Findings {
  std::vector<std::string> unexplained;
  std::vector<std::string> explained;
};

// Rows on their way through this program: nothing may differ here, whatever the org does.
void CheckOwnWay(const ObjectFacts& f, Findings& found) {
  if (f.rows_reported >= 0 && f.rows_reported != f.rows_received) {
    found.unexplained.push_back(fmt::format("the job reported {} rows, {} were received",
                                            f.rows_reported, f.rows_received));
  }
  if (f.rows_received != f.rows_written + f.rows_rejected) {
    found.unexplained.push_back(fmt::format("{} rows were received, but {} written and {} rejected",
                                            f.rows_received, f.rows_written, f.rows_rejected));
  }
  if (f.rows_in_files != f.rows_written) {
    found.unexplained.push_back(fmt::format("{} rows were written, the committed files hold {}",
                                            f.rows_written, f.rows_in_files));
  }
  if (f.rows_rejected > 0) {
    found.explained.push_back(
        fmt::format("{} rows were rejected, see {}", f.rows_rejected, f.rejects_path));
  }
}

void CheckAgainstOrg(const ObjectFacts& f, Findings& found) {
  if (!f.count_after) {
    found.explained.push_back("the org's count is not available");
    return;
  }
  const int64_t difference = *f.count_after - f.rows_received;
  if (difference == 0) return;
  if (difference > 0) {
    const std::string seen =
        fmt::format("the org counts {} rows more than were received", difference);
    if (f.changed_in_run && difference <= *f.changed_in_run) {
      found.explained.push_back(
          fmt::format("{}; {} rows changed inside the run", seen, *f.changed_in_run));
    } else {
      found.unexplained.push_back(
          fmt::format("{}; rows changed inside the run: {}", seen,
                      f.changed_in_run ? fmt::to_string(*f.changed_in_run) : "not available"));
    }
    return;
  }
  const std::string seen =
      fmt::format("the org counts {} rows fewer than were received", -difference);
  if (f.deleted_in_run && -difference <= *f.deleted_in_run) {
    found.explained.push_back(
        fmt::format("{}; {} rows were deleted inside the run", seen, *f.deleted_in_run));
  } else if (!f.spec.where.empty() && f.changed_in_run && f.deleted_in_run &&
             -difference <= *f.changed_in_run + *f.deleted_in_run) {
    // A change can take a row out of the condition.
    found.explained.push_back(fmt::format("{}; {} rows changed and {} were deleted inside the run",
                                          seen, *f.changed_in_run, *f.deleted_in_run));
  } else {
    found.unexplained.push_back(
        fmt::format("{}; rows deleted inside the run: {}", seen,
                    f.deleted_in_run ? fmt::to_string(*f.deleted_in_run) : "not available"));
  }
}

void CheckWindow(const ObjectFacts& f, const WindowCounts& counts, Findings& found) {
  const MergeTotals& merged = f.incremental.merged;
  if (merged.rows_read >= 0 && f.incremental.late_rows == 0 && merged.rows_read != f.rows_written) {
    found.unexplained.push_back(fmt::format("{} rows were written for the merge, {} were read back",
                                            f.rows_written, merged.rows_read));
  }
  if (f.incremental.start == f.incremental.end) return;
  if (!f.count_after) {
    found.explained.push_back("the org's count is not available");
    return;
  }
  const int64_t difference = *f.count_after - f.rows_received;
  if (difference == 0) return;
  const bool more = difference > 0;
  const auto& reason = more ? counts.read_again : counts.changed_since;
  const int64_t rows = more ? difference : -difference;
  std::string text = fmt::format("the org now counts {} rows {} in the window than were read; ",
                                 rows, more ? "more" : "fewer");
  text += more ? "rows in the part that the next window reads again: "
               : "rows changed since the window's end: ";
  text += reason ? fmt::to_string(*reason) : "not available";
  (reason && rows <= *reason ? found.explained : found.unexplained).push_back(std::move(text));
}

Judgement Conclude(const ObjectFacts& facts, Findings found) {
  Judgement judgement;
  if (!found.unexplained.empty()) {
    judgement.verdict = Verdict::kUnexplained;
  } else if (facts.rows_rejected > 0 || NeedsChangeCounts(facts)) {
    judgement.verdict = Verdict::kExplained;
  } else {
    judgement.verdict = Verdict::kExact;
  }
  judgement.findings = std::move(found.unexplained);
  judgement.findings.insert(judgement.findings.end(), found.explained.begin(),
                            found.explained.end());
  return judgement;
}

}  // namespace

bool NeedsChangeCounts(const ObjectFacts& facts) {
  return facts.count_after.has_value() && *facts.count_after != facts.rows_received;
}

Judgement JudgeWindow(const ObjectFacts& facts, const WindowCounts& counts) {
  Findings found;
  CheckOwnWay(facts, found);
  CheckWindow(facts, counts, found);
  return Conclude(facts, std::move(found));
}

Judgement Judge(const ObjectFacts& facts, const CheckedRows& checked) {
  Findings found;
  found.unexplained = checked.problems;
  CheckOwnWay(facts, found);
  CheckAgainstOrg(facts, found);
  return Conclude(facts, std::move(found));
}

}  // namespace firn::exports
