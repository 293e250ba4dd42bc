// Aggregates and GROUP BY: groups are gathered in memory, then handed out as rows.
// Source: SOQL and SOSL Reference, 'Aggregate Functions', 'GROUP BY', 'GROUP BY ROLLUP', 'GROUP BY
// CUBE', 'GROUPING(fieldName)', 'HAVING', read 2026-11.
#include <algorithm>
#include <bit>
#include <unordered_map>

#include "sandbox/api_error.h"
#include "sandbox/decimal.h"
#include "sandbox/soql/cursor.h"
#include "sandbox/soql/date_range.h"
#include "sandbox/soql/distinct.h"
#include "sandbox/soql/lexer.h"

namespace firn::sandbox::soql {
namespace {

constexpr size_t kGroupsMax = 1'000'000;  // bounds the memory of one query

// A value that outlives its row.
struct Kept {
  Value value;
  std::string text;
  void Set(const Value& from) {
    value = from;
    text.assign(from.text);
    value.text = {};
  }
  [[nodiscard]] Value View() const {
    Value view = value;
    if (view.kind == Value::Kind::kText) view.text = text;
    return view;
  }
};

void AppendKey(const Value& value, std::string& key) {
  key += static_cast<char>('0' + static_cast<int>(value.kind));
  if (value.kind == Value::Kind::kText) {
    const std::string folded = Folded(value.text);
    key += std::to_string(folded.size()) + ':' + folded;
  } else {
    key += std::to_string(value.number) + ':' + std::to_string(value.scale) + ';';
  }
}

bool LessValue(const Value& a, const Value& b) {
  if (a.kind == Value::Kind::kText) return Folded(a.text) < Folded(b.text);
  return CompareNumbers(a, b) < 0;
}

// What one aggregate has seen of one group.
struct Accumulator {
  uint64_t count = 0;
  NumberSum sum;
  bool any = false;
  Kept extreme;
  mutable Distinct distinct;

  void Add(const std::string& function, const Value& value, bool every_row) {
    if (every_row) {
      ++count;
      return;
    }
    if (value.null()) return;
    ++count;
    if (function == "COUNT_DISTINCT") {
      std::string key;
      AppendKey(value, key);
      distinct.Add(key);
    } else if (function == "SUM" || function == "AVG") {
      sum.Add(value);
    } else if (function == "MIN" || function == "MAX") {
      const bool better = !any || (function == "MIN" ? LessValue(value, extreme.View())
                                                     : LessValue(extreme.View(), value));
      if (better) extreme.Set(value);
    }
    any = true;
  }

  [[nodiscard]] Value Finish(const std::string& function) const {
    if (function == "COUNT") return Value::Int(static_cast<int64_t>(count));
    if (function == "COUNT_DISTINCT") return Value::Int(static_cast<int64_t>(distinct.Count()));
    if (!any) return {};
    if (function == "MIN" || function == "MAX") return extreme.View();
    return function == "SUM" ? sum.Total() : sum.Mean(count);
  }
};

struct Group {
  // One bit a GROUP BY field: it is summed over, as a subtotal row of ROLLUP and CUBE does.
  unsigned summed = 0;
  std::vector<Kept> keys;
  std::vector<Accumulator> accumulators;  // by AggregateCursor::aggregates_
};

// The sets of fields to group by, each as the bits of those it sums over.
std::vector<unsigned> GroupingSets(Query::Grouping grouping, size_t fields) {
  const unsigned all = (1U << fields) - 1;
  std::vector<unsigned> sets;
  if (grouping == Query::Grouping::kPlain) return {0};
  for (unsigned set = 0; set <= all; ++set) {
    // ROLLUP sums from the right: the last field, the last two ..
    const unsigned low = set == 0 ? 0 : all & ~((1U << (fields - std::popcount(set))) - 1);
    if (grouping == Query::Grouping::kCube || set == low) sets.push_back(set);
  }
  return sets;
}

class AggregateCursor final : public RowCursor {
 public:
  AggregateCursor(std::string_view soql, const Query& query, BoundQuery bound,
                  const QueryContext& context)
      : soql_(soql), query_(query), bound_(std::move(bound)), context_(context) {
    row_.resize(bound_.columns.size());
    texts_.resize(bound_.columns.size());
  }

