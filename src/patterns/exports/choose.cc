#include "patterns/exports/choose.h"

#include "patterns/exports/gone_objects.h"

namespace firn::exports {

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
  return chosen;
}

}  // namespace firn::exports
