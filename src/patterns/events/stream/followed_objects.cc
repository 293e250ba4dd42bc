#include "patterns/events/stream/followed_objects.h"

#include <algorithm>

#include "core/project/services.h"
#include "ends/lake/merge/merge.h"

namespace firn::events {
namespace {

// The object whose exports make this table; empty when a rule sends them elsewhere.
std::string ObjectOfTable(const project::Project& project, const project::Org& org,
                          const std::string& table) {
  for (const project::ObjectRule& rule : project.objects) {
    if (rule.table == table) return rule.name;
  }
  const project::ObjectRule* rule = project.RuleFor(org, table);
  if (rule == nullptr) return project.objects.empty() ? table : "";
  return rule->table.empty() || rule->table == table ? table : "";
}

Result<FollowedTable> Followed(const project::Project& project, const project::Org& org,
                               const std::string& object) {
  const project::ObjectRule* rule = project.RuleFor(org, object);
  FollowedTable followed;
  followed.object = object;
  followed.table = {project.NamespaceOf(org), object};
  if (rule == nullptr) return followed;
  if (!rule->where.empty()) {
    return Fail(Error(Kind::kBadConfig, "EVENT-TABLE-003",
                      "`" + object + "` cannot be followed: its rule has a condition")
                    .At(rule->where_in_file)
                    .Because("an event does not tell whether its record fits `where`")
                    .Hint("drop the condition, or keep the table current by `firn export run " +
                          object + " --mode incremental`"));
  }
  if (!rule->table.empty()) followed.table.name = rule->table;
  followed.soft_deletes = rule->soft_deletes;
  followed.changelog = rule->changelog;
  followed.include = rule->include;
  followed.exclude = rule->exclude;
  return followed;
}

}  // namespace

Result<std::vector<FollowedTable>> FollowedTables(lake::Lake& lake, const project::Project& project,
                                                  const project::Org& org,
                                                  const std::vector<std::string>& objects) {
  std::vector<std::string> wanted = objects;
  if (wanted.empty()) {
    FIRN_TRY(const auto tables, lake.Tables(project.NamespaceOf(org)));
    for (const lake::TableIdent& ident : tables) {
      if (lake::IsChangelogName(ident.name)) continue;
      std::string object = ObjectOfTable(project, org, ident.name);
      if (!object.empty()) wanted.push_back(std::move(object));
    }
  }
  if (wanted.empty()) {
    return Fail(Error(Kind::kNotFound, "EVENT-TABLE-001", "there is no table to follow")
                    .At("namespace `" + project.NamespaceOf(org) + "`")
                    .Because("change events tell changes, not the records that are there already")
                    .Hint("export the objects first: `firn export run`"));
  }
  std::vector<FollowedTable> followed;
  for (const std::string& object : wanted) {
    FIRN_TRY(auto one, Followed(project, org, object));
    followed.push_back(std::move(one));
  }
  return followed;
}

std::string TopicOfObject(std::string_view object) { return project::ChangeTopicOf(object); }

}  // namespace firn::events
