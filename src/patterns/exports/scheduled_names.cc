#include "patterns/exports/scheduled_names.h"

#include <algorithm>

#include "core/base/nearest.h"

namespace firn::exports {
namespace {

constexpr const char* kArea = "org";  // beside what names.cc keeps of the org
constexpr const char* kObjects = "objects";

bool AnyFits(const std::vector<std::string>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(),
                     [&name](const auto& each) { return project::GlobMatches(name, each); });
}

// Of the same namespace, whose name would make any two names alike.
std::optional<std::string> NearestTable(const std::string& name,
                                        const std::vector<std::string>& tables) {
  const size_t own = name.rfind('.') + 1;
  std::vector<std::string> names;
  for (const std::string& table : tables) {
    if (table.size() > own && table.compare(0, own, name, 0, own) == 0)
      names.push_back(table.substr(own));
  }
  const auto near = Nearest(name.substr(own), names);
  return near ? std::optional(name.substr(0, own) + *near) : std::nullopt;
}

}  // namespace

Result<void> KeepOffered(state::SharedState* shared, const std::string& org,
                         const std::vector<std::string>& objects) {
  if (shared == nullptr) return {};
  std::string lines;
  for (const std::string& object : objects) lines += object + "\n";
  FIRN_TRY(const auto before, shared->Get({org, kArea, kObjects}));
  if (before && before->value == lines) return {};
  return shared->Put({org, kArea, kObjects}, lines);
}

std::optional<std::vector<std::string>> OfferedBefore(state::SharedState& shared,
                                                      const std::string& org) {
  const auto kept = shared.Get({org, kArea, kObjects});
  if (!kept || !*kept) return std::nullopt;
  std::vector<std::string> objects;
  const std::string& lines = (*kept)->value;
  for (size_t at = 0; at < lines.size();) {
    const size_t end = std::min(lines.find('\n', at), lines.size());
    objects.push_back(lines.substr(at, end - at));
    at = end + 1;
  }
  return objects;
}

std::vector<Error> CheckScheduledObjects(const project::Project& project, const project::Org& org,
                                         const std::vector<std::string>& objects) {
  std::vector<Error> problems;
  for (const project::ScheduledJob& job : project.schedules) {
    if (job.kind != project::JobKind::kExport || job.org != org.id) continue;
    for (const std::string& name : job.objects) {
      if (project::IsGlob(name) || AnyFits(objects, name)) continue;
      const auto near = Nearest(name, objects);
      problems.push_back(
          Error(Kind::kBadInput, "EXPORT-PLAN-001",
                "the org has no object `" + name + "`, or hides it from this user")
              .At(job.where_in_file)
              .Because("schedule `" + job.name + "` names it, and would fail whenever it is due")
              .Hint(near ? "did you mean `" + *near + "`?"
                         : "`firn org describe` lists the objects that this user sees"));
    }
  }
  return problems;
}

std::vector<Error> CheckMirroredTables(const project::Project& project,
                                       const std::vector<std::string>& tables) {
  std::vector<Error> problems;
  for (const project::MirrorSettings& mirror : project.catalogs.mirrors) {
    for (const std::string& name : mirror.tables) {
      if (project::IsGlob(name) || AnyFits(tables, name)) continue;
      const auto near = NearestTable(name, tables);
      if (!near) continue;
      problems.push_back(Error(Kind::kBadInput, "EXPORT-PLAN-008",
                               "there is no table `" + name + "`, and no object would make it")
                             .At(mirror.where)
                             .Because("mirror `" + mirror.name +
                                      "` names it, and would leave out "
                                      "the table that is meant")
                             .Hint("did you mean `" + *near + "`?"));
    }
  }
  return problems;
}

std::vector<std::string> TablesOf(const project::Project& project, const project::Org& org,
                                  const std::vector<std::string>& objects) {
  std::vector<std::string> tables;
  for (const std::string& object : objects) {
    const project::ObjectRule* rule = project.RuleFor(org, object);
    const bool renamed = rule != nullptr && !rule->table.empty();
    const std::string table = project.NamespaceOf(org) + "." + (renamed ? rule->table : object);
    tables.push_back(table);
    tables.push_back(table + "__changelog");
  }
  return tables;
}

}  // namespace firn::exports