  Result<void> Open() {
    for (size_t i = 0; i < bound_.bound.size(); ++i) {
      const BoundColumn& column = bound_.bound[i];
      places_.push_back({column.group >= 0 ? -1 : AddAggregate(column.expression), column.group,
                         column.expression.function == "GROUPING"});
    }
    if (query_.having) FIRN_CHECK(BindHaving(*query_.having, having_));
    for (const auto& item : query_.order_by) {
      FIRN_TRY(const Place place, PlaceOf(item.field));
      order_.push_back({place, item.descending, item.nulls_last.value_or(false)});
    }
    FIRN_CHECK(Gather());
    Arrange();
    return {};
  }

  const ObjectInfo& object() const override { return *bound_.object; }
  const std::vector<Column>& columns() const override { return bound_.columns; }
  bool count_only() const override { return false; }
  bool aggregate() const override { return true; }
  uint64_t count() const override { return rows_.size(); }
  std::span<const Value> row() const override { return row_; }
  Value parent_id(size_t, size_t) const override { return {}; }
  const ObjectInfo* parent_object(size_t, size_t) const override { return nullptr; }

  Result<bool> Next() override {
    if (next_ >= rows_.size()) return false;
    const Group& group = *rows_[next_++];
    for (size_t i = 0; i < row_.size(); ++i) {
      row_[i] = ValueOf(group, places_[i]);
      Dress(i);
    }
    return true;
  }

 private:
  // What an expression of the query is, in a group: an aggregate, a key, or GROUPING of a key.
  struct Place {
    int aggregate = -1;
    int group = -1;
    bool grouping = false;
  };
  struct Having {
    Condition::Kind kind = Condition::Kind::kCompare;
    std::vector<Having> parts;
    Filter compare;
    Place place;
  };
  struct Order {
    Place place;
    bool descending = false;
    bool nulls_last = false;
  };

  tl::unexpected<Error> Bad(size_t at, const std::string& what) const {
    return Fail(ErrorAt(soql_, at, "MALFORMED_QUERY", what));
  }

  int AddAggregate(const Expression& expression) {
    aggregates_.push_back(expression);
    return static_cast<int>(aggregates_.size()) - 1;
  }

  // FORMAT and toLabel of a value that is finished.
  void Dress(size_t column) {
    const Expression& expression = bound_.bound[column].expression;
    Value& value = row_[column];
    if (value.null() || expression.field.fields.empty()) return;
    const FieldInfo& info = expression.field.info();
    const int group = bound_.bound[column].group;
    if (group >= 0 && IsDateFunction(expression.function) &&
        bound_.groups[group].expression.function.empty()) {
      value = ApplyDateFunction(expression.function, value, expression.locals->fiscal);
    }
    if (expression.format) {
      const bool counts = expression.function.starts_with("COUNT");
      texts_[column].clear();
      AppendFormatted(value, counts ? FieldType::kInt : info.type, info.scale,
                      *expression.locals->zone, texts_[column]);
      value = Value::Text(texts_[column]);
    } else if (expression.function == "TOLABEL") {
      for (const auto& each : info.picklist_values) {
        if (each.value == value.text && !each.label.empty()) value = Value::Text(each.label);
      }
    }
  }

  // A field expression outside the SELECT list: one of the groups, or an aggregate.
  Result<Place> PlaceOf(const FieldExpr& field) {
    if (field.function.empty() && field.path.size() == 1) {  // an alias of the SELECT list
      for (size_t i = 0; i < bound_.columns.size(); ++i) {
        if (Folded(bound_.columns[i].name) == Folded(field.path[0])) return places_[i];
      }
    }
    FIRN_TRY(Expression expression, bound_.bind_field(field));
    if (IsAggregate(field.function)) return Place{AddAggregate(expression), -1, false};
    const bool grouping = field.function == "GROUPING";
    if (grouping) expression.function.clear();
    for (size_t i = 0; i < bound_.groups.size(); ++i) {
      if (bound_.groups[i].expression.Same(expression)) {
        return Place{-1, static_cast<int>(i), grouping};
      }
    }
    return Bad(field.at, "Field must be grouped or aggregated: " + field.path.back());
  }

