#include "core/project/project.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/file.h"
#include "core/base/nearest.h"
#include "core/project/daemon_settings.h"
#include "core/project/lake_settings.h"
#include "core/record/glob.h"

namespace firn::project {
namespace {

using config::Group;
using config::Problems;

constexpr std::string_view kFile = "firn.yaml";
constexpr uint64_t kFileBytesMax = 8U << 20;  // the parser has a lower limit and a better message
constexpr double kOldestVersion = 30.0;

void Add(Problems* problems, std::string_view code, std::string what, std::string where,
         std::string hint = {}) {
  problems->push_back(
      Error(Kind::kBadConfig, code, std::move(what)).At(std::move(where)).Hint(std::move(hint)));
}

// `~` is the shell's: here it would be a folder of that name.
void CheckPath(const Group& group, std::string_view name, Problems* problems) {
  const std::string& path = group.Text(name);
  if (path != "~" && !path.starts_with("~/")) return;
  Add(problems, "PROJECT-PATH-001", "`" + path + "` begins with `~`, which only a shell reads",
      group.Where(name), "write `${env:HOME}" + path.substr(1) + "`, or the whole path");
}

bool IsName(std::string_view text) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  if (text.empty() || text.size() > 64 || !letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool IsApiPattern(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '*' || c == '?';
  });
}

// Paths start at the project folder; URIs stay.
std::string Absolute(const std::string& folder, const std::string& path) {
  if (path.empty() || path.find("://") != std::string::npos) return path;
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

// An environment's value over the base's: maps key by key, everything else replaces.
void Overlay(config::Node* base, const config::Node& over) {
  if (over.type != config::Node::Type::kMap || base->type != config::Node::Type::kMap) {
    *base = over;
    return;
  }
  for (const config::Entry& entry : over.entries) {
    if (config::Node* below = base->Find(entry.key)) {
      Overlay(below, entry.value);
    } else {
      base->entries.push_back(entry);
    }
  }
}

std::string IdOf(const config::Node& org) {
  const config::Node* id = org.Find("id");
  return id == nullptr ? "" : id->text;
}

// `orgs` is a list in the file and a map by id in an environment.
void OverlayOrgs(config::Document* document, const config::Node& over, Problems* problems) {
  config::Node* orgs = document->root.Find("orgs");
  if (orgs == nullptr) return;
  std::vector<std::string> ids;
  for (const config::Node& org : orgs->items) ids.push_back(IdOf(org));
  for (const config::Entry& entry : over.entries) {
    const auto found = std::find(ids.begin(), ids.end(), entry.key);
    if (found == ids.end()) {
      const auto near = Nearest(entry.key, ids);
      Add(problems, "PROJECT-ORG-001", "no org has the id `" + entry.key + "`",
          document->Where(entry.key_mark), near ? "did you mean `" + *near + "`?" : "");
      continue;
    }
    Overlay(&orgs->items[static_cast<size_t>(found - ids.begin())], entry.value);
  }
}

void OverlayEnvironment(config::Document* document, const std::string& name, Problems* problems) {
  const config::Node* all = document->root.Find("environments");
  const config::Node* found = all == nullptr ? nullptr : all->Find(name);
  if (found == nullptr) {
    std::string known;
    if (all != nullptr) {
      for (const config::Entry& entry : all->entries) known += " `" + entry.key + "`";
    }
    Add(problems, "PROJECT-ENV-001", "there is no environment `" + name + "`", document->file,
        known.empty() ? "the project defines none" : "known environments:" + known);
    return;
  }
  const config::Node overlay = *found;  // the tree below changes
  for (const config::Entry& entry : overlay.entries) {
    if (entry.key == "orgs") {
      OverlayOrgs(document, entry.value, problems);
    } else if (config::Node* base = document->root.Find(entry.key)) {
      Overlay(base, entry.value);
    } else {
      document->root.entries.push_back(entry);
    }
  }
}

// `https://host[:port]`, a slash at the end cut off; empty when it is not one.
std::string LoginUrl(const std::string& text) {
  std::string url = text;
  while (url.ends_with('/')) url.pop_back();
  const bool https = url.starts_with("https://");
  if (!https && !url.starts_with("http://")) return "";
  const std::string rest = url.substr(https ? 8 : 7);
  if (rest.empty() || rest.find_first_of("/?#@ ") != std::string::npos) return "";
  const std::string host =
      rest.starts_with('[') ? rest.substr(0, rest.find(']') + 1) : rest.substr(0, rest.find(':'));
  const bool local = host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
                     host.starts_with("127.");
  return https || local ? url : "";
}

bool IsApiVersion(const std::string& text) {
  const size_t point = text.find('.');
  if (point == std::string::npos || point == 0 || text.substr(point) != ".0") return false;
  if (!std::all_of(text.begin(), text.begin() + static_cast<long>(point),
                   [](char c) { return c >= '0' && c <= '9'; })) {
    return false;
  }
  return point <= 3 && std::stod(text) >= kOldestVersion;
}

AuthFlow FlowOf(const std::string& word) {
  if (word == "client_credentials") return AuthFlow::kClientCredentials;
  return word == "refresh_token" ? AuthFlow::kRefreshToken : AuthFlow::kJwt;
}

// Which keys each flow needs (`!`) and takes.
void CheckAuthKeys(const Group& auth, AuthFlow flow, Problems* problems) {
  struct Rule {
    std::string_view key;
    std::string_view jwt, credentials, refresh;
  };
  static constexpr Rule kRules[] = {
      {"username", "!", "", ""}, {"audience", "?", "", ""},       {"key", "!", "", ""},
      {"next_key", "?", "", ""}, {"client_secret", "", "!", "?"}, {"refresh_token", "", "", "!"},
  };
  const std::string name(AuthFlowName(flow));
  for (const Rule& rule : kRules) {
    const std::string_view need = flow == AuthFlow::kJwt                 ? rule.jwt
                                  : flow == AuthFlow::kClientCredentials ? rule.credentials
                                                                         : rule.refresh;
    const std::string key(rule.key);
    if (need == "!" && !auth.Has(rule.key)) {
      Add(problems, "PROJECT-AUTH-001", "the flow `" + name + "` needs `" + key + "`",
          auth.Where(rule.key), "see `firn explain PROJECT-AUTH-001`");
    }
    if (need.empty() && auth.Has(rule.key)) {
      Add(problems, "PROJECT-AUTH-001", "the flow `" + name + "` takes no `" + key + "`",
          auth.Where(rule.key), "remove it, or choose another `flow`");
    }
  }
}

OrgAuth MakeAuth(const Group& group, Problems* problems) {
  OrgAuth auth;
  auth.flow = FlowOf(group.Text("flow"));
  auth.client_id = group.Text("client_id");
  auth.username = group.Text("username");
  auth.audience = group.Text("audience");
  auth.key = group.SecretOf("key");
  auth.next_key = group.SecretOf("next_key");
  auth.client_secret = group.SecretOf("client_secret");
  auth.refresh_token = group.SecretOf("refresh_token");
  CheckAuthKeys(group, auth.flow, problems);
  return auth;
}

Org MakeOrg(const std::string& folder, const Group& group, Problems* problems) {
  Org org;
  org.where = group.Where("id");
  org.id = group.Text("id");
  if (group.Has("id") && !IsName(org.id)) {
    Add(problems, "PROJECT-NAME-001", "`" + org.id + "` cannot be an org's id", org.where,
        "use lower-case letters, digits, `-` and `_`, starting with a letter");
  }
  org.login_url = LoginUrl(group.Text("login_url"));
  if (group.Has("login_url") && org.login_url.empty()) {
    Add(problems, "PROJECT-URL-001", "`" + group.Text("login_url") + "` cannot be a login URL",
        group.Where("login_url"), "for example `https://example.my.salesforce.com`");
  }
  if (group.Has("auth")) org.auth = MakeAuth(group.Sub("auth"), problems);
  org.api_version = group.Text("api_version");
  if (!IsApiVersion(org.api_version)) {
    Add(problems, "PROJECT-VERSION-001", "`" + org.api_version + "` cannot be an API version",
        group.Where("api_version"), "write it as `66.0`");
  }
  CheckPath(group, "ca_file", problems);
  org.ca_file = Absolute(folder, group.Text("ca_file"));
  org.proxy = group.Text("proxy");
  org.pubsub_endpoint = group.Text("pubsub_endpoint");
  org.gzip = group.Text("compression") != "none";
  const Group limits = group.Sub("limits");
  org.limits.share = limits.Number("share");
  org.limits.calls_per_run_max = limits.Integer("per_run_cap");
  return org;
}

void FillIncremental(const Group& group, ObjectRule& rule, Problems* problems) {
  if (group.Text("mode") == "incremental") rule.mode = ExportMode::kIncremental;
  rule.soft_deletes = group.Text("deletes") == "soft";
  rule.changelog = group.Bool("changelog");
  rule.lag = group.Duration("lag");
  rule.overlap = group.Duration("overlap");
  rule.sweep_every = group.Duration("sweep");
  rule.refresh_every = group.Duration("refresh");
  rule.refresh_fields = group.TextList("refresh_fields");
  rule.refresh_where = group.TextListWhere("refresh_fields");
  if (rule.mode == ExportMode::kIncremental && rule.include_deleted) {
    Add(problems, "PROJECT-OBJECT-002", "`include_deleted` does not go with `mode: incremental`",
        group.Where("include_deleted"), "use `deletes: soft` to keep the rows of deleted records");
  }
}

// A rule that keeps its objects out says nothing else of them: a second wish would be lost.
void CheckSkip(const Group& group, Problems* problems) {
  if (!group.Bool("skip")) return;
  for (const std::string_view key : {"include", "exclude", "where", "table", "blobs", "mode",
                                     "deletes", "changelog", "sweep", "refresh"}) {
    if (!group.Has(key)) continue;
    Add(problems, "PROJECT-OBJECT-002", "`" + std::string(key) + "` does not go with `skip: true`",
        group.Where(key), "remove one of the two");
  }
}

ObjectRule MakeRule(const Group& group, const std::vector<std::string>& org_ids,
                    Problems* problems) {
  ObjectRule rule;
  rule.where_in_file = group.Where("name");
  rule.name = group.Text("name");
  rule.orgs = group.TextList("orgs");
  rule.include = group.TextList("include");
  rule.exclude = group.TextList("exclude");
  rule.include_where = group.TextListWhere("include");
  rule.exclude_where = group.TextListWhere("exclude");
  rule.skip = group.Bool("skip");
  rule.where = group.Text("where");
  rule.table = group.Text("table");
  rule.blobs = group.Text("blobs") == "fetch" ? Blobs::kFetch : Blobs::kLink;
  rule.strict = group.Bool("strict");
  rule.include_deleted = group.Bool("include_deleted");
  FillIncremental(group, rule, problems);
  CheckSkip(group, problems);
  if (group.Has("name") && !IsApiPattern(rule.name)) {
    Add(problems, "PROJECT-OBJECT-001", "`" + rule.name + "` cannot be an object's name",
        rule.where_in_file, "an API name, a pattern like `*__c`, or `all`");
  }
  for (const std::string_view key : {"include", "exclude", "refresh_fields"}) {
    const auto where = group.TextListWhere(key);
    size_t at = 0;
    for (const std::string& field : group.TextList(key)) {
      const size_t i = at++;
      if (IsApiPattern(field)) continue;
      Add(problems, "PROJECT-OBJECT-001", "`" + field + "` cannot be a field's name",
          i < where.size() ? where[i] : group.Where(key),
          "an API name like `Description` or `Score__c`, or a pattern like `Billing*`");
    }
  }
  for (const std::string& id : rule.orgs) {
    if (std::find(org_ids.begin(), org_ids.end(), id) != org_ids.end()) continue;
    const auto near = Nearest(id, org_ids);
    Add(problems, "PROJECT-ORG-001", "no org has the id `" + id + "`", group.Where("orgs"),
        near ? "did you mean `" + *near + "`?" : "");
  }
  return rule;
}

void FillOrgs(const Group& root, Project* project, Problems* problems) {
  std::set<std::string> seen;
  for (const Group& group : root.List("orgs")) {
    Org org = MakeOrg(project->folder, group, problems);
    if (!org.id.empty() && !seen.insert(org.id).second) {
      Add(problems, "PROJECT-NAME-002", "two orgs have the id `" + org.id + "`", org.where);
    }
    project->orgs.push_back(std::move(org));
  }
}

void FillObjects(const Group& root, Project* project, Problems* problems) {
  std::vector<std::string> ids;
  for (const Org& org : project->orgs) ids.push_back(org.id);
  std::set<std::pair<std::string, std::vector<std::string>>> seen;
  for (const Group& group : root.List("objects")) {
    ObjectRule rule = MakeRule(group, ids, problems);
    if (!seen.emplace(rule.name, rule.orgs).second) {
      Add(problems, "PROJECT-NAME-002", "two rules are for `" + rule.name + "`", rule.where_in_file,
          "merge them into one");
    }
    project->objects.push_back(std::move(rule));
  }
}

void FillPlaces(const Group& root, Project* project, Problems* problems) {
  CheckPath(root.Sub("state"), "folder", problems);
  CheckPath(root.Sub("lake"), "warehouse", problems);
  CheckPath(root.Sub("lake"), "catalog", problems);
  project->state_folder = Absolute(project->folder, root.Sub("state").Text("folder"));
  FillLake(root.Sub("lake"), project, problems);
  std::string checked = project->lake.ns;
  if (const size_t at = checked.find("{org}"); at != std::string::npos) checked.replace(at, 5, "x");
  if (!IsName(checked)) {
    Add(problems, "PROJECT-NAME-001", "`" + project->lake.ns + "` cannot be a namespace",
        root.Sub("lake").Where("namespace"),
        "lower-case letters, digits, `-` and `_`, and `{org}`");
  }
}

}  // namespace

std::string_view AuthFlowName(AuthFlow flow) {
  switch (flow) {
    case AuthFlow::kClientCredentials:
      return "client_credentials";
    case AuthFlow::kRefreshToken:
      return "refresh_token";
    case AuthFlow::kJwt:
      break;
  }
  return "jwt";
}

namespace {

std::optional<Project> LoadBoth(const std::string& folder, const LoadOptions& options,
                                Problems* problems, Services* services) {
  std::error_code ignored;
  Project project;
  project.folder = std::filesystem::absolute(folder, ignored).lexically_normal().string();
  while (project.folder.size() > 1 && project.folder.ends_with('/')) project.folder.pop_back();
  const std::string path = project.folder + "/" + std::string(kFile);
  if (!FileExists(path)) {
    problems->push_back(Error(Kind::kNotFound, "PROJECT-FILE-001",
                              "there is no `firn.yaml` in `" + project.folder + "`")
                            .Hint("run `firn init " + folder + "` to make a project"));
    return std::nullopt;
  }
  auto text = ReadFile(path, kFileBytesMax);
  if (!text) {
    problems->push_back(std::move(text).error());
    return std::nullopt;
  }
  // The project folder is known to the reader: messages name the file inside of it.
  auto document = config::ParseYaml(*text, std::string(kFile));
  if (!document) {
    problems->push_back(std::move(document).error());
    return std::nullopt;
  }
  // Checked as written first, so that mistakes inside unused environments are found too.
  const Group written =
      config::Bind(*document, document->root, Fields(), options.variables, problems);
  for (const auto& [name, group] : written.Map("environments")) {
    if (!IsName(name)) {
      Add(problems, "PROJECT-NAME-001", "`" + name + "` cannot be an environment's name",
          written.Where("environments"));
    }
    project.environments.push_back(name);
  }
  Group root = written;
  if (!options.environment.empty() && problems->empty()) {
    OverlayEnvironment(&*document, options.environment, problems);
    root = config::Bind(*document, document->root, Fields(), options.variables, problems);
  }
  project.environment = options.environment;
  project.name = root.Text("name");
  FillOrgs(root, &project, problems);
  FillPlaces(root, &project, problems);
  FillObjects(root, &project, problems);
  FillDaemon(root, &project, problems);
  *services = MakeServices(root, project, problems);
  if (!problems->empty()) return std::nullopt;
  return project;
}

// The first, with how many more there are.
Error FirstOf(const Problems& problems) {
  Error first = problems.front();
  if (problems.size() == 1) return first;
  std::string hint = first.hint();
  if (!hint.empty()) hint += "; ";
  hint += "`firn config check` shows " + std::to_string(problems.size() - 1) + " more";
  return std::move(first).Hint(std::move(hint));
}

}  // namespace

std::optional<Project> LoadAll(const std::string& folder, const LoadOptions& options,
                               Problems* problems) {
  Services services;
  return LoadBoth(folder, options, problems, &services);
}

Result<Project> Load(const std::string& folder, const LoadOptions& options) {
  Problems problems;
  auto project = LoadAll(folder, options, &problems);
  if (project) return *std::move(project);
  return Fail(FirstOf(problems));
}

Result<Services> LoadServices(const Project& project, const LoadOptions& options) {
  LoadOptions as_loaded = options;
  as_loaded.environment = project.environment;
  Problems problems;
  Services services;
  if (LoadBoth(project.folder, as_loaded, &problems, &services)) return services;
  return Fail(FirstOf(problems));
}

Result<const Org*> Project::FindOrg(std::string_view id) const {
  std::vector<std::string> ids;
  for (const Org& org : orgs) {
    if (org.id == id) return &org;
    ids.push_back(org.id);
  }
  std::string known;
  for (const std::string& each : ids) known += " `" + each + "`";
  if (id.empty()) {
    if (orgs.size() == 1) return &orgs.front();
    return Fail(Error(Kind::kBadInput, "PROJECT-ORG-002", "the project has several orgs: name one")
                    .Hint("add `--org ID`, one of" + known));
  }
  const auto near = Nearest(id, ids);
  return Fail(
      Error(Kind::kNotFound, "PROJECT-ORG-001", "no org has the id `" + std::string(id) + "`")
          .Hint(near ? "did you mean `" + *near + "`?" : "the project has" + known));
}

std::string Project::NamespaceOf(const Org& org) const {
  std::string text = lake.ns;
  if (const size_t at = text.find("{org}"); at != std::string::npos) text.replace(at, 5, org.id);
  return text;
}

const ObjectRule* Project::RuleFor(const Org& org, std::string_view object) const {
  for (auto rule = objects.rbegin(); rule != objects.rend(); ++rule) {
    const bool for_org = rule->orgs.empty() || std::find(rule->orgs.begin(), rule->orgs.end(),
                                                         org.id) != rule->orgs.end();
    if (for_org && GlobMatches(rule->name, object)) return &*rule;
  }
  return nullptr;
}

bool IsGlob(std::string_view name) {
  return name == "all" || name.find_first_of("*?") != std::string_view::npos;
}

bool GlobMatches(std::string_view glob, std::string_view name) {
  return glob == "all" || record::MatchesGlob(glob, name);
}

}  // namespace firn::project
