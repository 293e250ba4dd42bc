#include "core/project/error_codes.h"

namespace firn::project {
namespace {

constexpr ErrorCode kCodes[] = {
    {"PROJECT-LAKE-001", "the catalogs of the lake are not described so that they can be used",
     "An address is missing or malformed, two ways to sign in or two catalogs are named at once, "
     "or a mirror is in none or in two catalogs.",
     "Correct the key that the message names; `firn help config` shows an example of each."},
    {"PROJECT-FILE-001", "there is no project here", "The folder holds no `firn.yaml`.",
     "Go to the project folder, name it with `--project DIR`, or make one with `firn init DIR`."},
    {"PROJECT-PATH-001", "a path that only a shell would understand",
     "It begins with `~`, which stands for the home folder in a shell and for nothing here.",
     "Write the path out, or begin it with `${env:HOME}`."},
    {"PROJECT-NAME-001", "a name that cannot be used",
     "Org ids, environment names and namespaces become parts of state keys and paths: lower-case "
     "letters, digits, `-` and `_`, starting with a letter.",
     "Rename it."},
    {"PROJECT-NAME-002", "the same name twice",
     "Two orgs share an id, or two rules are alike in name and orgs.", "Rename or merge them."},
    {"PROJECT-ORG-001", "an org that the project does not have",
     "`--org`, `FIRN_ORG`, an environment or an object rule names an org that stands in no `orgs` "
     "entry.",
     "Run `firn org list` to see the ids; the hint names the nearest."},
    {"PROJECT-ORG-002", "several orgs, and none was named",
     "The project has more than one org and the command needs one.",
     "Name it with `--org ID` or FIRN_ORG."},
    {"PROJECT-ENV-001", "an environment that the project does not have",
     "`--env` or `FIRN_ENV` names an environment that `firn.yaml` does not define.",
     "Take one of the names that the hint lists."},
    {"PROJECT-AUTH-001", "sign-in settings that do not fit the flow",
     "A key that the sign-in flow needs is missing, or one of another flow is set.",
     "Write what the flow takes. jwt: client_id, username, key, next_key. client_credentials: "
     "client_id, client_secret. refresh_token: client_id, refresh_token and, if the app asks for "
     "it, client_secret."},
    {"PROJECT-URL-001", "a login URL that cannot be used",
     "It must be `https://host`, without a path; plain `http://` is taken only for this machine.",
     "Use https://login.salesforce.com, https://test.salesforce.com or the My Domain address."},
    {"PROJECT-VERSION-001", "an API version that is none",
     "It is written as a number with one digit after the point, as `66.0`, from 30.0 on.",
     "Take one that the org offers: `firn org show` lists them."},
    {"PROJECT-OBJECT-001", "an object name or pattern that cannot match",
     "API names have letters, digits and `_`; patterns also `*` and `?`.",
     "Write the API name (`Account`, `Invoice__c`), a pattern (`*__c`) or `all`."},
    {"PROJECT-OBJECT-002", "an object's rule asks for two things that exclude each other",
     "`include_deleted` keeps the recycle bin's records as rows like others; an incremental export "
     "takes them as deletes. `skip: true` keeps the objects out, so that nothing else can be said "
     "of them.",
     "Remove `include_deleted`, and write `deletes: soft` to keep deleted records' rows; or remove "
     "`skip`."},
    {"PROJECT-RULE-001", "a rule's event pattern is not valid",
     "The pattern is no JSON, or breaks a rule of EventBridge's pattern language at the place "
     "shown. Other rules run.",
     "Compare it with EventBridge's page on comparison operators; try it with `firn events "
     "match`."},
    {"PROJECT-RULE-002", "a rule's target cannot be used",
     "Its Arn is malformed or of a service that Firn has no target for, or it has parameters of "
     "another kind of target. Other rules run.",
     "Write an ARN, `firn:api-destination/NAME`, `firn:kafka/CLUSTER`, `firn:lake/TABLE`, "
     "`firn:platform-event/NAME__e` or `firn:command/NAME`."},
    {"PROJECT-RULE-003", "a target's input is not valid",
     "Input is no JSON, a path is malformed, an InputTemplate does not make JSON, or several of "
     "Input, InputPath and InputTransformer are there.",
     "Mend the place shown; EventBridge's page on input transformation has examples."},
    {"PROJECT-RULE-004", "a name that cannot be taken",
     "A rule, target or destination has a name with other letters than EventBridge allows, or one "
     "that stands twice.",
     "Use 1 to 64 letters, digits, `.`, `-` and `_`; give each its own name."},
    {"PROJECT-DESTINATION-001", "an API destination cannot be used",
     "Its endpoint is no HTTPS URL, or its authorization lacks what its kind needs.",
     "Write it in the words of CreateApiDestination and CreateConnection; secrets by reference."},
    {"PROJECT-KAFKA-001", "a Kafka cluster cannot be used",
     "Its file names no broker, lacks what its SecurityProtocol needs, or has settings that this "
     "protocol does not take.",
     "Mend the place shown; `firn help config` lists the settings. Secrets stand there by "
     "reference."},
    {"PROJECT-JOB-001", "a job's key that does not fit its kind",
     "A `maintain` job looks at tables as they are; objects, modes and sweeps belong to exports.",
     "Remove the key, or make the job an `export`."},
    {"PROJECT-LISTEN-001", "an address that cannot be listened at",
     "`daemon.listen` or `daemon.catalog.listen` is an address and a port with a colon between "
     "them, or `none`.",
     "Write `127.0.0.1:9464`, `[::1]:9464`, or `none`."},
    {"PROJECT-EVENTS-001", "a topic that is none",
     "An entry of `events` names something that neither begins with `/data/` (changes) nor with "
     "`/event/` (platform events).",
     "Write `/data/ChangeEvents`, `/data/AccountChangeEvent` or `/event/NAME__e`."},
    {"PROJECT-EVENTS-002", "a platform event with objects",
     "`objects` names tables that follow changes; a platform event tells of no record.",
     "Remove `objects`; a rule may send the event into a table (`firn:lake/TABLE`)."},
    {"PROJECT-EVENTS-003", "a topic that is followed twice",
     "Two entries of `events` name one topic of one org. Every delivery is billed.",
     "Make one entry of them."},
    {"PROJECT-EVENTS-004", "two topics for one table",
     "A table takes each change once because one topic feeds it; here two would.",
     "Give each entry `objects` of its own, or follow `/data/ChangeEvents` alone."},
    {"PROJECT-EVENTS-005", "a name that no managed subscription has",
     "`managed` is the developer name (letters, digits, `_`) or the id of a "
     "ManagedEventSubscription.",
     "Look it up in Setup > Managed Event Subscriptions."},
    {"PROJECT-EVENTS-006", "no AWS account or region",
     "`account` or `region` of an entry in `events` cannot be one: rules that look at them would "
     "never fit.",
     "Write the twelve digits of the account, a region such as `eu-central-1`, or leave them out: "
     "then the environment tells them."},
    {"PROJECT-CATALOG-001", "half of what TLS needs",
     "`daemon.catalog` names a certificate without its key, or a key without its certificate.",
     "Name both, or neither."},
    {"PROJECT-CATALOG-002", "a catalog open to everybody",
     "`daemon.catalog.listen` is reached from other machines and nobody has to sign in.",
     "Name `principals`, listen at `127.0.0.1`, or write `anyone: true` if that is meant."},
    {"PROJECT-OTLP-001", "an OpenTelemetry collector that cannot be told",
     "`daemon.otlp` has no address that can be used, or a header that cannot be sent.",
     "Write `endpoint: http://127.0.0.1:4318`; what signs in goes into `secret_headers`."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::project
