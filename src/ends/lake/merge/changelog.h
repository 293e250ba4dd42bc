// Changelog: a table beside a mirror to which what merges changed is appended, one row a change.
//
// A log has the mirror's columns and, before them, what happened: an insert, an update with the
// names of the columns that have another value now and the values they had, a delete with the row
// as it was last; a row that was merged again as it stood is no change. Its rows are written into a
// data file before the mirror is committed, the mirror's snapshot names that file, and then the
// file is appended to the log: whoever is killed in between leaves behind what the next one appends
// before it changes anything. Commits are numbered, and a number is appended once. Changes that
// were not a merge's (a whole export, another engine) become a row `gap`: what they did has to be
// read from the mirror. Internal to lake; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/data_file.h"
#include "ends/lake/merge/merge.h"
#include "ends/lake/table.h"

namespace firn::lake {

struct MergeAttempt;
struct MergeState;

// Property of a mirror: the name of its log. Merges of whoever write it from then on.
inline constexpr const char* kChangelogProperty = "firn.changelog";
// Property of a log: its mirror.
inline constexpr const char* kChangelogOf = "firn.changelog.of";

class Changelog {
 public:
  // The log of a mirror that has one by now, or nothing, as `options` ask for it: the log is made
  // with the first merge that wants it. What a killed merge left is appended. Errors: those of
  // making and reading tables; of Settle.
  [[nodiscard]] static Result<std::optional<Changelog>> Open(const Call& call, Lake& lake,
                                                             Table& mirror,
                                                             const MergeOptions& options);

  // Appends what `mirror` says was changed and the log does not have. `file`: that file as it was
  // written, when it is at hand. Errors: those of reading and of commits; safe to call again.
  Result<void> Settle(const Call& call, const Table& mirror,
                      const std::optional<DataFile>& file = std::nullopt);

  // Writes the log's file for an attempt and notes it in the attempt. Settle has been called for
  // the state it is worked out on. Errors: of reading and writing; LAKE-SCHEMA-001 when the
  // mirror's columns became others.
  Result<void> Write(const Call& call, const MergeState& state, const MergeCommit& commit,
                     MergeAttempt& attempt);

 private:
  Changelog(Lake& lake, Table log) : lake_(&lake), log_(std::move(log)) {}
  Result<void> FollowSchema(const Call& call, const record::Schema& mirror);
  Result<DataFile> LostFile(const Call& call, int64_t number);
  Result<bool> Append(const Call& call, const DataFile& file, const std::string& mark);

  Lake* lake_;
  Table log_;
  record::Schema mirror_schema_;  // that the log was brought up to last
  int64_t settled_ = -1;          // commits up to this number are known to be in the log
};

// Appends what a killed merge left, whether `ident` is a mirror or a log; nothing for other tables.
[[nodiscard]] Result<void> SettleChangelog(const Call& call, Lake& lake, const TableIdent& ident);

}  // namespace firn::lake
