// Who may do what: principals and their rights on namespaces and tables. Immutable values; any
// thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "patterns/federation/names.h"

namespace firn::federation {

// Each includes the ones before it.
enum class Right { kNone, kRead, kWrite, kManage };

// A right on everything below a path: `{}` is the whole catalog, `{sales}` a namespace with what is
// in and below it, `{sales, Deal}` one table.
struct Grant {
  Levels path;
  Right right = Right::kRead;
};

class Principal {
 public:
  Principal() = default;
  Principal(std::string name, std::vector<Grant> grants)
      : name_(std::move(name)), grants_(std::move(grants)) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  // `path`: levels of a namespace, with a table's or view's name as the last one if it is about it.
  [[nodiscard]] bool May(Right right, const Levels& path) const;
  // Whether there is anything at or below `path` that may be read: such a namespace is listed.
  [[nodiscard]] bool Sees(const Levels& path) const;
  // Manages the whole catalog: may choose locations and register metadata files.
  [[nodiscard]] bool Administers() const { return May(Right::kManage, {}); }

 private:
  std::string name_;
  std::vector<Grant> grants_;
};

// Errors: Denied (CAT-AUTH-003) naming principal, right and path.
[[nodiscard]] Result<void> Require(const Principal& principal, Right right, const Levels& path);

}  // namespace firn::federation
