#include "sandbox/soql/cursor.h"

#include "sandbox/api_error.h"
#include "sandbox/soql/key_sorter.h"
#include "sandbox/soql/leading_index.h"
#include "sandbox/soql/narrow.h"
#include "sandbox/soql/parse.h"
#include "sandbox/soql/sort_keys.h"

namespace firn::sandbox::soql {
namespace {

// Keeps one snapshot for all statements of a query: a read transaction on the connection.
class Snapshot {
 public:
  // Without a reader it keeps nothing: the connection is in a transaction already.
  explicit Snapshot(std::shared_ptr<Reader> reader) : reader_(std::move(reader)) {}
  Snapshot(Snapshot&& other) noexcept = default;
  Snapshot& operator=(Snapshot&&) = delete;
  ~Snapshot() {
    if (reader_) (void)reader_->db().Execute("COMMIT");
  }

 private:
  std::shared_ptr<Reader> reader_;
};

// The branch of a TYPEOF that fits the current record, as a row of its own.
class BranchRow final : public RowCursor {
 public:
  BranchRow(const BoundTypeof::Branch& branch, RowTree& tree, const ObjectInfo& object, int node)
      : branch_(branch), tree_(tree), object_(object), node_(node) {
    for (const auto& expression : branch.expressions) row_.push_back(Evaluate(expression, tree));
  }
  const ObjectInfo& object() const override { return object_; }
  const std::vector<Column>& columns() const override { return branch_.columns; }
  bool count_only() const override { return false; }
  bool aggregate() const override { return false; }
  uint64_t count() const override { return 1; }
  Result<bool> Next() override { return false; }
  std::span<const Value> row() const override { return row_; }
  Value parent_id(size_t column, size_t level) const override {
    return tree_.IdAt(NodeAt(column, level));
  }
  const ObjectInfo* parent_object(size_t column, size_t level) const override {
    const Value id = parent_id(column, level);
    return id.null() ? nullptr : tree_.catalogue().ByKeyPrefix(KeyPrefixOf(id.number));
  }
  bool parent_is_name(size_t column, size_t level) const override {
    return level > 0 && tree_.polymorphic(NodeAt(column, level));
  }

 private:
  [[nodiscard]] int NodeAt(size_t column, size_t level) const {
    const auto& way = branch_.ways[column];
    return level < way.size() ? way[level] : node_;
  }
  const BoundTypeof::Branch& branch_;
  RowTree& tree_;
  const ObjectInfo& object_;
  const int node_;
  std::vector<Value> row_;
};

class SelectCursor final : public RowCursor, public LeadingIndex {
 public:
  SelectCursor(std::string_view soql, const Query& query, BoundQuery bound, QueryContext context)
      : soql_(soql), query_(query), bound_(std::move(bound)), context_(std::move(context)) {
    row_.resize(bound_.columns.size());
    texts_.resize(bound_.columns.size());
    children_.resize(bound_.columns.size());
    Rewind();
  }

  Result<void> Open() {
    const Filter* filter = bound_.filter ? &*bound_.filter : nullptr;
    RowOrder natural = NaturalOrder(bound_);
    if (query_.count_only) natural = {"mod", false};
    FIRN_TRY(access_, ChooseAccess(*bound_.object, filter, natural, reader()));
    if (query_.count_only) return CountAll(filter);
    // Few rows of another index are better sorted than looked for along the order's own.
    if (access_.selective && access_.column != natural.column) natural = {};
    FIRN_TRY(RowSource source, RowSource::Open(bound_, access_, natural, reader()));
    source_.emplace(std::move(source));
    if (!bound_.order.empty() && natural.column.empty()) return Sort();
    return {};
  }

  // Opens again for another parent; the first part of the filter is the link to it.
  Result<void> Restart(int64_t parent_id) {
    source_.reset();
    bound_.filter->parts[0].operands[0].number = parent_id;
    Rewind();
    return Open();
  }

