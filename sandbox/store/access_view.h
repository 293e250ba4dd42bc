// What one user may see and change: objects, fields, rows.
//
// A profile is open (all objects, all fields) unless it was closed; a user of a closed profile has
// what the ObjectPermissions and FieldPermissions of the assigned permission sets grant, as in the
// vendor's orgs. Records of a private object are seen by their owner, and by users who may view all
// data or all records of the object. Not modelled: role hierarchy, sharing rules and shares, and
// records without an owner of their own (they follow no parent: all are seen). Immutable; any
// thread. Source: Salesforce Help, "Field-Level Security", "Sharing Settings"; Object Reference,
// 'ObjectPermissions', 'FieldPermissions'; read 2026-11.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/base/error.h"
#include "sandbox/mutation.h"
#include "sandbox/schema.h"

namespace firn::sandbox {

struct ObjectAccess {
  bool read = false;
  bool create = false;
  bool edit = false;
  bool remove = false;
  bool view_all = false;
};

// What is known of the user when the view is made.
struct AccessFacts {
  std::string user_id;
  bool closed = false;                                    // the profile
  bool view_all = false;                                  // all data
  std::unordered_map<std::string, ObjectAccess> objects;  // by folded name; of a closed profile
  std::unordered_map<std::string, bool> fields;           // folded `account.phone` -> may edit
  std::unordered_set<std::string> private_objects;        // folded names
};

class AccessView {
 public:
  AccessView(std::shared_ptr<const Catalogue> base, AccessFacts facts);

  // The objects and fields of the user; the org's own catalogue when nothing is withheld.
  [[nodiscard]] const std::shared_ptr<const Catalogue>& catalogue() const { return catalogue_; }
  [[nodiscard]] const std::shared_ptr<const Catalogue>& base() const { return base_; }
  // Whether of this object only the user's own records are seen.
  [[nodiscard]] bool OwnOnly(const ObjectInfo& object) const;
  [[nodiscard]] const std::string& user_id() const { return facts_.user_id; }
  // Whether anything at all is withheld.
  [[nodiscard]] bool restricted() const { return restricted_; }
  // Why the user may not do this to such a record; nothing when it may. Rows are not looked at.
  [[nodiscard]] std::optional<Error> Refuses(const Mutation& mutation,
                                             const ObjectInfo& object) const;

 private:
  [[nodiscard]] ObjectAccess AccessTo(const ObjectInfo& object) const;
  [[nodiscard]] bool Sees(const ObjectInfo& object, const FieldInfo& field) const;
  [[nodiscard]] std::shared_ptr<const Catalogue> Narrowed() const;

  const std::shared_ptr<const Catalogue> base_;
  const AccessFacts facts_;
  const bool restricted_;
  const std::shared_ptr<const Catalogue> catalogue_;
};

}  // namespace firn::sandbox