  Result<void> BindHaving(const Condition& condition, Having& having) {
    having.kind = condition.kind;
    if (condition.kind != Condition::Kind::kCompare) {
      for (const auto& part : condition.parts) {
        FIRN_CHECK(BindHaving(part, having.parts.emplace_back()));
      }
      return {};
    }
    if (condition.subquery) return Bad(condition.at, "HAVING takes no sub-select");
    FIRN_TRY(having.place, PlaceOf(condition.left));
    const Expression& expression = having.place.aggregate >= 0
                                       ? aggregates_[having.place.aggregate]
                                       : bound_.groups[having.place.group].expression;
    having.compare.family = FamilyOfPlace(having.place, expression);
    having.compare.op = condition.op;
    const FilterContext context{soql_, *bound_.tree, context_.now_millis, context_.locals, {}, {}};
    const bool bare = expression.field.fields.empty();
    return BindOperands(condition, bare ? "expr0" : expression.field.info().name, context,
                        having.compare);
  }

  static Family FamilyOfPlace(const Place& place, const Expression& expression) {
    const std::string& function = expression.function;
    const bool keeps_type = function.empty() || function == "MIN" || function == "MAX";
    if (place.grouping) return Family::kNumber;
    if (function == "DAY_ONLY") return Family::kDate;
    if (!keeps_type || expression.field.fields.empty()) return Family::kNumber;
    return expression.field.type_name ? Family::kText : FamilyOf(expression.field.info().type);
  }

  Result<void> Gather() {
    FIRN_TRY(const AccessPath access,
             ChooseAccess(*bound_.object, bound_.filter ? &*bound_.filter : nullptr, {},
                          *context_.reader));
    FIRN_TRY(RowSource source, RowSource::Open(bound_, access, {}, *context_.reader));
    const std::vector<unsigned> sets = GroupingSets(query_.grouping, bound_.groups.size());
    std::vector<Value> keys(bound_.groups.size());
    std::vector<Value> inputs(aggregates_.size());
    for (;;) {
      FIRN_TRY(const bool more, source.Next());
      if (!more) break;
      for (size_t i = 0; i < keys.size(); ++i) {
        keys[i] = Evaluate(bound_.groups[i].expression, *bound_.tree);
      }
      for (size_t i = 0; i < inputs.size(); ++i) {
        if (!aggregates_[i].field.fields.empty())
          inputs[i] = bound_.tree->Get(aggregates_[i].field);
      }
      for (const unsigned summed : sets) FIRN_CHECK(Add(summed, keys, inputs));
    }
    if (bound_.tree->failure()) return Fail(*bound_.tree->failure());
    if (groups_.empty() && bound_.groups.empty()) {
      groups_[""].accumulators.resize(aggregates_.size());
    }
    return {};
  }

  // One row into the group of one grouping set.
  Result<void> Add(unsigned summed, const std::vector<Value>& keys,
                   const std::vector<Value>& inputs) {
    key_.assign(1, static_cast<char>('0' + summed));
    for (size_t i = 0; i < keys.size(); ++i) {
      if ((summed >> i & 1) == 0) AppendKey(keys[i], key_);
    }
    Group& group = groups_[key_];
    if (group.keys.size() < keys.size() || group.accumulators.empty()) {
      if (groups_.size() > kGroupsMax) {
        return Fail(ApiError(400, "OPERATION_TOO_LARGE", "Aggregate query has too many groups"));
      }
      group.summed = summed;
      group.accumulators.resize(std::max<size_t>(1, aggregates_.size()));
      group.keys.resize(keys.size());
      for (size_t i = 0; i < keys.size(); ++i) {
        if ((summed >> i & 1) == 0) group.keys[i].Set(keys[i]);
      }
    }
    for (size_t i = 0; i < aggregates_.size(); ++i) {
      const bool every_row = aggregates_[i].field.fields.empty();
      group.accumulators[i].Add(aggregates_[i].function, inputs[i], every_row);
    }
    return {};
  }

