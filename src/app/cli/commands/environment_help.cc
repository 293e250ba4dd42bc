// Variables that `${env:NAME}` names in a project's files are the project's own and not listed. The
// house rules hold this list against what the sources read.
#include "app/cli/commands/environment_help.h"

#include "app/cli/output/ink.h"

namespace firn::cli {
namespace {

struct Variable {
  std::string_view name;
  std::string_view meaning;
};

constexpr Variable kVariables[] = {
    {"FIRN_PROJECT", "project folder, as --project"},
    {"FIRN_ENV", "environment of the project, as --env"},
    {"FIRN_ORG", "org of the project, as --org"},
    {"FIRN_NO_PROGRESS", "any text: no progress lines"},
    {"FIRN_FAULT_POINT",
     "tests: NAME[:N] of `firn debug faultpoints` at whose N-th passage to end"},
    {"FIRN_FAULT_ACTION", "tests: how, by `kill` or `disk-full` [kill]"},
    {"NO_COLOR", "any text: no colours"},
    {"CLICOLOR_FORCE", "colours also where stdout is no terminal, unless 0"},
    {"TERM", "`dumb`: no colours"},
    {"COLUMNS", "width of the terminal"},
    {"TMPDIR", "where the script of `firn lake sql` lies while it runs [/tmp]"},
    {"PATH", "where `duckdb` and `spark-sql` are looked for"},
    {"TZDIR", "folder of the time zones of schedules [/usr/share/zoneinfo]"},
    {"HTTPS_PROXY", "proxy of all connections but those whose `proxy` says otherwise"},
    {"NO_PROXY", "hosts that are reached without it"},
    {"HOME", "where `.aws/config`, `.aws/credentials` and `.aws/sso/cache` lie"},
    {"AWS_ACCESS_KEY_ID", "AWS: credentials, with the next two"},
    {"AWS_SECRET_ACCESS_KEY", "AWS: the secret of that key"},
    {"AWS_SESSION_TOKEN", "AWS: the token of temporary credentials"},
    {"AWS_PROFILE", "AWS: profile of the configuration files"},
    {"AWS_CONFIG_FILE", "AWS: instead of ~/.aws/config"},
    {"AWS_SHARED_CREDENTIALS_FILE", "AWS: instead of ~/.aws/credentials"},
    {"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS: token of an identity provider, for AWS_ROLE_ARN"},
    {"AWS_ROLE_ARN", "AWS: the role that the token is for"},
    {"AWS_ROLE_SESSION_NAME", "AWS: name of that session [firn]"},
    {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS: credentials of an ECS task"},
    {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS: credentials of an EKS pod or another container"},
    {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS: what is shown to that address"},
    {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS: the same in a file"},
    {"AWS_EC2_METADATA_DISABLED", "AWS: `true`: do not ask the instance for credentials"},
    {"AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS: where the instance is asked"},
    {"AWS_REGION", "AWS: region, before that of the profile"},
    {"AWS_DEFAULT_REGION", "AWS: region, where AWS_REGION is not set"},
    {"AWS_ACCOUNT_ID", "AWS: account that rules see in events"},
    {"AWS_ENDPOINT_URL", "AWS: address of all services"},
    {"AWS_ENDPOINT_URL_SERVICE",
     "AWS: address of one service: AWS_ENDPOINT_URL_S3, _SQS, _STS, .."},
    {"OTEL_SDK_DISABLED", "`firn run`: `true`: nothing goes to a collector"},
    {"OTEL_EXPORTER_OTLP_ENDPOINT",
     "`firn run`: collector, where firn.yaml names none; this and the next"
     " eight also for one signal: OTEL_EXPORTER_OTLP_TRACES_.., _METRICS_.."},
    {"OTEL_EXPORTER_OTLP_PROTOCOL", "`firn run`: `http/protobuf` or `grpc`"},
    {"OTEL_EXPORTER_OTLP_HEADERS", "`firn run`: `key=value` pairs with commas between"},
    {"OTEL_EXPORTER_OTLP_COMPRESSION", "`firn run`: `gzip` or `none`"},
    {"OTEL_EXPORTER_OTLP_TIMEOUT", "`firn run`: milliseconds of one request"},
    {"OTEL_EXPORTER_OTLP_CERTIFICATE", "`firn run`: PEM file of the authorities to trust"},
    {"OTEL_EXPORTER_OTLP_INSECURE",
     "`firn run`: `true`: gRPC in clear where the address has no scheme"},
    {"OTEL_EXPORTER_OTLP_CLIENT_KEY", "not offered: a warning says so"},
    {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "not offered: a warning says so"},
    {"OTEL_TRACES_EXPORTER", "`firn run`: `otlp` or `none`"},
    {"OTEL_METRICS_EXPORTER", "`firn run`: `otlp` or `none`"},
    {"OTEL_TRACES_SAMPLER", "`firn run`: which traces are kept"},
    {"OTEL_TRACES_SAMPLER_ARG", "`firn run`: share of the traces that are kept"},
    {"OTEL_SERVICE_NAME", "`firn run`: name of the service"},
    {"OTEL_RESOURCE_ATTRIBUTES", "`firn run`: `key=value` pairs about the service"},
    {"OTEL_METRIC_EXPORT_INTERVAL", "`firn run`: milliseconds between two sendings of metrics"},
    {"OTEL_BSP_SCHEDULE_DELAY", "`firn run`: milliseconds that spans wait for others"},
    {"OTEL_BSP_MAX_QUEUE_SIZE", "`firn run`: spans that wait at most"},
    {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "`firn run`: spans of one request at most"},
    {"NOTIFY_SOCKET", "`firn run`: where systemd is told of the state"},
    {"WATCHDOG_USEC", "`firn run`: how soon systemd wants a sign of life"},
};

}  // namespace

void PrintEnvironment(Context& context) {
  Table table{.format = "firn.environment/1",
              .columns = {{.key = "name", .title = "variable", .ink = Ink::kName},
                          {.key = "meaning", .title = "meaning", .shrink = true}},
              .rows = {},
              .when_empty = {}};
  for (const Variable& variable : kVariables) {
    table.rows.push_back({std::string(variable.name), std::string(variable.meaning)});
  }
  context.out().Print(table);
}

}  // namespace firn::cli
