#include "sandbox/store/org_impl.h"

namespace firn::sandbox {

Result<SeedReport> OrgImpl::Seed(const SeedOptions&) { return SeedReport{}; }

}  // namespace firn::sandbox
