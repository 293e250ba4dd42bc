// The query of a PushTopic: which records it is about, what of them is told, which changes count.
//
// Immutable once bound; points into its catalogue, which it keeps. Source: Streaming API Developer
// Guide, "PushTopic Queries", "Supported PushTopic Queries", "Unsupported PushTopic Queries",
// "NotifyForFields"; read 2026-11.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/schema.h"
#include "sandbox/soql/ast.h"
#include "sandbox/soql/filter.h"

namespace firn::sandbox {

class PushTopicQuery {
 public:
  // Errors: api errors MALFORMED_QUERY, INVALID_TYPE, INVALID_FIELD, as a save reports them.
  [[nodiscard]] static Result<PushTopicQuery> Bind(std::string_view soql,
                                                   std::shared_ptr<const Catalogue> catalogue,
                                                   int64_t now_millis);
  [[nodiscard]] const ObjectInfo& object() const { return *object_; }
  // `values` by slot.
  [[nodiscard]] bool Matches(std::span<const Value> values) const;
  enum class Notify { kAll, kReferenced, kSelect, kWhere };
  // Whether a change of these fields counts.
  [[nodiscard]] bool Concerns(Notify notify, const std::vector<const FieldInfo*>& changed) const;
  // The selected fields as a JSON object.
  [[nodiscard]] std::string Render(std::span<const Value> values) const;

 private:
  struct Node {
    soql::Filter filter;  // kind, operator and operands; its parts are not used
    const FieldInfo* field = nullptr;
    std::vector<Node> parts;
  };
  class Binder;
  [[nodiscard]] static bool Test(const Node& node, std::span<const Value> values);
  static void Collect(const Node& node, std::vector<const FieldInfo*>& fields);

  std::shared_ptr<const Catalogue> catalogue_;
  const ObjectInfo* object_ = nullptr;
  std::vector<const FieldInfo*> selected_;
  std::vector<const FieldInfo*> filtered_;
  std::vector<Node> where_;  // one, or none
};

}  // namespace firn::sandbox
