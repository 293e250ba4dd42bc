// The fields of firn.yaml: the file itself, and what an environment may change of it.
#include "core/project/fields/daemon.h"
#include "core/project/fields/events.h"
#include "core/project/fields/lake.h"
#include "core/project/fields/object.h"
#include "core/project/fields/org.h"
#include "core/project/project.h"

namespace firn::project {
namespace fields {
namespace {

// An environment lays these over the rest: only what differs is written.
constexpr Field kOverlayAuth[] = {kAuth[0], {.name = "client_id", .help = "see orgs[].auth"},
                                  kAuth[2], kAuth[3],
                                  kAuth[4], kAuth[5],
                                  kAuth[6], kAuth[7]};

constexpr Field kOverlayOrg[] = {
    {.name = "login_url", .help = "see orgs[]"},
    {.name = "auth", .type = FieldType::kGroup, .help = "see orgs[]", .fields = kOverlayAuth},
    {.name = "api_version", .help = "see orgs[]"},
    {.name = "ca_file", .help = "see orgs[]"},
    {.name = "proxy", .help = "see orgs[]"},
    {.name = "pubsub_endpoint", .help = "see orgs[]"},
    {.name = "compression", .type = FieldType::kWord, .help = "see orgs[]", .words = kCompressions},
    {.name = "limits", .type = FieldType::kGroup, .help = "see orgs[]", .fields = kLimits},
};

constexpr Field kEnvironment[] = {
    {.name = "orgs",
     .type = FieldType::kGroupMap,
     .help = "by org id: what differs in this environment",
     .fields = kOverlayOrg},
    {.name = "lake", .type = FieldType::kGroup, .help = "see lake", .fields = kLake},
    {.name = "state", .type = FieldType::kGroup, .help = "see state", .fields = kState},
    {.name = "daemon", .type = FieldType::kGroup, .help = "see daemon", .fields = kDaemon},
};

constexpr Field kProject[] = {
    {.name = "name", .help = "name of the project", .example = "sales-lake", .required = true},
    {.name = "orgs",
     .type = FieldType::kGroupList,
     .help = "the Salesforce orgs",
     .example = "[{id: prod, ..}]",
     .required = true,
     .fields = kOrg},
    {.name = "lake", .type = FieldType::kGroup, .help = "where tables live", .fields = kLake},
    {.name = "state",
     .type = FieldType::kGroup,
     .help = "where Firn keeps its own state",
     .fields = kState},
    {.name = "objects",
     .type = FieldType::kGroupList,
     .help = "what to export and how",
     .fields = kObject},
    {.name = "schedules",
     .type = FieldType::kGroupList,
     .help = "what `firn run` does at set times",
     .fields = kSchedule},
    {.name = "events",
     .type = FieldType::kGroupList,
     .help = "what `firn run` follows: changes into tables, and events to the rules in `rules/`",
     .fields = kEvents},
    {.name = "daemon", .type = FieldType::kGroup, .help = "how `firn run` runs", .fields = kDaemon},
    {.name = "environments",
     .type = FieldType::kGroupMap,
     .help = "differences by environment, chosen with `--env` or FIRN_ENV",
     .fields = kEnvironment},
};

}  // namespace
}  // namespace fields

std::span<const config::Field> Fields() { return fields::kProject; }

}  // namespace firn::project
