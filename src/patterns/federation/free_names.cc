#include "patterns/federation/free_names.h"

#include "patterns/federation/refusals.h"

namespace firn::federation {

Result<void> FreeNames::Check(const EntryName& name, lake::EntryKind wanted) const {
  const auto ident = IdentOf(name);
  for (const auto kind : {lake::EntryKind::kTable, lake::EntryKind::kView}) {
    FIRN_TRY(const auto entry, catalog_.FindEntry(ident, kind));
    if (entry) return Taken(name, wanted, kind);
  }
  if (implicit_namespaces_) return {};
  FIRN_TRY(const auto ns, catalog_.FindNamespace(ident.ns));
  if (!ns) return NoNamespace(name.ns);
  return {};
}

}  // namespace firn::federation
