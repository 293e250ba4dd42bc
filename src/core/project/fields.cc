
#include "core/project/project.h"

namespace firn::project {
namespace {

using config::Field;
using config::FieldType;

constexpr std::string_view kFlows[] = {"jwt", "client_credentials", "refresh_token"};
constexpr std::string_view kBlobs[] = {"link", "fetch"};
constexpr std::string_view kModes[] = {"full", "incremental"};
constexpr std::string_view kDeletes[] = {"hard", "soft"};
constexpr std::string_view kCompressions[] = {"gzip", "none"};

constexpr Field kAuth[] = {
    {.name = "flow",
     .type = FieldType::kWord,
     .help = "how Firn signs in",
     .default_value = "jwt",
     .example = "jwt",
     .words = kFlows},
    {.name = "client_id",
     .help = "consumer key of the connected or external client app",
     .example = "${env:FIRN_CLIENT_ID}",
     .required = true},
    {.name = "username",
     .help = "jwt: the user whose rights the session has",
     .example = "etl@example.com"},
    {.name = "audience",
     .help = "jwt: `aud` of the assertion, if it is not the login URL",
     .example = "https://login.salesforce.com"},
    {.name = "key",
     .type = FieldType::kSecret,
     .help = "jwt: private key (PEM) of the certificate that the app knows",
     .example = "${file:keys/prod.pem}"},
    {.name = "next_key",
     .type = FieldType::kSecret,
     .help = "jwt: the key that is tried when the org refuses the first, while a certificate is "
             "being rotated",
     .example = "${file:keys/prod-next.pem}"},
    {.name = "client_secret",
     .type = FieldType::kSecret,
     .help = "client_credentials, and refresh_token where the app asks for it",
     .example = "${env:FIRN_CLIENT_SECRET}"},
    {.name = "refresh_token",
     .type = FieldType::kSecret,
     .help = "refresh_token: the first one; rotated ones are kept in the state folder",
     .example = "${env:FIRN_REFRESH_TOKEN}"},
};

constexpr Field kLimits[] = {
    {.name = "share",
     .type = FieldType::kNumber,
     .help = "how much of the org's daily calls and job allotments may be used up by everybody "
             "before Firn stops",
     .unit = "of the day's allotment",
     .default_value = "0.8",
     .example = "0.5",
     .min = 0.01,
     .max = 1},
    {.name = "per_run_cap",
     .type = FieldType::kInteger,
     .help = "API calls that one run may make; 0: no cap beside the share",
     .unit = "calls",
     .default_value = "0",
     .example = "5000",
     .min = 0,
     .max = 1e9},
};

constexpr Field kOrg[] = {
    {.name = "id",
     .help = "your name for the org: first part of every state key, so never change it",
     .example = "prod",
     .required = true},
    {.name = "login_url",
     .help = "where to sign in: login.salesforce.com, test.salesforce.com, the My Domain, or the "
             "sandbox",
     .example = "https://example.my.salesforce.com",
     .required = true},
    {.name = "auth",
     .type = FieldType::kGroup,
     .help = "how to sign in",
     .example = "{flow: jwt, ..}",
     .required = true,
     .fields = kAuth},
    {.name = "api_version",
     .help = "pinned version of the APIs; changing it is a decision, not an accident",
     .default_value = "66.0",
     .example = "66.0"},
    {.name = "ca_file",
     .help = "PEM file of the authorities to trust instead of the system's",
     .example = "ca.pem"},
    {.name = "proxy",
     .help = "HTTP proxy; absent: HTTPS_PROXY and NO_PROXY count; `none`: no proxy",
     .example = "http://proxy.example.com:3128"},
    {.name = "pubsub_endpoint",
     .help = "`host:port` of the Pub/Sub API; `http://127.0.0.1:PORT` for a sandbox",
     .default_value = "api.pubsub.salesforce.com:7443",
     .example = "api.deu.pubsub.salesforce.com:7443"},
    {.name = "compression",
     .type = FieldType::kWord,
     .help =
         "how result pages travel: `gzip`, or `none` where the network is faster than inflating",
     .default_value = "gzip",
     .example = "none",
     .words = kCompressions},
    {.name = "limits",
     .type = FieldType::kGroup,
     .help = "how much of the org's allotments Firn may use",
     .fields = kLimits},
};

constexpr Field kLake[] = {
    {.name = "warehouse",
     .help = "folder or URI under which tables are stored",
     .default_value = "lake",
     .example = "lake"},
    {.name = "catalog",
     .help = "SQLite file of the embedded catalog; absent: `catalog.db` in the warehouse",
     .example = "lake/catalog.db"},
    {.name = "namespace",
     .help = "namespace of the tables; `{org}` stands for the org's id",
     .default_value = "salesforce",
     .example = "sf_{org}"},
};

constexpr Field kState[] = {
    {.name = "folder",
     .help = "folder of state.db, rejects and downloads; on a local disk",
     .default_value = ".firn",
     .example = ".firn"},
};

constexpr Field kObject[] = {
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
     .help = "fields to leave out of what is included",
     .example = "[Description]"},
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
    {.name = "environments",
     .type = FieldType::kGroupMap,
     .help = "differences by environment, chosen with `--env` or FIRN_ENV",
     .fields = kEnvironment},
};

}  // namespace

std::span<const config::Field> Fields() { return kProject; }

}  // namespace firn::project
