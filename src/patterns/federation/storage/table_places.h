// TablePlaces: where the tables of a warehouse on S3 lie, by place: whose an object is, and whether
// a new table may lie somewhere. Tables that clients are making (`stage-create`) count.
//
// Follows the catalog: what others change is seen at the next Refresh, which reads the metadata of
// tables that changed and of no others. What is found here is a hint where the table's own metadata
// can be asked; that a place is free is certain as of the call. Thread-safe; no mutex is held
// across I/O. Errors: those of the catalog; Cancelled and Timeout.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "ends/lake/catalog/catalog.h"
#include "patterns/federation/storage/s3_location.h"
#include "patterns/federation/turns.h"

namespace firn::federation {

// How long a table may be in the making: a query that fills it can take hours.
inline constexpr std::chrono::hours kStagedLife{24};

class TablePlaces {
 public:
  // The places of a table as it is now.
  using Reader = std::function<Result<std::vector<S3Place>>(const Call&, const lake::TableIdent&)>;
  TablePlaces(lake::ServedCatalog& catalog, Reader reader)
      : catalog_(catalog), reader_(std::move(reader)) {}

  // Brings what is known up to the catalog's state; nothing to do when that did not change.
  [[nodiscard]] Result<void> Refresh(const Call& call);
  // Where a table lies now; nothing when there is none of that name. Errors: also the Reader's.
  [[nodiscard]] Result<std::optional<std::vector<S3Place>>> Of(const Call& call,
                                                               const lake::TableIdent& ident);
  // Tables that held the place when they were read last; the innermost first.
  [[nodiscard]] std::vector<lake::TableIdent> Holders(const S3Place& place) const;

  struct Wanted {
    lake::TableIdent ident;
    std::vector<S3Place> places;
    bool apart_from_namesakes = false;  // staged tables of the same name count as others
  };
  // A table or staged table of another name that lies at, above or below one of the places; nothing
  // when they are free.
  [[nodiscard]] Result<std::optional<lake::TableIdent>> Rival(const Call& call,
                                                              const Wanted& wanted);

  // From now on the places are kept for that name, for kStagedLife.
  [[nodiscard]] Result<void> Keep(const Call& call, const Wanted& staged);
  struct Staged {
    lake::TableIdent ident;
    std::vector<S3Place> places;
  };
  // Of that name; of all names when it is not given.
  [[nodiscard]] Result<std::vector<Staged>> StagedAs(const Call& call,
                                                     const std::optional<lake::TableIdent>& ident);

 private:
  struct Known {
    std::string metadata_location;  // empty: could not be read, its places are guessed
    std::vector<S3Place> places;
  };
  using Changes = std::vector<std::pair<lake::TableIdent, Known>>;
  Changes ForgetOutdated(const std::vector<lake::ServedCatalog::TableRow>& rows);
  Result<void> ReadAll(const Call& call, Changes& changes) const;
  void Learn(Changes changes);
  void Forget(const lake::TableIdent& ident, const Known& known);
  std::optional<lake::TableIdent> RivalTable(const Wanted& wanted) const;

  lake::ServedCatalog& catalog_;
  Reader reader_;
  Turns turns_;
  std::optional<int64_t> version_;  // of the catalog that is known; used in a turn
  mutable std::mutex mutex_;
  std::map<lake::TableIdent, Known> tables_;
  std::map<std::string, std::set<lake::TableIdent>, std::less<>> by_uri_;
};

}  // namespace firn::federation
