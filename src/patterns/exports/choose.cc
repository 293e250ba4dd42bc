#include "patterns/exports/choose.h"

#include "patterns/exports/gone_objects.h"
#include "patterns/exports/scheduled_names.h"

namespace firn::exports {

namespace {

std::string InOneLine(const Error& problem) {
  return problem.what() + " (" + problem.where() + ": " + problem.why() + "); " + problem.hint();
}

// What the daemon would stumble over is no reason to stop this run.
Result<void> AddScheduled(const ExportParts& parts, const NamesAsked& asked,
                          const std::vector<std::string>& gone,
                          std::vector<std::string>& warnings) {
  std::vector<std::string> objects;
  for (const auto& info : asked.offered) objects.push_back(info.name);
  FIRN_CHECK(KeepOffered(parts.shared, parts.org, objects));
  objects.insert(objects.end(), gone.begin(), gone.end());
  for (const Error& problem : CheckScheduledObjects(asked.project, asked.org, objects))
    warnings.push_back(InOneLine(problem));
  if (asked.project.catalogs.mirrors.empty()) return {};
  std::vector<std::string> tables = TablesOf(asked.project, asked.org, objects);
  FIRN_TRY(const auto idents, parts.lake->Tables(""));
  for (const lake::TableIdent& ident : idents) tables.push_back(ident.Text());
  for (const Error& problem : CheckMirroredTables(asked.project, tables))
    warnings.push_back(InOneLine(problem));
  return {};
}

}  // namespace

Result<Chosen> ChooseObjects(const Call& call, const ExportParts& parts, const NamesAsked& asked) {
  Chosen chosen;
  Selection selection = asked.selection;
  FIRN_TRY(const auto gone,
           FindGoneObjects(parts, asked.project, asked.org, asked.offered, selection));
  for (const GoneObject& object : gone) {
    FIRN_CHECK(NoteGone(parts.shared, parts.org_id, object.object));
    selection.gone.push_back(object.object);
    if (!object.excepted) chosen.warnings.push_back(GoneText(object));
  }
  auto specs = SelectObjects(asked.offered, asked.project, asked.org, selection);
  if (!specs && specs.error().code() == "EXPORT-PLAN-002" && !gone.empty())
    return Fail(std::move(specs).error().Because(GoneText(gone.front())));
  if (!specs) return Fail(std::move(specs).error());
  chosen.specs = *std::move(specs);
  FIRN_TRY(const auto warnings, CheckNames(call, parts,
                                           {.project = asked.project,
                                            .org = asked.org,
                                            .offered = asked.offered,
                                            .selection = selection},
                                           chosen.specs));
  chosen.warnings.insert(chosen.warnings.end(), warnings.begin(), warnings.end());
  FIRN_CHECK(AddScheduled(parts, asked, selection.gone, chosen.warnings));
  return chosen;
}

}  // namespace firn::exports
