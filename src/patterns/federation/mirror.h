// Mirror: tables registered in a second catalog as pure metadata, and kept current.
//
// The second catalog names the same files; nothing is copied. What is to be done follows from what
// both catalogs say now, nothing is remembered: a run that was killed, or that never came, is made
// up for by the next. A name over there that is another table's is never touched. One thread a
// Mirror.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/table.h"

namespace firn::lake {
struct RestCatalogOptions;
}
namespace firn::aws {
class AwsClient;
}

namespace firn::federation {

// A table as the second catalog has it.
struct MirrorEntry {
  std::string metadata_location;
  std::string table_uuid;              // empty: the catalog does not say
  std::string location;                // of its files
  std::optional<int64_t> snapshot_id;  // the current one, where the catalog says
  std::string version;                 // what an update is conditioned on
};

// The second catalog. Errors: those of its client.
class MirrorTarget {
 public:
  virtual ~MirrorTarget() = default;
  // The name that a table gets over there.
  [[nodiscard]] virtual lake::TableIdent NameOf(const lake::TableIdent& ident) const = 0;
  // Nothing when there is no such table. Errors: Conflict (FED-MIRROR-001) for a table that is no
  // Iceberg table.
  [[nodiscard]] virtual Result<std::optional<MirrorEntry>> Find(const Call& call,
                                                                const lake::TableIdent& there) = 0;
  [[nodiscard]] virtual Result<void> Create(const Call& call, const lake::TableIdent& there,
                                            const lake::Table& table) = 0;
  // From `was` as it was read. Errors: Conflict when it was changed since.
  [[nodiscard]] virtual Result<void> Update(const Call& call, const lake::TableIdent& there,
                                            const lake::Table& table, const MirrorEntry& was) = 0;
};

// `ns`: the namespace over there; empty: the table's own.
[[nodiscard]] Result<std::unique_ptr<MirrorTarget>> RestMirror(
    const Call& call, const lake::RestCatalogOptions& options, std::string ns);
// `client` outlives it. Namespaces with several levels become one word with `_`, in lower case.
[[nodiscard]] std::unique_ptr<MirrorTarget> GlueMirror(std::shared_ptr<aws::AwsClient> client,
                                                       std::string ns);

enum class MirrorState {
  kCurrent,
  kMissing,  // is not there yet, or not any more
  kBehind,
  kForeign,  // another table has the name
};
[[nodiscard]] std::string_view MirrorStateName(MirrorState state);

struct MirrorRow {
  lake::TableIdent table;
  lake::TableIdent there;
  MirrorState state = MirrorState::kCurrent;
  // Commits that the other catalog does not show; nothing: more than can be told.
  std::optional<int64_t> commits_behind = 0;
  int64_t ms_behind = 0;  // since the oldest of them
  bool done = false;      // brought up to date just now
  std::optional<Error> error;
};

struct MirrorOptions {
  std::vector<std::string> tables;  // `NAMESPACE.TABLE` or patterns with `*` and `?`; empty: all
  bool dry_run = false;
};
// A row a table; one that fails does not keep the others waiting, its error is in its row. Errors:
// of listing the tables; Cancelled.
[[nodiscard]] Result<std::vector<MirrorRow>> MirrorTables(const Call& call, lake::Lake& lake,
                                                          MirrorTarget& target,
                                                          const MirrorOptions& options);

}  // namespace firn::federation
