// A project folder, read and checked: the orgs, the lake, the state folder and the objects that
// `firn.yaml` names. Definitions only, no behaviour; values, free to move between threads.
//
// Nothing remote is touched and no secret is resolved here.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/config/field.h"
#include "core/config/secret_ref.h"

namespace firn::project {

enum class AuthFlow { kJwt, kClientCredentials, kRefreshToken };
[[nodiscard]] std::string_view AuthFlowName(AuthFlow flow);  // as written in firn.yaml

// How to sign in to an org; which members are filled follows from `flow`.
struct OrgAuth {
  AuthFlow flow = AuthFlow::kJwt;
  std::string client_id;
  std::string username;        // jwt
  std::string audience;        // jwt; empty: the login URL
  config::SecretRef key;       // jwt: private key, PEM
  config::SecretRef next_key;  // jwt: the key that follows while a certificate is being rotated
  config::SecretRef client_secret;  // client_credentials; refresh_token where the app asks for it
  config::SecretRef refresh_token;  // refresh_token: the first one; rotated ones live in the state
};

struct OrgLimits {
  double share = 0.8;             // of the org's daily calls and job allotments, 0 < share <= 1
  int64_t calls_per_run_max = 0;  // 0: no cap beside the share
};

struct Org {
  std::string id;         // our name for it: first part of every state key
  std::string login_url;  // https://login.salesforce.com, a My Domain, or the sandbox; no final /
  OrgAuth auth;
  std::string api_version;      // `66.0`
  std::string ca_file;          // absolute, or empty: the system's authorities
  std::string proxy;            // empty: from the environment; `none`: no proxy
  std::string pubsub_endpoint;  // `host:port`; `http://host:port` on this machine
  bool gzip = true;             // ask for result pages compressed
  OrgLimits limits;
  std::string where;  // file:line:col
};

// A REST catalog and how to sign in to it; which members are filled says how.
struct RestCatalogSettings {
  std::string uri;
  std::string warehouse;
  std::string signing_name;  // SigV4
  std::string signing_region;
  config::SecretRef token;          // a bearer token as it is
  config::SecretRef subject_token;  // exchanged for one (RFC 8693)
  std::string subject_token_type;
  config::SecretRef credential;  // `id:secret`
  std::string oauth2_server_uri;
  std::string scope;
  std::string audience;
  std::string resource;
  bool vended_credentials = true;
  std::map<std::string, std::string> headers;
  std::string ca_file;  // absolute, or empty
  std::string proxy;
  bool operator==(const RestCatalogSettings&) const = default;
};

// A second catalog in which tables are registered, without their files.
struct MirrorSettings {
  std::string name;
  std::optional<RestCatalogSettings> rest;  // nothing: AWS Glue
  std::string glue_region;                  // empty: that of the environment
  std::string ns;                           // over there; empty: the table's own
  std::vector<std::string> tables;          // `NAMESPACE.TABLE` or globs; empty: all
  std::string where;                        // file:line:col
};

struct LakeSettings {
  std::string warehouse;  // absolute path or URI; may be empty with `rest`
  std::string catalog;    // absolute path of the embedded catalog's SQLite file
  std::string ns;  // namespace of the tables; `{org}` was replaced for each org by NamespaceOf
};

// The catalogs of `lake` that are not Firn's own.
struct LakeCatalogs {
  std::optional<RestCatalogSettings> rest;  // instead of the embedded catalog
  std::vector<MirrorSettings> mirrors;
};

enum class Blobs { kLink, kFetch };
// kFull replaces the rows in one snapshot; kIncremental merges what changed since the last run.
enum class ExportMode { kFull, kIncremental };

// How objects are exported. A rule applies to the objects whose API name matches `name`; of several
// that match, the last one counts.
struct ObjectRule {
  std::string name;                  // API name or glob: `Account`, `*__c`, `all`
  std::vector<std::string> orgs;     // empty: every org
  std::vector<std::string> include;  // field names or globs; empty: all
  std::vector<std::string> exclude;  // fields, after include
  bool skip = false;                 // not exported, neither by a pattern nor by name
  std::string where;                 // SOQL condition without WHERE
  std::string table;                 // table name; empty: the object's API name
  Blobs blobs = Blobs::kLink;
  ExportMode mode = ExportMode::kFull;
  bool strict = false;           // a row that does not fit stops the run
  bool include_deleted = false;  // queryAll
  // Incremental only.
  bool soft_deletes = false;                 // rows stay, marked as deleted
  bool changelog = false;                    // what changes is appended to a table of its own
  std::chrono::milliseconds lag{0};          // a window ends so long before the org's present
  std::chrono::milliseconds overlap{0};      // and begins so long before the last one's end
  std::chrono::milliseconds sweep_every{0};  // 0: only when asked
  std::chrono::milliseconds refresh_every{0};
  std::vector<std::string> refresh_fields;  // globs, besides formula fields
  // file:line:col: of the rule, and of each name in its lists.
  std::string where_in_file;
  std::vector<std::string> include_where;
  std::vector<std::string> exclude_where;
  std::vector<std::string> refresh_where;
};

// What the daemon does at set times.
enum class JobKind { kExport, kMaintain };
[[nodiscard]] std::string_view JobKindName(JobKind kind);  // as written in firn.yaml

struct ScheduledJob {
  std::string name;  // first part of its state keys after the org
  JobKind kind = JobKind::kExport;
  std::string when;                  // `cron(..)` or `rate(..)`, not parsed here
  std::string time_zone;             // of a cron: IANA name
  std::string org;                   // kExport: id of the org; kMaintain: empty, or whose tables
  std::vector<std::string> objects;  // kExport: names or globs; empty: those of the rules
  std::optional<ExportMode> mode;    // over the rules'
  bool sweep = false;
  bool refresh = false;
  std::string where_in_file;       // of the job, file:line:col
  std::string when_where_in_file;  // of `when`
};

// How the limits of the orgs are published to CloudWatch.
enum class CloudWatchMode { kOff, kPut, kEmf };

struct DaemonSettings {
  std::string listen_address;  // empty: no HTTP listener
  uint16_t listen_port = 0;    // 0: any free one
  int64_t memory_bytes = 0;    // shared by all jobs
  int threads = 0;             // likewise
  int jobs_at_once = 0;
  std::chrono::milliseconds limits_every{0};  // 0: never
  std::chrono::milliseconds drain_within{0};  // for the pages in hand when it stops
  CloudWatchMode cloudwatch = CloudWatchMode::kOff;
  std::string cloudwatch_namespace;
};

struct Project {
  std::string folder;  // absolute
  std::string name;
  std::string environment;  // the chosen one, or empty
  std::vector<Org> orgs;
  LakeSettings lake;
  std::string state_folder;  // absolute; holds state.db
  std::vector<ObjectRule> objects;
  std::vector<ScheduledJob> schedules;
  DaemonSettings daemon;
  std::vector<std::string> environments;  // names
  LakeCatalogs catalogs;

