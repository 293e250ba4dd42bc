// Filter: which rows are wanted, in the words of SQL's predicates.
//
// `Amount > 100 AND (Name LIKE 'A%' OR NOT Stage IN ('a', 'b')) AND Closed IS NULL`: comparisons of
// a column with literals, joined by AND, OR and NOT. A filter says of a file's or row group's
// statistics whether any row may match, and of a batch which rows do. A comparison with null is
// neither true nor false, as in SQL; NaN fits only `!=`, since bounds leave it out. A time without
// a zone is UTC. Immutable; any thread. Source of the statistics' meaning: Iceberg spec, "Scan
// Planning", read 2026-11.
#pragma once

#include <arrow/type_fwd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/record/schema.h"
#include "ends/lake/data_file.h"

namespace firn::lake {

struct TableMetadata;
struct Transform;

class Filter {
 public:
  // Top-level columns of `schema`. Errors: BadInput (LAKE-FILTER-001) with what was expected where;
  // NotFound (LAKE-COLUMN-001) with the nearest name.
  [[nodiscard]] static Result<Filter> Parse(std::string_view text, const record::Schema& schema);

  [[nodiscard]] const std::vector<record::Field>& fields() const { return fields_; }  // each once
  // False: no row of it matches. Unknown statistics may match.
  [[nodiscard]] bool MayMatch(const DataFile& statistics) const;
  // False: no row of a data file of that partition matches, by the values its rows were placed by.
  // Transforms unknown here may match. Source: Iceberg spec, "Scan Planning" (inclusive
  // projection).
  [[nodiscard]] bool MayMatchPartition(const TableMetadata& metadata, const DataFile& file) const;
  // One value a row. `rows` has the filter's columns by name.
  [[nodiscard]] Result<std::vector<bool>> Matches(const arrow::RecordBatch& rows) const;

 private:
  enum class Op {
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kNull,
    kNotNull,
    kLike,
    kNotLike
  };
  struct Predicate {
    size_t field = 0;  // into fields_
    Op op = Op::kEqual;
    std::vector<std::shared_ptr<arrow::Scalar>> values;  // kEqual: any of them; kNotEqual: none
    std::string pattern;                                 // kLike, kNotLike
  };
  // NOT is not among them: what it stands before is turned round when it is parsed.
  struct Node {
    enum class Kind { kAll, kAny, kPredicate };
    Kind kind = Kind::kAll;
    std::vector<Node> nodes;
    size_t predicate = 0;  // into predicates_
  };
  friend class FilterParser;

  // Whether a row may match, by whether one may match each predicate.
  template <typename May>
  static bool MayHold(const Node& node, const May& may) {
    const auto holds = [&](const Node& inner) { return MayHold(inner, may); };
    if (node.kind == Node::Kind::kPredicate) return may(node.predicate);
    return node.kind == Node::Kind::kAll ? std::all_of(node.nodes.begin(), node.nodes.end(), holds)
                                         : std::any_of(node.nodes.begin(), node.nodes.end(), holds);
  }
  bool MayMatch(const Predicate& predicate, const DataFile& statistics) const;
  bool MayMatch(const Predicate& predicate, const Transform& transform,
                const std::optional<std::string>& value) const;

  [[nodiscard]] Result<std::vector<bool>> Matches(const Predicate& predicate,
                                                  const arrow::RecordBatch& rows) const;
  [[nodiscard]] Result<std::vector<bool>> Matches(const Node& node,
                                                  const arrow::RecordBatch& rows) const;

  std::vector<record::Field> fields_;
  std::vector<Predicate> predicates_;
  Node root_;
};

}  // namespace firn::lake