  [[nodiscard]] Value ValueOf(const Group& group, const Place& place) const {
    if (place.aggregate >= 0) {
      return group.accumulators[place.aggregate].Finish(aggregates_[place.aggregate].function);
    }
    if (place.grouping) return Value::Int(group.summed >> place.group & 1);
    return group.keys[place.group].View();
  }

  [[nodiscard]] bool Passes(const Having& having, const Group& group) const {
    const auto each = [&](const Having& part) { return Passes(part, group); };
    switch (having.kind) {
      case Condition::Kind::kAnd:
        return std::all_of(having.parts.begin(), having.parts.end(), each);
      case Condition::Kind::kOr:
        return std::any_of(having.parts.begin(), having.parts.end(), each);
      case Condition::Kind::kNot:
        return !each(having.parts[0]);
      case Condition::Kind::kCompare:
        return MatchesValue(having.compare, ValueOf(group, having.place));
    }
    return true;
  }

  // By ORDER BY; then by the keys, nulls first, subtotals behind what they sum up.
  [[nodiscard]] bool Before(const Group& a, const Group& b) const {
    for (const auto& item : order_) {
      const Value left = ValueOf(a, item.place);
      const Value right = ValueOf(b, item.place);
      if (left.null() != right.null()) return left.null() != item.nulls_last;
      if (left.null()) continue;
      if (LessValue(left, right)) return !item.descending;
      if (LessValue(right, left)) return item.descending;
    }
    for (size_t i = 0; i < a.keys.size(); ++i) {
      const unsigned summed_a = a.summed >> i & 1;
      const unsigned summed_b = b.summed >> i & 1;
      if (summed_a != summed_b) return summed_a < summed_b;
      const Value left = a.keys[i].View();
      const Value right = b.keys[i].View();
      if (left.null() != right.null()) return left.null();
      if (left.null()) continue;
      if (LessValue(left, right)) return true;
      if (LessValue(right, left)) return false;
    }
    return false;
  }

  void Arrange() {
    for (const auto& [key, group] : groups_) {
      if (!query_.having || Passes(having_, group)) rows_.push_back(&group);
    }
    std::stable_sort(rows_.begin(), rows_.end(),
                     [&](const Group* a, const Group* b) { return Before(*a, *b); });
    const auto skip = std::min<size_t>(query_.offset.value_or(0), rows_.size());
    rows_.erase(rows_.begin(), rows_.begin() + static_cast<ptrdiff_t>(skip));
    if (query_.limit && rows_.size() > static_cast<size_t>(*query_.limit)) {
      rows_.resize(*query_.limit);
    }
  }

  std::string_view soql_;
  const Query& query_;
  BoundQuery bound_;
  QueryContext context_;
  std::vector<Expression> aggregates_;
  std::vector<Place> places_;  // of the columns
  Having having_;
  std::vector<Order> order_;
  std::unordered_map<std::string, Group> groups_;
  std::string key_;
  std::vector<const Group*> rows_;
  size_t next_ = 0;
  std::vector<Value> row_;
  std::vector<std::string> texts_;  // of FORMAT
};

}  // namespace

Result<std::unique_ptr<RowCursor>> OpenAggregate(std::string_view soql, const Query& query,
                                                 BoundQuery bound, const QueryContext& context) {
  auto cursor = std::make_unique<AggregateCursor>(soql, query, std::move(bound), context);
  FIRN_CHECK(cursor->Open());
  return std::unique_ptr<RowCursor>(std::move(cursor));
}

}  // namespace firn::sandbox::soql
