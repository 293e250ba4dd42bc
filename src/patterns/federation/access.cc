#include "patterns/federation/access.h"

#include <algorithm>

namespace firn::federation {
namespace {

// Whether `whole` begins with `start`.
bool Below(const Levels& start, const Levels& whole) {
  return start.size() <= whole.size() && std::equal(start.begin(), start.end(), whole.begin());
}

const char* Verb(Right right) {
  switch (right) {
    case Right::kManage:
      return "manage";
    case Right::kWrite:
      return "write";
    default:
      return "read";
  }
}

}  // namespace

bool Principal::May(Right right, const Levels& path) const {
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    return grant.right >= right && Below(grant.path, path);
  });
}

bool Principal::Sees(const Levels& path) const {
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    return Below(grant.path, path) || Below(path, grant.path);
  });
}

Result<void> Require(const Principal& principal, Right right, const Levels& path) {
  if (principal.May(right, path)) return {};
  return Fail(Error(Kind::kDenied, "CAT-AUTH-003",
                    "principal `" + principal.name() + "` may not " + Verb(right) + " " +
                        (path.empty() ? std::string("the catalog") : "`" + Shown(path) + "`")));
}

}  // namespace firn::federation
