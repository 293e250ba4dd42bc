// Leftovers: data files of a run that no ledger row knows, because the process died between closing
// a file and recording it. They belong to no snapshot.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"

namespace firn::lake {
class ObjectStore;
}

namespace firn::exports {

struct Leftovers {
  std::vector<std::string> removed;
  std::vector<std::string> kept;  // could not be removed: reported as orphans
  int64_t bytes = 0;
};

// Looks through the folder of a table's data files (a `file:` URI or path) for names that begin
// with `prefix` and are not in `known` (URIs or paths), and removes them. A folder that does not
// exist is empty.
[[nodiscard]] Result<Leftovers> RemoveLeftovers(const std::string& data_folder,
                                                const std::string& prefix,
                                                const std::set<std::string>& known);

// The same in the folder of a store that is not this machine's, and in the folder where files wait
// to be sent to it.
[[nodiscard]] Result<Leftovers> RemoveRemoteLeftovers(const Call& call, lake::ObjectStore& store,
                                                      const std::string& data_folder,
                                                      const std::string& prefix,
                                                      const std::set<std::string>& known);

// The local path of a `file:` URI, or the path itself.
[[nodiscard]] std::string LocalPath(const std::string& uri);

}  // namespace firn::exports
