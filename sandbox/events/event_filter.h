// The filter expression of a channel's member: which of its events a subscriber gets.
//
// A subset of SOQL's conditions over the entity's fields, the parts of its compounds
// (`BillingAddress.City`) and, of change events, the header's single values
// (`ChangeEventHeader.changeType`). What an event does not tell is unknown: an event is held back
// only when it is sure not to match, so that gap and overflow events, which tell no fields, are
// lost to nobody. Immutable; one thread at a time.
// Source: Change Data Capture Developer Guide, 'Change Event Filters', 'Filter Expression Format',
// 'Field Considerations'; Platform Events Developer Guide, the same pages; read 2026-11.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/schema.h"
#include "sandbox/soql/filter.h"

namespace firn::sandbox {

// What a filter looks at.
struct FilterTerm {
  std::string header;                 // `changeType`; empty: a field
  const FieldInfo* field = nullptr;   // the stored field
  const FieldInfo* parent = nullptr;  // the compound it is a part of
};

class EventFilter {
 public:
  struct Options {
    std::shared_ptr<const Catalogue> catalogue;
    const ObjectInfo* object = nullptr;  // of the catalogue
    int64_t now_millis = 0;
  };
  // Errors: api error FIELD_INTEGRITY_EXCEPTION as the vendor words them.
  [[nodiscard]] static Result<EventFilter> Bind(std::string_view expression,
                                                const Options& options);
  // The value of a term; nothing when it is not known.
  using Lookup = std::function<std::optional<Value>(const FilterTerm&)>;
  // False: the event is sure not to match.
  [[nodiscard]] bool Lets(const Lookup& lookup) const {
    return Test(root_, lookup) != Verdict::kNo;
  }
  // Top-level fields of the entity that the expression names: the event always carries them.
  [[nodiscard]] std::vector<std::string> Fields() const;

 private:
  enum class Verdict { kNo, kYes, kUnknown };
  struct Node {
    soql::Filter filter;  // kind, operator and operands; its parts are not used
    FilterTerm term;
    std::vector<Node> parts;
  };
  class Binder;
  [[nodiscard]] static Verdict Test(const Node& node, const Lookup& lookup);
  static void Collect(const Node& node, std::vector<std::string>& names);

  std::shared_ptr<const Catalogue> catalogue_;  // the terms point into it
  Node root_;
};

// Whether events can be enriched with the field, and filtered by it: no long, rich or encrypted
// text, no formula, nothing computed by the org.
[[nodiscard]] bool CanEnrich(const ObjectInfo& object, const FieldInfo& field);

}  // namespace firn::sandbox
