// The two errors of updates; private to updates/.
#pragma once

#include <string>

#include "core/base/error.h"

namespace firn::lake::internal {

[[nodiscard]] inline tl::unexpected<Error> BadUpdate(std::string what) {
  return Fail(Error(Kind::kBadInput, "LAKE-UPDATE-001", std::move(what)));
}

[[nodiscard]] inline tl::unexpected<Error> StaleUpdate(std::string what) {
  return Fail(Error(Kind::kConflict, "LAKE-UPDATE-002", std::move(what))
                  .Because("the table changed since the client loaded it")
                  .Hint("load the table again and retry"));
}

}  // namespace firn::lake::internal
