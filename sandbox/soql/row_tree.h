// RowTree: the current record of a query and its parents, read on demand.
//
// Node 0 is the queried object; every relationship used by a field path adds a node below it.
// Parents are fetched through the reader when a value of theirs is asked for, and kept in a small
// cache, for the same parent serves many rows. Computed fields (formulas, compounds) are worked out
// here too. One thread at a time; holds its reader and its catalogue.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/error.h"
#include "sandbox/schema.h"
#include "sandbox/soql/formula.h"
#include "sandbox/store/row_codec.h"
#include "sandbox/store/tables.h"
#include "sandbox/value.h"

namespace firn::sandbox::soql {

// A field as seen from a node: a polymorphic relationship has one per object it may lead to.
struct FieldRef {
  int node = 0;
  std::vector<const FieldInfo*> fields;  // by candidate of the node; nullptr where it has none
  std::vector<const ObjectInfo*> objects;
  bool type_name = false;  // `Who.Type`: the name of the parent's object
  [[nodiscard]] const FieldInfo& info() const;
};

// The vendor's sentence for a field that is not there, or not for this client.
[[nodiscard]] std::string NoSuchColumn(const std::string& column, const std::string& entity);

class RowTree {
 public:
  RowTree(std::shared_ptr<const Catalogue> catalogue, const ObjectInfo& object,
          std::shared_ptr<Reader> reader);

  // Resolves a path from the queried object and makes its slots be read. `path` is rewritten as the
  // catalogue spells it. Only before the first SetRow. Errors: a sentence as the vendor has it
  // ("No such column .."), for the caller to put a position to.
  [[nodiscard]] tl::expected<FieldRef, std::string> Resolve(std::vector<std::string>& path,
                                                            bool see_hidden);
  [[nodiscard]] FieldRef RefOf(const FieldInfo& field);
  // The node a path of relationships leads to; `path` is rewritten too. Errors as of Resolve.
  [[nodiscard]] tl::expected<int, std::string> ResolveNode(std::vector<std::string>& path,
                                                           bool see_hidden);
  // A path that begins at a node whose record is an object of this name, or, with no name, at the
  // fields every object there shares.
  [[nodiscard]] tl::expected<FieldRef, std::string> ResolveAt(int node, const ObjectInfo* object,
                                                              std::vector<std::string>& path,
                                                              bool see_hidden);
  // A node whose relationship may lead to several objects.
  [[nodiscard]] bool polymorphic(int node) const {
    return node > 0 && nodes_[node].via.info().reference_to.size() > 1;
  }
  // The objects it may lead to, of those this org has.
  [[nodiscard]] std::vector<const ObjectInfo*> ObjectsAt(int node) const;
  // The compound's component whose name ends so: `Latitude`.
  [[nodiscard]] FieldRef Component(const FieldRef& compound, std::string_view ending);
  // Text that lives until the next SetRow.
  [[nodiscard]] std::string& Scratch() {
    if (scratch_used_ == scratch_.size()) scratch_.emplace_back();
    std::string& text = scratch_[scratch_used_++];
    text.clear();
    return text;
  }
  [[nodiscard]] const ObjectInfo& object() const { return *nodes_[0].candidates[0].object; }
  [[nodiscard]] const Catalogue& catalogue() const { return *catalogue_; }
  [[nodiscard]] const std::shared_ptr<Reader>& reader() const { return reader_; }
  // The nodes from the root to a ref's node, root first.
  [[nodiscard]] std::vector<int> Way(const FieldRef& ref) const { return WayTo(ref.node); }
  [[nodiscard]] std::vector<int> WayTo(int node) const;
  // As the catalogue writes it: `Owner`.
  [[nodiscard]] const std::string& relationship_name(int node) const {
    return nodes_[node].via.info().relationship_name;
  }

  // The blob must live until the next SetRow. Errors: Corrupt.
  [[nodiscard]] Result<void> SetRow(int64_t record_number, bool deleted, int64_t modstamp,
                                    std::string_view blob);
  // The value in the current row. Texts live until the next SetRow. A parent that cannot be read is
  // null; the first such failure is kept in failure().
  [[nodiscard]] Value Get(const FieldRef& ref);
  // The id of the record at a node, or null.
  [[nodiscard]] Value IdAt(int node);
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  struct Candidate {
    const ObjectInfo* object = nullptr;
    std::vector<int> wanted;
    std::unique_ptr<RowReader> reader;
  };
  struct Node {
    int parent = -1;
    FieldRef via;
    std::string relationship;  // folded
    std::vector<Candidate> candidates;
    std::unordered_map<int64_t, std::shared_ptr<const StoredRow>> cache;
    // The current row's.
    uint64_t loaded_for = 0;
    int current = -1;
    int64_t id = 0;
    std::shared_ptr<const StoredRow> row;
  };
  static constexpr size_t kCacheMax = 4096;
  static constexpr size_t kNodesMax =
      200;  // SOQL limits allow 55 relationships; formulas add theirs
  static constexpr size_t kLevelsMax = 5;  // SOQL and SOSL Reference, 'Relationship Query Limits'

  struct Step {
    FieldRef ref;
    std::string entity;  // for error texts
    bool known = false;
  };
  Step StepFrom(int node, const ObjectInfo* only, const std::string& name, bool last,
                bool see_hidden) const;
  int NodeFor(int parent, const std::string& relationship, FieldRef via);
  [[nodiscard]] size_t Depth(int node) const;
  void Want(int node, size_t candidate, const FieldInfo& field);
  bool Load(Node& node);
  Value Compute(int node, size_t candidate, const FieldInfo& field);
  Value Compound(const Candidate& candidate, const FieldInfo& field);
  Value Formula(const FieldInfo& field);

  std::shared_ptr<const Catalogue> catalogue_;
  std::shared_ptr<Reader> reader_;
  std::deque<Node> nodes_;
  uint64_t serial_ = 0;
  std::deque<std::string> scratch_;
  size_t scratch_used_ = 0;
  struct BoundFormula {
    std::unique_ptr<formula::Expression> expression;
    std::vector<FieldRef> inputs;
  };
  std::unordered_map<const FieldInfo*, BoundFormula> formulas_;
  std::optional<Error> failure_;
};

}  // namespace firn::sandbox::soql