  const ObjectInfo& object() const override { return *bound_.object; }
  const std::vector<Column>& columns() const override { return bound_.columns; }
  bool count_only() const override { return query_.count_only; }
  bool aggregate() const override { return false; }
  uint64_t count() const override { return count_; }
  std::span<const Value> row() const override { return row_; }
  uint64_t child_rows() const override { return child_rows_; }
  bool marks_recent() const override { return query_.for_view || query_.for_reference; }
  const FieldInfo* leading_index() const override {
    if (access_.where.empty()) return nullptr;
    for (const FieldInfo& field : bound_.object->fields) {
      if (IndexedColumn(field) == access_.column) return &field;
    }
    return nullptr;
  }

  Value parent_id(size_t column, size_t level) const override {
    if (column >= bound_.bound.size()) return bound_.tree->IdAt(0);
    const auto& way = bound_.bound[column].way;
    if (level >= way.size()) return level == 0 ? bound_.tree->IdAt(0) : Value{};
    return bound_.tree->IdAt(way[level]);
  }

  const ObjectInfo* parent_object(size_t column, size_t level) const override {
    const Value id = parent_id(column, level);
    return id.null() ? nullptr : context_.catalogue->ByKeyPrefix(KeyPrefixOf(id.number));
  }

  bool parent_is_name(size_t column, size_t level) const override {
    const auto& way = bound_.bound[column].way;
    return level < way.size() && bound_.tree->polymorphic(way[level]);
  }

  Result<bool> Next() override {
    if (query_.count_only) return false;
    for (; skip_ > 0; --skip_) {
      FIRN_TRY(const bool more, Advance());
      if (!more) return false;
    }
    if (left_ == 0) return false;
    FIRN_TRY(const bool more, Advance());
    if (!more) return false;
    --left_;
    child_rows_ = 0;
    for (size_t i = 0; i < row_.size(); ++i) FIRN_CHECK(FillColumn(i));
    if (bound_.tree->failure()) return Fail(*bound_.tree->failure());
    return true;
  }

 private:
  Reader& reader() { return *context_.reader; }

  void Rewind() {
    left_ = query_.limit.value_or(INT64_MAX);
    skip_ = query_.offset.value_or(0);
    sorter_.reset();
  }

  Result<void> FillColumn(size_t i) {
    const BoundColumn& column = bound_.bound[i];
    if (column.subquery != nullptr) return RunSubquery(i);
    if (column.type_of) {
      RunTypeof(i);
      return {};
    }
    const Expression& expression = column.expression;
    row_[i] = Evaluate(expression, *bound_.tree);
    if (expression.format && !row_[i].null()) {
      const FieldInfo& info = expression.field.info();
      texts_[i].clear();
      AppendFormatted(row_[i], info.type, info.scale, *expression.locals->zone, texts_[i]);
      row_[i] = Value::Text(texts_[i]);
    }
    return {};
  }

  Result<bool> Advance() {
    if (!sorter_) return source_->Next();
    for (;;) {
      FIRN_TRY(const auto number, sorter_->Next());
      if (!number) return false;
      FIRN_TRY(auto row, reader().Load(*bound_.object, MakeId(bound_.object->key_prefix, *number)));
      if (!row) continue;
      held_ = std::move(*row);
      FIRN_CHECK(bound_.tree->SetRow(*number, held_.deleted, held_.modstamp, held_.blob));
      return true;
    }
  }

  Result<void> Sort() {
    constexpr int64_t kKeepMax = 1'000'000;
    const std::string& path = reader().db().path();
    KeySorter::Options options;
    options.folder = path.substr(0, path.rfind('/') + 1);
    if (left_ < kKeepMax) options.keep_max = static_cast<size_t>(left_ + skip_);
    auto sorter = std::make_unique<KeySorter>(std::move(options));
    std::string key;
    for (;;) {
      FIRN_TRY(const bool more, source_->Next());
      if (!more) break;
      key.clear();
      AppendSortKey(bound_.order, *bound_.tree, key);
      FIRN_CHECK(sorter->Add(key, source_->record_number()));
    }
    FIRN_CHECK(sorter->Finish());
    sorter_ = std::move(sorter);
    return {};
  }