  // By id; with an empty id the only org. Errors: NotFound (PROJECT-ORG-001) with the nearest name,
  // BadInput (PROJECT-ORG-002) when there are several and none was named.
  [[nodiscard]] Result<const Org*> FindOrg(std::string_view id) const;
  [[nodiscard]] std::string NamespaceOf(const Org& org) const;
  // The last rule that matches an object of that org; nullptr when none does.
  [[nodiscard]] const ObjectRule* RuleFor(const Org& org, std::string_view object) const;
};

struct LoadOptions {
  std::string environment;  // a name under `environments`, laid over the rest; empty: none
  config::EnvironmentLookup variables = config::ProcessEnvironment();
};

// Reads and checks `<folder>/firn.yaml`. Errors: NotFound (PROJECT-FILE-001) when there is none,
// else the first problem, BadConfig with file:line:col and, in its hint, how many more there are.
[[nodiscard]] Result<Project> Load(const std::string& folder, const LoadOptions& options = {});
// The same, with every problem in `problems` (nothing is returned when there are any).
[[nodiscard]] std::optional<Project> LoadAll(const std::string& folder, const LoadOptions& options,
                                             config::Problems* problems);

// Whether a name is a pattern for several: with `*` or `?`, or `all`.
[[nodiscard]] bool IsGlob(std::string_view name);
// True when an object or field name fits a glob (`*` and `?`; case is folded; `all` fits any).
[[nodiscard]] bool GlobMatches(std::string_view glob, std::string_view name);

// The field table of firn.yaml, for the reference pages.
[[nodiscard]] std::span<const config::Field> Fields();

}  // namespace firn::project
