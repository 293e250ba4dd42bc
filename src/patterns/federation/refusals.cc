#include "patterns/federation/refusals.h"

namespace firn::federation {

using lake::CatalogRefusal;
using lake::EntryKind;

namespace {

const char* Word(EntryKind kind) { return kind == EntryKind::kView ? "View" : "Table"; }

}  // namespace

tl::unexpected<Error> BadRequest(std::string what) {
  return Fail(Error(Kind::kBadInput, "CAT-REQUEST-001", std::move(what)));
}

tl::unexpected<Error> NoNamespace(const Levels& levels) {
  return Fail(Error(Kind::kNotFound, "CAT-NS-001", "Namespace does not exist: " + Shown(levels)));
}

tl::unexpected<Error> NoEntry(const EntryName& name, EntryKind kind) {
  return Fail(Error(Kind::kNotFound, kind == EntryKind::kView ? "CAT-VIEW-001" : "CAT-TABLE-001",
                    std::string(Word(kind)) + " does not exist: " + Shown(name)));
}

tl::unexpected<Error> Taken(const EntryName& name, EntryKind wanted, EntryKind taken_by) {
  const std::string what = wanted == taken_by
                               ? std::string(Word(wanted)) + " already exists: "
                               : std::string(Word(taken_by)) + " with same name already exists: ";
  return Fail(Error(Kind::kConflict,
                    taken_by == EntryKind::kView ? "CAT-VIEW-002" : "CAT-TABLE-002",
                    what + Shown(name)));
}

tl::unexpected<Error> LostCommit(const EntryName& name) {
  return Fail(Error(Kind::kConflict, "CAT-COMMIT-001", "Cannot commit to " + Shown(name))
                  .Because("it changed since it was loaded"));
}

tl::unexpected<Error> Refused(const CatalogRefusal& refusal, const EntryName& name,
                              EntryKind wanted) {
  switch (refusal.why) {
    case CatalogRefusal::Why::kNoNamespace:
      return NoNamespace(name.ns);
    case CatalogRefusal::Why::kTakenByTable:
      return Taken(name, wanted, EntryKind::kTable);
    case CatalogRefusal::Why::kTakenByView:
      return Taken(name, wanted, EntryKind::kView);
    case CatalogRefusal::Why::kMissing:
      return NoEntry(name, wanted);
    case CatalogRefusal::Why::kMoved:
      return LostCommit(name);
    case CatalogRefusal::Why::kNotEmpty:
      return Fail(
          Error(Kind::kConflict, "CAT-NS-003", "Namespace " + Shown(name.ns) + " is not empty"));
  }
  return LostCommit(name);
}

}  // namespace firn::federation