  Result<void> CountAll(const Filter* filter) {
    if (filter == nullptr && context_.count) {
      count_ = context_.count(*bound_.object, bound_.all_rows);
    } else if (filter == nullptr || access_.exact) {
      FIRN_TRY(count_, CountRows(*bound_.object, access_, bound_.all_rows, reader()));
    } else {
      FIRN_TRY(access_, ChooseAccess(*bound_.object, filter, {}, reader()));
      FIRN_TRY(RowSource source, RowSource::Open(bound_, access_, {}, reader()));
      for (;;) {
        FIRN_TRY(const bool more, source.Next());
        if (!more) break;
        ++count_;
      }
    }
    count_ -= std::min<uint64_t>(count_, skip_);
    count_ = std::min<uint64_t>(count_, left_);
    return {};
  }

  // Binds a child sub-select once; the link to the parent is one more condition, and the way to the
  // rows.
  Result<SelectCursor*> Child(size_t column) {
    if (children_[column]) return children_[column].get();
    const Query& subquery = *bound_.bound[column].subquery;
    const ChildRelationship* relationship = bound_.object->Child(subquery.object);
    QueryContext inner = context_;
    ++inner.depth;
    FIRN_TRY(BoundQuery bound, Bind(soql_, subquery, inner, bound_.object));
    Filter link;
    link.family = Family::kId;
    link.left.field = bound.tree->RefOf(*bound.object->Field(relationship->field));
    link.operands.emplace_back();
    Filter both;
    both.kind = Condition::Kind::kAnd;
    both.parts.push_back(std::move(link));
    if (bound.filter) both.parts.push_back(std::move(*bound.filter));
    bound.filter = std::move(both);
    children_[column] =
        std::make_unique<SelectCursor>(soql_, subquery, std::move(bound), std::move(inner));
    return children_[column].get();
  }

  // The children of the current row as a REST answer nests them; null when there are none.
  Result<void> RunSubquery(size_t column) {
    FIRN_TRY(SelectCursor * children, Child(column));
    FIRN_CHECK(children->Restart(bound_.tree->IdAt(0).number));
    const QueryOptions& options = context_.options;
    const uint64_t max = options.keep_rest ? options.child_rows_max : UINT64_MAX;
    std::string records;
    uint64_t shown = 0;
    while (shown < max) {
      FIRN_TRY(const bool more, children->Next());
      if (!more) break;
      if (shown++ > 0) records += ',';
      AppendJsonRow(*children, options.api_version, records);
      child_rows_ += 1 + children->child_rows();
    }
    KeptRows rest;
    if (shown == max) {
      FIRN_TRY(rest, options.keep_rest(*children, shown));
    }
    std::string& json = texts_[column];
    json = "{\"totalSize\":" + std::to_string(shown + rest.rows);
    json += rest.rows == 0 ? ",\"done\":true" : ",\"done\":false";
    if (rest.rows > 0) {
      json += ",\"nextRecordsUrl\":\"/services/data/v" + std::to_string(options.api_version) +
              ".0/query/" + rest.locator + "\"";
    }
    json += ",\"records\":[" + records + "]}";
    row_[column] = shown == 0 ? Value{} : Value::Json(json);
    return {};
  }

  // Null where the relationship is, and where no branch fits.
  void RunTypeof(size_t column) {
    const BoundTypeof& type_of = *bound_.bound[column].type_of;
    row_[column] = {};
    const Value id = bound_.tree->IdAt(type_of.node);
    if (id.null()) return;
    const ObjectInfo* object = context_.catalogue->ByKeyPrefix(KeyPrefixOf(id.number));
    for (const auto& branch : type_of.branches) {
      if (branch.object != nullptr && branch.object != object) continue;
      texts_[column].clear();
      AppendJsonRow(BranchRow(branch, *bound_.tree, *object, type_of.node),
                    context_.options.api_version, texts_[column]);
      row_[column] = Value::Json(texts_[column]);
      return;
    }
  }

