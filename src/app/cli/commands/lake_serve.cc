// lake serve: the Iceberg REST catalog for other engines.
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/commands/lake_access.h"
#include "core/base/file.h"
#include "patterns/federation/server.h"

namespace firn::cli {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(200);

bool Loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

Result<federation::CatalogServerOptions> ServeOptions(Context& context) {
  federation::CatalogServerOptions options;
  FIRN_TRY(const WarehousePaths paths, WarehouseOf(context));
  options.warehouse = paths.warehouse;
  options.catalog_path = paths.catalog;
  options.allow_locations = context.List("allow-location");
  options.implicit_namespaces = context.Flag("implicit-namespaces");
  options.address = context.Text("address");
  options.port = static_cast<uint16_t>(context.Integer("port"));
  options.access_log = context.Text("access-log");
  options.body_bytes_max = static_cast<uint64_t>(context.Bytes("body-max"));
  if (context.Has("tls-cert") != context.Has("tls-key"))
    return Fail(context.UsageError("--tls-cert and --tls-key belong together"));
  if (context.Has("tls-cert")) {
    FIRN_TRY(options.certificate_pem, context.FileText("tls-cert"));
    FIRN_TRY(options.key_pem, context.FileText("tls-key"));
  }
  options.principals = context.Text("principals");
  options.vend_role = context.Text("vend-role");
  options.vend_life =
      std::chrono::duration_cast<std::chrono::seconds>(context.Duration("vend-for"));
  if (options.vend_life < std::chrono::minutes(15) || options.vend_life > std::chrono::hours(12))
    return Fail(context.UsageError("--vend-for is 15m to 12h"));
  const bool open = options.principals.empty();
  if (open && !Loopback(options.address) && !context.Flag("anyone"))
    return Fail(context.UsageError("whoever reaches " + options.address +
                                   " could read and change every table; name --principals, or "
                                   "give --anyone if that is meant"));
  // A server for this machine's users alone also takes tables in their folder for such things.
  std::error_code error;
  const auto scratch = std::filesystem::temp_directory_path(error);
  const bool on_s3 = options.warehouse.starts_with("s3");
  if (open && Loopback(options.address) && !error && !on_s3)
    options.allow_locations.push_back(scratch.string());
  return options;
}

Result<ExitCode> LakeServe(Context& context) {
  FIRN_TRY(const auto options, ServeOptions(context));
  MetricsRegistry metrics;
  FIRN_TRY(const auto server, federation::CatalogServer::Start(options, context.call(), metrics));
  if (context.Has("ready-file")) {
    const nlohmann::ordered_json facts = {
        {"url", server->url()}, {"port", server->port()}, {"pid", getpid()}};
    FIRN_CHECK(WriteFileDurably(context.Text("ready-file"), facts.dump(2) + "\n"));
  }
  context.out().Print("firn.lake.serve/1", {{"url", "catalog", server->url()},
                                            {"warehouse", "warehouse", options.warehouse},
                                            {"pid", "process", int64_t{getpid()}}});
  context.out().Flush();
  context.out().Talk("serves until Ctrl-C");
  while (context.call().Sleep(kPoll)) {
  }
  return ExitCode::kDone;
}

}  // namespace

void AddLakeServeCommand(CommandTree& tree) {
  std::vector<Option> options = WarehouseOptions();
  options.insert(
      options.end(),
      {{.name = "port",
        .value = "N",
        .help = "port to listen on; 0: any free one",
        .type = ValueType::kInteger,
        .default_value = "8181",
        .max = 65535},
       {.name = "address",
        .value = "IP",
        .help = "address to listen on",
        .default_value = "127.0.0.1"},
       {.name = "principals",
        .value = "FILE",
        .help = "who may sign in and do what (YAML); without it, everybody everything"},
       {.name = "anyone", .help = "serve other machines without sign-in"},
       {.name = "tls-cert", .value = "FILE", .help = "certificate chain (PEM): HTTPS"},
       {.name = "tls-key", .value = "FILE", .help = "its private key (PEM)"},
       {.name = "allow-location",
        .value = "DIR",
        .help = "a further folder that tables may lie in",
        .repeats = true},
       {.name = "implicit-namespaces",
        .help = "a table may be made in a namespace that is not there"},
       {.name = "body-max",
        .value = "SIZE",
        .help = "largest request that is read",
        .type = ValueType::kBytes,
        .default_value = "64MiB"},
       {.name = "vend-role",
        .value = "ARN",
        .help = "S3: give clients credentials of this role, each for its table alone"},
       {.name = "vend-for",
        .value = "TIME",
        .help = "S3: how long such credentials are good",
        .type = ValueType::kDuration,
        .default_value = "1h"},
       {.name = "access-log", .value = "FILE", .help = "gets a JSON line for every request"},
       {.name = "ready-file",
        .value = "FILE",
        .help = "written (JSON) when the catalog can be reached"}});
  tree.Add({.path = "lake serve",
            .summary = "serve the tables to every engine: an Iceberg REST catalog",
            .options = options,
            .examples = {"firn lake serve", "firn lake serve --warehouse lake --port 0"},
            .details = "Engines use the address as the URI of a REST catalog. Their commits, other "
                       "servers' and Firn's own go through the same catalog file.",
            .run = LakeServe});
}

}  // namespace firn::cli
