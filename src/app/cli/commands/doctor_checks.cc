#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "app/cli/commands/doctor.h"
#include "app/engine/lake_access.h"
#include "core/base/file.h"
#include "ends/lake/table.h"

namespace firn::cli {
namespace {

constexpr uint64_t kDiskWarnBytes = 5ULL << 30;
constexpr uint64_t kDiskFailBytes = 500ULL << 20;
// The org refuses an assertion whose times are off by more than its life of three minutes
// (Salesforce Help, "OAuth 2.0 JWT Bearer Flow"); half of it is time to act.
constexpr int64_t kSkewFailSeconds = 150;
constexpr int64_t kSkewWarnSeconds = 30;

Finding Ok(std::string fact) { return {Health::kOk, std::move(fact), {}}; }
Finding Warned(std::string fact, std::string remedy) {
  return {Health::kWarn, std::move(fact), std::move(remedy)};
}
Finding Failed(const Error& error) {
  std::string fact = error.what();
  if (!error.why().empty()) fact += ": " + error.why();
  std::string remedy = error.hint();
  if (remedy.empty()) remedy = "`firn explain " + error.code() + "`";
  return {Health::kFail, std::move(fact), std::move(remedy)};
}
Finding Skipped(std::string why) { return {Health::kSkip, std::move(why), {}}; }

std::string Counted(size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

Finding CheckConfigFile(Examination& exam) {
  const auto project = exam.context->LoadProject();
  if (!project) {
    Finding finding = Failed(project.error());
    if (!project.error().where().empty()) finding.fact += " at " + project.error().where();
    return finding;
  }
  exam.project = *project;
  return Ok(Counted(exam.project->orgs.size(), "org") + ", " +
            Counted(exam.project->objects.size(), "object rule"));
}

// Key files that others may read are as good as published.
Finding CheckSecretFile(const config::SecretRef& ref, const std::string& folder) {
  const std::string path = ref.name.starts_with('/') ? ref.name : folder + "/" + ref.name;
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return Ok("");  // reading it tells more
  if ((info.st_mode & 077) == 0) return Ok("");
  return Warned(fmt::format("`{}` is open to other users of this machine", path),
                fmt::format("`chmod 600 {}`", path));
}

Finding CheckSecrets(Examination& exam) {
  if (exam.project == nullptr) return Skipped("needs a valid firn.yaml");
  Finding worst = Ok("");
  size_t count = 0;
  for (const project::Org& org : exam.project->orgs) {
    for (const config::SecretRef* ref :
         {&org.auth.key, &org.auth.next_key, &org.auth.client_secret, &org.auth.refresh_token}) {
      if (ref->empty()) continue;
      const auto secret = exam.context->secrets().Resolve(exam.context->call(), *ref);
      // Outside of a rotation there need be no next key.
      if (ref == &org.auth.next_key && !secret && secret.error().kind() == Kind::kNotFound)
        continue;
      ++count;
      if (!secret) return Failed(secret.error());
      if (ref->source != config::SecretRef::Source::kFile) continue;
      Finding finding = CheckSecretFile(*ref, exam.project->folder);
      if (finding.health != Health::kOk) worst = std::move(finding);
    }
  }
  if (worst.health == Health::kOk) worst.fact = Counted(count, "reference") + " can be read";
  return worst;
}

Finding CheckFolder(const std::string& folder, unsigned mode) {
  if (auto made = MakeFolders(folder, mode); !made) return Failed(made.error());
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return {Health::kFail, fmt::format("`{}` cannot be written", folder),
            fmt::format("`chown $USER {}`, or name another folder in firn.yaml", folder)};
  }
  const auto network = IsNetworkFileSystem(folder);
  if (!network) return Failed(network.error());
  if (*network) {
    return {Health::kFail, fmt::format("`{}` lies on a network file system", folder),
            "name a folder on a local disk in firn.yaml: locks and syncs are not safe there"};
  }
  return Ok(fmt::format("`{}` can be written, on a local disk", folder));
}

Finding CheckState(Examination& exam) {
  if (exam.project == nullptr) return Skipped("needs a valid firn.yaml");
  return CheckFolder(exam.project->state_folder, 0700);
}

Finding CheckLake(Examination& exam) {
  if (exam.project == nullptr) return Skipped("needs a valid firn.yaml");
  std::string warehouse = exam.project->lake.warehouse;
  if (warehouse.starts_with("file://")) warehouse = warehouse.substr(7);
  const auto& rest = exam.project->catalogs.rest;
  if (rest || warehouse.starts_with("s3://")) {
    const auto opened = engine::OpenLakeOf(exam.context->call().Within(std::chrono::seconds(30)),
                                           *exam.project, exam.context->secrets());
    if (!opened) return Failed(opened.error());
    return Ok(rest ? fmt::format("the catalog at `{}` takes our sign-in", rest->uri)
                   : fmt::format("`{}` is there", warehouse));
  }
  if (warehouse.find("://") != std::string::npos) {
    return {Health::kFail,
            fmt::format("`{}` is a kind of warehouse that is not known yet", warehouse),
            "use a folder on a local disk, or `s3://BUCKET/PREFIX`"};
  }
  return CheckFolder(warehouse, 0755);
}

Finding CheckDisk(Examination& exam) {
  if (exam.project == nullptr) return Skipped("needs a valid firn.yaml");
  const auto bytes = FreeBytes(exam.project->state_folder);
  if (!bytes) return Failed(bytes.error());
  const std::string fact =
      fmt::format("{} free for state and tables", HumanBytes(static_cast<int64_t>(*bytes)));
  const std::string remedy = "make room, or move `lake.warehouse` and `state.folder`";
  if (*bytes < kDiskFailBytes) return {Health::kFail, fact, remedy};
  if (*bytes < kDiskWarnBytes) return Warned(fact, remedy);
  return Ok(fact);
}

// One request without a session: names the versions, and its header the org's time.
Finding CheckReach(Examination& exam, OrgExamination& org) {
  const auto transport = engine::TransportFor(*org.org);
  if (!transport) return Failed(transport.error());
  net::Request request;
  request.url = org.org->login_url + "/services/data";
  const Call call = exam.context->call().Within(std::chrono::seconds(20));
  const auto response = (*transport)->Send(call, request);
  if (!response) return Failed(response.error());
  org.reached = true;
  if (const auto date = response->headers.Get("date")) org.date_header = std::string(*date);
  if (response->status != 200) {
    return {Health::kFail, fmt::format("`{}` answers, but not as Salesforce does", request.url),
            "check `login_url` and `proxy` in firn.yaml"};
  }
  const bool tls = request.url.starts_with("https://");
  return Ok(fmt::format("{}, HTTP/{}",
                        tls ? "TLS certificate verified" : "plain HTTP to this machine",
                        response->http_version));
}

Finding CheckClock(Examination& exam, OrgExamination& org) {
  if (!org.reached) return Skipped("needs a reachable org");
  const auto skew = org.date_header
                        ? salesforce::ClockSkew(*org.date_header, exam.context->call().clock->Now())
                        : std::nullopt;
  if (!skew) return Skipped("the org's answer has no date");
  const int64_t seconds = std::llabs(skew->count());
  if (seconds < 2) return Ok("in step with the org");
  const std::string fact = fmt::format("this machine is {} s {} the org", seconds,
                                       skew->count() > 0 ? "ahead of" : "behind");
  const std::string remedy = "set the clock: `timedatectl set-ntp true`";
  if (seconds >= kSkewFailSeconds) return {Health::kFail, fact, remedy};
  if (seconds >= kSkewWarnSeconds) return Warned(fact, remedy);
  return Ok(fact);
}

Finding CheckSignIn(Examination& exam, OrgExamination& org) {
  if (!org.reached) return Skipped("needs a reachable org");
  const Call call = exam.context->call().Within(std::chrono::seconds(60));
  auto link =
      engine::OrgLink::Open(call, *exam.project, *org.org, exam.context->secrets(), nullptr);
  if (!link) return Failed(link.error());
  org.link = *std::move(link);
  const auto session = org.link->org().CurrentSession(call);
  if (!session) return Failed(session.error());
  if (session->served_by == "next key") {
    return Warned("signed in by the next key: the org no longer takes the current one",
                  "make `next_key` the `key` in firn.yaml");
  }
  return Ok(fmt::format("signed in by {} to org {}", session->served_by, session->org_id));
}

Finding CheckApiVersion(Examination& /*exam*/, OrgExamination& org) {
  if (org.link == nullptr) return Skipped("needs a sign-in");
  const auto& version = org.link->org().version();
  const std::string newest = version.offered.empty() ? "?" : version.offered.back().version;
  std::string fact = fmt::format("{} pinned, {} is the newest", version.pinned, newest);
  if (!version.is_offered) {
    return {Health::kFail, fact + "; the org does not offer the pinned one",
            fmt::format("set `api_version: \"{}\"` in firn.yaml", newest)};
  }
  if (version.older_than_three_years) {
    return Warned(fact + "; older than three years: it may be retired",
                  fmt::format("try `api_version: \"{}\"` in firn.yaml", newest));
  }
  return Ok(std::move(fact));
}

Finding CheckHeadroom(Examination& exam, OrgExamination& org) {
  if (org.link == nullptr) return Skipped("needs a sign-in");
  const auto view = org.link->org().budget().View(exam.context->call());
  if (!view) return Failed(view.error());
  if (!view->known || view->calls_max == 0) return Skipped("the org names no daily limit");
  const int64_t left = view->calls_share - view->calls_used;
  const std::string fact =
      fmt::format("{} of {} calls used, {} left of our share", HumanCount(view->calls_used),
                  HumanCount(view->calls_max), HumanCount(left > 0 ? left : 0));
  if (left <= 0) {
    return {Health::kFail, fact,
            "wait until calls of the last 24 hours fall away, or raise `limits.share`"};
  }
  if (left < view->calls_share / 5) return Warned(fact, "`firn org limits` shows who is close");
  return Ok(fact);
}

}  // namespace

std::string_view HealthName(Health health) {
  switch (health) {
    case Health::kOk:
      return "ok";
    case Health::kWarn:
      return "warn";
    case Health::kFail:
      return "fail";
    case Health::kSkip:
      break;
  }
  return "skip";
}

std::vector<ProjectCheck> ProjectChecks() {
  return {{"config", "firn.yaml is valid", CheckConfigFile},
          {"secrets", "referenced secrets can be read and are private", CheckSecrets},
          {"state", "the state folder can be written and is local", CheckState},
          {"aws", "the credentials for AWS are good", CheckAwsIdentity},
          {"lake", "the warehouse can be written", CheckLake},
          {"bucket", "the warehouse's bucket encrypts", CheckBucketEncryption},
          {"disk", "there is room on the disk", CheckDisk}};
}

std::vector<OrgCheck> OrgChecks() {
  return {{"reach", "the org answers, and its TLS certificate holds", CheckReach},
          {"clock", "this machine's clock agrees with the org's", CheckClock},
          {"sign-in", "the org lets us in", CheckSignIn},
          {"api-version", "the pinned API version is offered and not old", CheckApiVersion},
          {"limits", "there are API calls left", CheckHeadroom},
          {"pubsub", "the Pub/Sub API can be reached, for change events", CheckPubSub}};
}

}  // namespace firn::cli