  std::string_view soql_;
  const Query& query_;
  BoundQuery bound_;
  QueryContext context_;
  AccessPath access_;
  std::optional<RowSource> source_;
  std::unique_ptr<KeySorter> sorter_;  // of rows that no index gives in their order
  StoredRow held_;
  std::vector<Value> row_;
  std::vector<std::string> texts_;  // of sub-selects, TYPEOF and FORMAT
  std::vector<std::unique_ptr<SelectCursor>> children_;
  int64_t left_ = 0;
  int64_t skip_ = 0;
  uint64_t count_ = 0;
  uint64_t child_rows_ = 0;
};

// The outermost cursor: owns the text, the tree and the snapshot.
class OwningCursor final : public RowCursor, public LeadingIndex {
 public:
  OwningCursor(std::string soql, Query query, std::shared_ptr<Reader> reader)
      : snapshot_(std::move(reader)), soql_(std::move(soql)), query_(std::move(query)) {}
  Result<void> Open(const QueryContext& context) {
    FIRN_TRY(inner_, OpenBound(soql_, query_, context, nullptr));
    return {};
  }
  const ObjectInfo& object() const override { return inner_->object(); }
  const std::vector<Column>& columns() const override { return inner_->columns(); }
  bool count_only() const override { return inner_->count_only(); }
  bool aggregate() const override { return inner_->aggregate(); }
  uint64_t count() const override { return inner_->count(); }
  Result<bool> Next() override { return inner_->Next(); }
  std::span<const Value> row() const override { return inner_->row(); }
  Value parent_id(size_t column, size_t level) const override {
    return inner_->parent_id(column, level);
  }
  const ObjectInfo* parent_object(size_t column, size_t level) const override {
    return inner_->parent_object(column, level);
  }
  bool parent_is_name(size_t column, size_t level) const override {
    return inner_->parent_is_name(column, level);
  }
  uint64_t child_rows() const override { return inner_->child_rows(); }
  bool marks_recent() const override { return inner_->marks_recent(); }
  const FieldInfo* leading_index() const override {
    const auto* of_records = dynamic_cast<const LeadingIndex*>(inner_.get());
    return of_records == nullptr ? nullptr : of_records->leading_index();
  }

 private:
  Snapshot snapshot_;  // ends after everything that reads
  std::string soql_;
  Query query_;
  std::unique_ptr<RowCursor> inner_;
};

}  // namespace

Result<RowSource> RowSource::Open(const BoundQuery& query, const AccessPath& access,
                                  const RowOrder& order, Reader& reader) {
  FIRN_TRY(Statement rows, OpenRows(*query.object, access, order, query.all_rows, reader));
  return RowSource(std::move(rows), query);
}

Result<bool> RowSource::Next() {
  for (;;) {
    FIRN_TRY(const bool more, rows_.Step());
    if (!more) return false;
    RowTree& tree = *query_->tree;
    FIRN_CHECK(tree.SetRow(rows_.Int(0), rows_.Int(1) != 0, rows_.Int(2), rows_.Blob(3)));
    if (!query_->filter || Matches(*query_->filter, tree)) return true;
  }
}

Result<std::unique_ptr<RowCursor>> OpenBound(std::string_view soql, const Query& query,
                                             const QueryContext& context,
                                             const ObjectInfo* child_of) {
  FIRN_TRY(BoundQuery bound, Bind(soql, query, context, child_of));
  if (bound.aggregate) return OpenAggregate(soql, query, std::move(bound), context);
  auto cursor = std::make_unique<SelectCursor>(soql, query, std::move(bound), context);
  FIRN_CHECK(cursor->Open());
  return std::unique_ptr<RowCursor>(std::move(cursor));
}

Result<std::unique_ptr<RowCursor>> OpenQuery(std::string_view soql, QueryContext context) {
  FIRN_TRY(Query query, Parse(soql));
  if (context.view) Narrow(query, *context.view);
  if (!context.in_transaction) FIRN_CHECK(context.reader->db().Execute("BEGIN"));
  auto cursor = std::make_unique<OwningCursor>(std::string(soql), std::move(query),
                                               context.in_transaction ? nullptr : context.reader);
  FIRN_CHECK(cursor->Open(context));
  return std::unique_ptr<RowCursor>(std::move(cursor));
}

}  // namespace firn::sandbox::soql
