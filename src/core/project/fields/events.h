// The fields of firn.yaml below `events`: what `firn run` follows.
// Private to the room.
#pragma once

#include "core/config/field.h"

namespace firn::project::fields {

using config::Field;
using config::FieldType;

inline constexpr std::string_view kLost[] = {"fail", "backfill"};

inline constexpr Field kEvents[] = {
    {.name = "org", .help = "id of the org; absent: the only one", .example = "prod"},
    {.name = "objects",
     .type = FieldType::kTextList,
     .help = "API names of the objects whose tables follow; absent: every table that an export "
             "has made",
     .example = "[Account, Contact]"},
    {.name = "topic",
     .help = "absent: `/data/ChangeEvents`, or the one object's own; a platform event such as "
             "`/event/Order__e` goes to the rules only",
     .example = "/data/ChangeEvents"},
    {.name = "managed",
     .help = "developer name or id of a managed subscription (ManagedEventSubscription) of that "
             "topic: the org keeps the position beside ours",
     .example = "FirnChanges"},
    {.name = "commit_every",
     .type = FieldType::kDuration,
     .help = "how long changes are collected for a snapshot",
     .default_value = "1s",
     .example = "10s",
     .min = 10,
     .max = 3'600'000},
    {.name = "events_per_commit",
     .type = FieldType::kInteger,
     .help = "a snapshot at so many events, however soon",
     .default_value = "10000",
     .example = "50000",
     .min = 1,
     .max = 1'000'000},
    {.name = "whole_transactions",
     .type = FieldType::kBool,
     .help = "never cut a transaction's changes into two snapshots of a table",
     .default_value = "false",
     .example = "true"},
    {.name = "on_lost",
     .type = FieldType::kWord,
     .help = "when the org does not accept the position any more: `fail` waits for a person, "
             "`backfill` reads over REST what changed since and goes on",
     .default_value = "fail",
     .example = "backfill",
     .words = kLost},
    {.name = "lease",
     .type = FieldType::kDuration,
     .help = "how long this process keeps its place after it dies",
     .default_value = "15s",
     .example = "30s",
     .min = 300,
     .max = 600'000},
    {.name = "account",
     .help = "AWS account that rules see in these events, twelve digits; absent: that of "
             "`AWS_ACCOUNT_ID`, else `000000000000`",
     .example = "123456789012"},
    {.name = "region",
     .help =
         "AWS region that rules see in these events; absent: the one that AWS's own tools would "
         "take, else `us-east-1`",
     .example = "eu-central-1"},
};

}  // namespace firn::project::fields
