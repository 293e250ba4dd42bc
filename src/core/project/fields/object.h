// The fields of firn.yaml below `objects` and `schedules`: what is exported, how, and when.
// Private to the room.
#pragma once

#include "core/config/field.h"

namespace firn::project::fields {

using config::Field;
using config::FieldType;

inline constexpr std::string_view kBlobs[] = {"link", "fetch"};
inline constexpr std::string_view kModes[] = {"full", "incremental"};
inline constexpr std::string_view kDeletes[] = {"hard", "soft"};
inline constexpr std::string_view kJobs[] = {"export", "maintain"};

inline constexpr Field kObject[] = {
    {.name = "name",
     .help = "API name, pattern (`*__c`) or `all`; of several rules that match, the last counts",
     .example = "Account",
     .required = true},
    {.name = "orgs",
     .type = FieldType::kTextList,
     .help = "ids of the orgs the rule is for; absent: all",
     .example = "[prod]"},
    {.name = "include",
     .type = FieldType::kTextList,
     .help = "fields to export, names or patterns; absent: all",
     .example = "[Id, Name, \"*__c\"]"},
    {.name = "exclude",
     .type = FieldType::kTextList,
     .help = "fields to leave out of what is included; a name that no object of the rule has or "
             "ever had is refused, a pattern may fit nothing",
     .example = "[Description]"},
    {.name = "skip",
     .type = FieldType::kBool,
     .help = "keep these objects out of every export: patterns and `all` pass them over, and they "
             "are refused when they are named",
     .default_value = "false",
     .example = "true"},
    {.name = "where",
     .help = "SOQL condition, without the word WHERE",
     .example = "CreatedDate > 2020-01-01T00:00:00Z"},
    {.name = "table",
     .help = "name of the table; absent: the object's API name",
     .example = "accounts"},
    {.name = "blobs",
     .type = FieldType::kWord,
     .help =
         "binary fields: `link` keeps address and length, `fetch` the bytes (one API call each)",
     .default_value = "link",
     .example = "fetch",
     .words = kBlobs},
    {.name = "mode",
     .type = FieldType::kWord,
     .help = "`full`: each run replaces the rows in one snapshot; `incremental`: it merges what "
             "changed since the last one",
     .default_value = "full",
     .example = "incremental",
     .words = kModes},
    {.name = "strict",
     .type = FieldType::kBool,
     .help = "a value that does not fit its described type stops the run instead of going to the "
             "rejects",
     .default_value = "false",
     .example = "true"},
    {.name = "include_deleted",
     .type = FieldType::kBool,
     .help = "also rows in the recycle bin (queryAll); not with `mode: incremental`",
     .default_value = "false",
     .example = "true"},
    {.name = "deletes",
     .type = FieldType::kWord,
     .help = "incremental: what becomes of a deleted record's row: `hard` takes it away, `soft` "
             "sets `__deleted` and `__deleted_at`",
     .default_value = "hard",
     .example = "soft",
     .words = kDeletes},
    {.name = "changelog",
     .type = FieldType::kBool,
     .help = "windows and event streams: each change is also appended to `<table>__changelog`, one "
             "row a "
             "change",
     .default_value = "false",
     .example = "true"},
    {.name = "lag",
     .type = FieldType::kDuration,
     .help = "incremental: how long before the org's present a window ends, for records that "
             "commit late",
     .default_value = "60s",
     .example = "2m",
     .min = 0,
     .max = 86'400'000},
    {.name = "overlap",
     .type = FieldType::kDuration,
     .help = "incremental: how far a window reaches back behind the end of the last one",
     .default_value = "10m",
     .example = "1h",
     .min = 0,
     .max = 2'592'000'000},
    {.name = "sweep",
     .type = FieldType::kDuration,
     .help = "incremental: how often all Ids are compared, which finds hard deletes; absent: only "
             "with `--sweep`",
     .example = "24h",
     .min = 60'000,
     .max = 31'536'000'000},
    {.name = "refresh",
     .type = FieldType::kDuration,
     .help = "incremental: how often formula fields, whose changes move no stamp, are read again; "
             "absent: only with `--refresh`",
     .example = "24h",
     .min = 60'000,
     .max = 31'536'000'000},
    {.name = "refresh_fields",
     .type = FieldType::kTextList,
     .help = "incremental: more fields that change silently, names or patterns",
     .example = "[Status]"},
};

inline constexpr Field kSchedule[] = {
    {.name = "name",
     .help = "your name for the job: part of its state keys, so keep it",
     .example = "changes",
     .required = true},
    {.name = "job",
     .type = FieldType::kWord,
     .help = "`export` copies objects, `maintain` compacts tables and expires snapshots",
     .default_value = "export",
     .example = "maintain",
     .words = kJobs},
    {.name = "when",
     .help = "`rate(5 minutes)`, or `cron(minutes hours day-of-month month day-of-week year)` as "
             "EventBridge has it",
     .example = "cron(0 3 * * ? *)",
     .required = true},
    {.name = "time_zone",
     .help = "of a cron: the IANA name whose wall clock counts",
     .default_value = "UTC",
     .example = "Europe/Berlin"},
    {.name = "org",
     .help = "id of the org; absent: the only one; maintain: absent: all tables",
     .example = "prod"},
    {.name = "objects",
     .type = FieldType::kTextList,
     .help = "export: names or patterns; absent: those of `objects`",
     .example = "[Account, Contact]"},
    {.name = "mode",
     .type = FieldType::kWord,
     .help = "export: over what `objects` says",
     .example = "incremental",
     .words = kModes},
    {.name = "sweep",
     .type = FieldType::kBool,
     .help = "export: compare all Ids, which finds hard deletes",
     .default_value = "false",
     .example = "true"},
    {.name = "refresh",
     .type = FieldType::kBool,
     .help = "export: read formula fields again",
     .default_value = "false",
     .example = "true"},
};

}  // namespace firn::project::fields
