// Forget: one record out of what exports keep beside the lake: files of rejected rows.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/error.h"

namespace firn::exports {

struct ForgottenRejects {
  int64_t files = 0;
  int64_t lines = 0;
};
struct ForgetOptions {
  bool remove = false;  // false: only count
};
// Lines of `<rejects_folder>/<run>/*.jsonl` that name the Id (18 characters, or its first 15). With
// `remove`, the files are written anew without them, durably, mode 0600. A missing folder has none.
// Errors: of files.
[[nodiscard]] Result<ForgottenRejects> ForgetRejects(const std::string& rejects_folder,
                                                     const std::string& id,
                                                     const ForgetOptions& options);

}  // namespace firn::exports
