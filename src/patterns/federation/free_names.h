// Whether a name can be given to a new table or view. Thread-safe; what others do a moment later is
// seen by the catalog itself when the entry is made.
#pragma once

#include "ends/lake/catalog/catalog.h"
#include "patterns/federation/names.h"

namespace firn::federation {

class FreeNames {
 public:
  FreeNames(lake::ServedCatalog& catalog, bool implicit_namespaces)
      : catalog_(catalog), implicit_namespaces_(implicit_namespaces) {}

  // Errors: NotFound (CAT-NS-001), Conflict (CAT-TABLE-002, CAT-VIEW-002).
  [[nodiscard]] Result<void> Check(const EntryName& name, lake::EntryKind wanted) const;

 private:
  lake::ServedCatalog& catalog_;
  bool implicit_namespaces_;
};

}  // namespace firn::federation
