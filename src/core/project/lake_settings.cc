#include "core/project/lake_settings.h"

#include <filesystem>
#include <set>

namespace firn::project {
namespace {

using config::Group;
using config::Problems;

void Add(Problems* problems, std::string what, std::string where, std::string hint) {
  problems->push_back(Error(Kind::kBadConfig, "PROJECT-LAKE-001", std::move(what))
                          .At(std::move(where))
                          .Hint(std::move(hint)));
}

// Paths start at the project folder; URIs stay.
std::string Absolute(const std::string& folder, const std::string& path) {
  if (path.empty() || path.find("://") != std::string::npos) return path;
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

// One way to sign in, or none.
void CheckSignIn(const Group& group, Problems* problems) {
  std::string first;
  for (const char* key : {"signing_name", "token", "subject_token"}) {
    if (!group.Has(key)) continue;
    if (!first.empty())
      Add(problems, "`" + first + "` and `" + key + "` are two ways to sign in", group.Where(key),
          "keep one of them");
    first = key;
  }
  const bool alone = first.empty() || first == "subject_token";
  if (group.Has("credential") && !alone)
    Add(problems, "`" + first + "` and `credential` are two ways to sign in",
        group.Where("credential"), "keep one of them");
}

RestCatalogSettings MakeRest(const std::string& folder, const Group& group, Problems* problems) {
  RestCatalogSettings rest;
  rest.uri = group.Text("uri");
  if (!rest.uri.starts_with("http://") && !rest.uri.starts_with("https://"))
    Add(problems,
        rest.uri.empty() ? "a REST catalog needs its `uri`"
                         : "`" + rest.uri + "` cannot be the address of a catalog",
        group.Where("uri"), "for example `https://catalog.example.com/api/catalog`");
  rest.warehouse = group.Text("warehouse");
  rest.signing_name = group.Text("signing_name");
  rest.signing_region = group.Text("signing_region");
  rest.token = group.SecretOf("token");
  rest.subject_token = group.SecretOf("subject_token");
  rest.subject_token_type = group.Text("subject_token_type");
  rest.credential = group.SecretOf("credential");
  rest.oauth2_server_uri = group.Text("oauth2_server_uri");
  rest.scope = group.Text("scope");
  rest.audience = group.Text("audience");
  rest.resource = group.Text("resource");
  rest.vended_credentials = group.Bool("vended_credentials");
  rest.headers = group.TextMap("headers");
  rest.ca_file = Absolute(folder, group.Text("ca_file"));
  rest.proxy = group.Text("proxy");
  CheckSignIn(group, problems);
  return rest;
}

MirrorSettings MakeMirror(const std::string& folder, const Group& group, Problems* problems) {
  MirrorSettings mirror;
  mirror.where = group.Where("name");
  mirror.name = group.Text("name");
  mirror.ns = group.Text("namespace");
  mirror.tables = group.TextList("tables");
  if (group.Has("rest")) mirror.rest = MakeRest(folder, group.Sub("rest"), problems);
  mirror.glue_region = group.Sub("glue").Text("region");
  if (group.Has("rest") == group.Has("glue"))
    Add(problems, "a mirror is in one catalog: `rest` or `glue`", mirror.where,
        "write `glue: {}` for the Glue Data Catalog of your account");
  return mirror;
}

// The embedded catalog is a local file, wherever the tables are.
std::string CatalogFile(const Project& project) {
  const std::string& warehouse = project.lake.warehouse;
  const bool remote =
      warehouse.find("://") != std::string::npos && !warehouse.starts_with("file://");
  std::string base = remote || project.catalogs.rest ? project.state_folder : warehouse;
  if (base.starts_with("file://")) base = base.substr(7);
  return base + "/catalog.db";
}

}  // namespace

void FillLake(const Group& lake, Project* project, Problems* problems) {
  LakeSettings& out = project->lake;
  LakeCatalogs& catalogs = project->catalogs;
  out.warehouse = Absolute(project->folder, lake.Text("warehouse"));
  out.ns = lake.Text("namespace");
  if (lake.Has("rest")) {
    catalogs.rest = MakeRest(project->folder, lake.Sub("rest"), problems);
    if (!lake.Has("warehouse")) out.warehouse.clear();
    if (lake.Has("catalog"))
      Add(problems, "`rest` and `catalog` are two catalogs", lake.Where("catalog"),
          "keep one of them");
  }
  out.catalog = Absolute(project->folder, lake.Text("catalog"));
  if (out.catalog.empty()) out.catalog = CatalogFile(*project);
  std::set<std::string> names;
  for (const Group& group : lake.List("mirrors")) {
    MirrorSettings mirror = MakeMirror(project->folder, group, problems);
    if (!names.insert(mirror.name).second)
      Add(problems, "two mirrors have the name `" + mirror.name + "`", mirror.where,
          "give one of them another");
    catalogs.mirrors.push_back(std::move(mirror));
  }
}

}  // namespace firn::project
