#include "app/engine/mirrors.h"

#include <algorithm>

#include "app/engine/lake_access.h"
#include "core/base/log.h"
#include "core/base/nearest.h"
#include "core/net/client.h"
#include "core/project/project.h"
#include "ends/aws/client.h"

namespace firn::engine {
namespace {

// What a client of Glue stands on, in the order in which it goes.
struct GlueAccount {
  std::unique_ptr<net::Transport> transport;
  std::unique_ptr<aws::CredentialSource> credentials;
  std::unique_ptr<aws::AwsClient> client;
};

Result<std::unique_ptr<federation::MirrorTarget>> Glue(const project::MirrorSettings& mirror) {
  auto account = std::make_shared<GlueAccount>();
  FIRN_TRY(account->transport, net::NewHttpClient({}));
  account->credentials = aws::NewCredentialChain(*account->transport, {});
  aws::ClientParts parts;
  parts.transport = account->transport.get();
  parts.credentials = account->credentials.get();
  parts.region = mirror.glue_region;
  if (parts.region.empty()) {
    FIRN_TRY(parts.region, aws::FindRegion(parts.environment, parts.profile));
  }
  account->client = std::make_unique<aws::AwsClient>(std::move(parts));
  aws::AwsClient* client = account->client.get();
  return federation::GlueMirror(std::shared_ptr<aws::AwsClient>(std::move(account), client),
                                mirror.ns);
}

Result<std::unique_ptr<federation::MirrorTarget>> TargetOf(const Call& call,
                                                           const project::MirrorSettings& mirror,
                                                           config::SecretResolver& secrets) {
  if (!mirror.rest) return Glue(mirror);
  FIRN_TRY(const auto options, RestOptionsOf(call, *mirror.rest, secrets));
  return federation::RestMirror(call, options, mirror.ns);
}

}  // namespace

Result<std::vector<const project::MirrorSettings*>> MirrorsNamed(
    const project::Project& project, const std::vector<std::string>& names) {
  std::vector<const project::MirrorSettings*> out;
  std::vector<std::string> known;
  for (const project::MirrorSettings& mirror : project.catalogs.mirrors) {
    known.push_back(mirror.name);
    const bool wanted =
        names.empty() || std::find(names.begin(), names.end(), mirror.name) != names.end();
    if (wanted) out.push_back(&mirror);
  }
  if (known.empty())
    return Fail(Error(Kind::kNotFound, "ENGINE-MIRROR-001", "the project has no mirrors")
                    .At("firn.yaml")
                    .Hint("name the second catalog under `lake.mirrors`"));
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return Fail(Error(Kind::kNotFound, "ENGINE-MIRROR-001",
                      "there is no mirror `" + name + "`" + DidYouMean(name, known))
                    .At("firn.yaml"));
  }
  return out;
}

Result<std::vector<federation::MirrorRow>> RunMirror(const Call& call, lake::Lake& lake,
                                                     const project::MirrorSettings& mirror,
                                                     config::SecretResolver& secrets,
                                                     const RunMirrorOptions& options) {
  auto target = TargetOf(call, mirror, secrets);
  if (!target) return Fail(std::move(target).error().Doing("reaching the mirror " + mirror.name));
  federation::MirrorOptions wanted;
  wanted.dry_run = options.dry_run;
  wanted.tables = mirror.tables;
  if (!options.tables.empty()) {
    wanted.tables.clear();
    for (const std::string& table : options.tables) {
      const bool of_mirror =
          mirror.tables.empty() ||
          std::any_of(mirror.tables.begin(), mirror.tables.end(), [&](const std::string& pattern) {
            return project::GlobMatches(pattern, table);
          });
      if (of_mirror) wanted.tables.push_back(table);
    }
    if (wanted.tables.empty()) return std::vector<federation::MirrorRow>();
  }
  return federation::MirrorTables(call, lake, **target, wanted);
}

void MirrorAfterRun(const Call& call, lake::Lake& lake, const project::Project& project,
                    config::SecretResolver& secrets) {
  for (const project::MirrorSettings& mirror : project.catalogs.mirrors) {
    const auto rows = RunMirror(call, lake, mirror, secrets, {});
    if (!rows) {
      log::Warn("mirror.failed", {{"mirror", mirror.name}, {"error", rows.error().OneLine()}});
      continue;
    }
    for (const federation::MirrorRow& row : *rows) {
      if (row.error)
        log::Warn("mirror.failed", {{"mirror", mirror.name},
                                    {"table", row.table.Text()},
                                    {"error", row.error->OneLine()}});
    }
  }
}

}  // namespace firn::engine
