#include "patterns/exports/gone_objects.h"

#include <algorithm>
#include <set>
namespace firn::exports {
namespace {

constexpr const char* kArea = "gone";
constexpr const char* kAway = "away";
constexpr const char* kBack = "back";

bool IsTyped(const Selection& selection) {
  const auto& patterns = selection.patterns;
  return !patterns.empty() && selection.patterns_where.empty() &&
         std::none_of(patterns.begin(), patterns.end(), project::IsGlob);
}

bool Fits(const std::vector<std::string>& patterns, const std::string& object) {
  return std::any_of(patterns.begin(), patterns.end(), [&object](const std::string& pattern) {
    return project::GlobMatches(pattern, object);
  });
}

}  // namespace

Result<std::vector<GoneObject>> FindGoneObjects(const ExportParts& parts,
                                                const project::Project& project,
                                                const project::Org& org,
                                                const std::vector<salesforce::ObjectInfo>& offered,
                                                const Selection& selection) {
  std::vector<GoneObject> gone;
  if (IsTyped(selection)) return gone;
  std::set<std::string> there;
  for (const auto& info : offered) there.insert(info.name);
  const std::vector<std::string> patterns = PatternsOf(project, org, selection);
  FIRN_TRY(const auto tables, parts.lake->Tables(project.NamespaceOf(org)));
  for (const lake::TableIdent& ident : tables) {
    if (there.contains(ident.name) || ident.name.ends_with("__changelog")) continue;
    const auto table = parts.lake->Load(ident);
    if (!table) continue;  // another's trouble: nothing of it is exported here
    const auto object = table->properties().find("firn.object");
    const auto of_org = table->properties().find("firn.org");
    if (object == table->properties().end() || there.contains(object->second)) continue;
    if (of_org == table->properties().end() || of_org->second != parts.org_id) continue;
    const project::ObjectRule* rule = project.RuleFor(org, object->second);
    if (rule != nullptr && rule->skip) continue;
    if (!Fits(patterns, object->second)) continue;
    gone.push_back({object->second, ident.Text(), Fits(selection.except, object->second)});
  }
  return gone;
}

std::string GoneText(const GoneObject& gone) {
  return "the org has no object `" + gone.object + "` any more, or hides it from this user: its " +
         "table " + gone.table + " stays as it is and is not followed; give the user read access " +
         "to it again, or write `{name: " + gone.object +
         ", skip: true}` under `objects` in firn.yaml";
}

Result<void> NoteGone(state::SharedState* shared, const std::string& org_id,
                      const std::string& object) {
  if (shared == nullptr) return {};
  return shared->Put({org_id, kArea, object}, kAway);
}

Result<bool> WasGone(state::SharedState* shared, const std::string& org_id,
                     const std::string& object) {
  if (shared == nullptr) return false;
  FIRN_TRY(const auto row, shared->Get({org_id, kArea, object}));
  return row && row->value == kAway;
}

Result<void> NoteBack(state::SharedState* shared, const std::string& org_id,
                      const std::string& object) {
  FIRN_TRY(const bool away, WasGone(shared, org_id, object));
  return away ? shared->Put({org_id, kArea, object}, kBack) : Result<void>();
}

}  // namespace firn::exports
