// Plan: which objects and fields an export takes, how many rows they have, and how many API calls
// it will use, before anything is touched.
//
// Choosing objects costs one call (global describe); the plan costs one describe and, unless
// switched off, one count an object. Nothing is written but caches.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/project/project.h"
#include "patterns/exports/export.h"

namespace firn::exports {

struct Selection {
  std::vector<std::string> patterns;  // API names, globs, `all`
  std::string patterns_where;         // file:line:col of whoever gives them; empty: typed
  std::vector<std::string> include;   // over the project's, when not empty
  std::vector<std::string> exclude;
  std::vector<std::string> except;  // objects that are not taken, names or globs
  std::vector<std::string> gone;    // were exported once, are not offered: passed over
  std::string where;
  bool strict = false;
  bool all_rows = false;
  std::optional<ExportMode> mode;  // over the project's
  bool sweep = false;              // incremental: compare all Ids in this run
  bool refresh = false;            // incremental: read formula fields again in this run
};

// What is asked for: the selection's patterns, else the names of the project's rules.
[[nodiscard]] std::vector<std::string> PatternsOf(const project::Project& project,
                                                  const project::Org& org,
                                                  const Selection& selection);

// The objects that fit, in the order of the patterns, then of the org. Without patterns: those of
// the project's rules. Errors: BadInput EXPORT-PLAN-001 for a name that the org does not have or
// hides from this user, with the nearest; -002 when nothing fits; -003 for `where` with several
// objects; -004 for an object that cannot be queried; -005 for deleted rows in an incremental
// export, or `sweep` and `refresh` in a full one; -007 for a name that firn.yaml keeps out.
[[nodiscard]] Result<std::vector<ObjectSpec>> SelectObjects(
    const std::vector<salesforce::ObjectInfo>& offered, const project::Project& project,
    const project::Org& org, const Selection& selection);

struct PlannedObject {
  ObjectSpec spec;
  int fields = 0;
  std::vector<std::string> new_fields;       // not in the table yet
  std::vector<std::string> vanished_fields;  // in the table, no longer described: hidden or deleted
  std::vector<std::string> warnings;
  std::optional<int64_t> rows;  // COUNT(); nothing when not asked for or when it timed out
  int64_t api_calls = 0;
  int64_t blob_calls = 0;  // blobs: fetch
  bool table_exists = false;
  std::string since;  // incremental: the watermark it goes on from; empty: it is read whole
};

// An object that a pattern has chosen and that the org does not let this user read whole.
struct PlannedGap {
  std::string object;
  std::string why;
  std::string remedy;
};

struct Plan {
  std::vector<PlannedObject> objects;
  std::vector<PlannedGap> left_out;  // as the vendor documents
  std::vector<PlannedGap> missing;   // should come, and would not
  int64_t api_calls = 0;             // the whole run, without polling beyond the first minute
  int64_t bulk_jobs = 0;
  std::optional<int64_t> calls_left;  // that we may still use today
};

struct PlanOptions {
  bool count = true;
};
[[nodiscard]] Result<Plan> MakePlan(const Call& call, const ExportParts& parts,
                                    const std::vector<ObjectSpec>& specs,
                                    const PlanOptions& options);

// API calls of one object: describe, count before and after, job, first minute of polling, page
// lists and pages.
[[nodiscard]] int64_t CallsFor(std::optional<int64_t> rows, int64_t records_per_page);

[[nodiscard]] std::string PlanJson(const Plan& plan);  // without format key

}  // namespace firn::exports
