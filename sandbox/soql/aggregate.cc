// Aggregates and GROUP BY: groups are gathered in memory, then handed out as rows.
// Source: SOQL and SOSL Reference, 'Aggregate Functions', 'GROUP BY', read 2026-11.
#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <set>

#include "sandbox/api_error.h"
#include "sandbox/soql/cursor.h"
#include "sandbox/soql/date_range.h"
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
    key += std::to_string(value.number) + ';';
  }
}

bool LessValue(const Value& a, const Value& b) {
  if (a.kind == Value::Kind::kText) return Folded(a.text) < Folded(b.text);
  return a.number < b.number;
}

// What one aggregate has seen of one group.
struct Accumulator {
  uint64_t count = 0;
  __int128 sum = 0;
  int scale = 0;
  bool any = false;
  Kept extreme;
  std::set<std::string> distinct;

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
      distinct.insert(std::move(key));
    } else if (function == "SUM" || function == "AVG") {
      sum += value.number;
      scale = value.scale;
    } else if (function == "MIN" || function == "MAX") {
      const bool better = !any || (function == "MIN" ? LessValue(value, extreme.View())
                                                     : LessValue(extreme.View(), value));
      if (better) extreme.Set(value);
    }
    any = true;
  }

  [[nodiscard]] Value Finish(const std::string& function) const {
    if (function == "COUNT") return Value::Int(static_cast<int64_t>(count));
    if (function == "COUNT_DISTINCT") return Value::Int(static_cast<int64_t>(distinct.size()));
    if (!any) return {};
    if (function == "MIN" || function == "MAX") return extreme.View();
    if (function == "SUM") return Value::Decimal(static_cast<int64_t>(sum), scale);
    constexpr int kDigits = 6;  // fraction digits of an average
    const long double mean =
        static_cast<long double>(sum) / static_cast<long double>(count) / std::pow(10.0L, scale);
    return Value::Decimal(std::llround(mean * std::pow(10.0L, kDigits)), kDigits);
  }
};

struct Group {
  std::vector<Kept> keys;
  std::vector<Accumulator> accumulators;  // by AggregateCursor::aggregates_
};

class AggregateCursor final : public RowCursor {
 public:
  AggregateCursor(std::string_view soql, const Query& query, BoundQuery bound,
                  const QueryContext& context)
      : soql_(soql), query_(query), bound_(std::move(bound)), context_(context) {
    row_.resize(bound_.columns.size());
  }

  Result<void> Open() {
    for (size_t i = 0; i < bound_.bound.size(); ++i) {
      const BoundColumn& column = bound_.bound[i];
      column_aggregate_.push_back(column.group >= 0 ? -1
                                                    : AddAggregate(query_.select[i].field, column));
    }
    if (query_.having) FIRN_CHECK(BindHaving(*query_.having, having_));
    for (const auto& item : query_.order_by) FIRN_CHECK(BindOrder(item));
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
      const int at = column_aggregate_[i];
      row_[i] = at < 0 ? group.keys[bound_.bound[i].group].View()
                       : group.accumulators[at].Finish(aggregates_[at].function);
    }
    return true;
  }

 private:
  struct Aggregate {
    std::string function;
    FieldRef field;
    bool every_row = false;  // COUNT()
  };
  // HAVING, bound to groups and aggregates.
  struct Having {
    Condition::Kind kind = Condition::Kind::kCompare;
    std::vector<Having> parts;
    Filter compare;
    int aggregate = -1;
    int group = -1;
  };
  struct Order {
    int aggregate = -1;
    int group = -1;
    bool descending = false;
    bool nulls_last = false;
  };

  tl::unexpected<Error> Bad(size_t at, const std::string& what) const {
    return Fail(ErrorAt(soql_, at, "MALFORMED_QUERY", what));
  }

  int AddAggregate(const FieldExpr& field, const BoundColumn& column) {
    aggregates_.push_back({field.function, column.field, field.path.empty()});
    return static_cast<int>(aggregates_.size()) - 1;
  }

  // A field expression outside the SELECT list: one of the groups, or an aggregate.
  Result<std::pair<int, int>> Place(const FieldExpr& field) {
    BoundColumn column;
    column.function = field.function;
    if (!field.path.empty()) {
      std::vector<std::string> path = field.path;
      for (size_t i = 0; i < bound_.columns.size(); ++i) {  // an alias of the SELECT list
        if (path.size() != 1 || Folded(bound_.columns[i].name) != Folded(path[0])) continue;
        if (field.function.empty()) return std::pair(column_aggregate_[i], bound_.bound[i].group);
      }
      auto ref = bound_.tree->Resolve(path, context_.options.see_hidden);
      if (!ref) return Fail(ErrorAt(soql_, field.at, "INVALID_FIELD", ref.error()));
      column.field = *std::move(ref);
    }
    const bool plain = field.function.empty() || IsDateFunction(field.function);
    if (!plain) return std::pair(AddAggregate(field, column), -1);
    for (size_t i = 0; i < bound_.groups.size(); ++i) {
      const BoundColumn& group = bound_.groups[i];
      if (group.function == field.function && &group.field.info() == &column.field.info()) {
        return std::pair(-1, static_cast<int>(i));
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
    FIRN_TRY(const auto place, Place(condition.left));
    std::tie(having.aggregate, having.group) = place;
    having.compare.op = condition.op;
    for (const auto& literal : condition.values) {
      Operand operand;
      operand.null = literal.kind == Literal::Kind::kNull;
      if (literal.kind == Literal::Kind::kNumber) {
        FieldInfo wide;
        wide.type = FieldType::kDouble;
        wide.precision = 18;
        wide.scale = 6;
        std::string storage;
        FIRN_TRY(const Value value, ParseFieldText(wide, literal.text, storage));
        operand.number = value.number;
        operand.scale = wide.scale;
        having.compare.family = Family::kNumber;
      } else if (literal.kind == Literal::Kind::kString) {
        operand.text = Folded(literal.text);
      } else if (!operand.null) {
        return Bad(literal.at, "HAVING compares with numbers and texts");
      }
      having.compare.operands.push_back(std::move(operand));
    }
    return {};
  }

  Result<void> BindOrder(const OrderItem& item) {
    FIRN_TRY(const auto place, Place(item.field));
    order_.push_back(
        {place.first, place.second, item.descending, item.nulls_last.value_or(item.descending)});
    return {};
  }

  Result<void> Gather() {
    FIRN_TRY(const AccessPath access,
             ChooseAccess(*bound_.object, bound_.filter ? &*bound_.filter : nullptr,
                          RowOrder::kNone, *context_.reader));
    FIRN_TRY(RowSource source, RowSource::Open(bound_, access, RowOrder::kNone, *context_.reader));
    std::string key;
    std::vector<Value> values(bound_.groups.size());
    for (;;) {
      FIRN_TRY(const bool more, source.Next());
      if (!more) break;
      key.clear();
      for (size_t i = 0; i < values.size(); ++i) {
        values[i] = bound_.tree->Get(bound_.groups[i].field);
        if (IsDateFunction(bound_.groups[i].function)) {
          values[i] = ApplyDateFunction(bound_.groups[i].function, values[i]);
        }
        AppendKey(values[i], key);
      }
      Group& group = groups_[key];
      if (group.accumulators.empty()) {
        if (groups_.size() > kGroupsMax) {
          return Fail(ApiError(400, "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS",
                               "Aggregate query has too many groups"));
        }
        group.accumulators.resize(aggregates_.size());
        for (const auto& value : values) group.keys.emplace_back().Set(value);
      }
      for (size_t i = 0; i < aggregates_.size(); ++i) {
        const Aggregate& each = aggregates_[i];
        group.accumulators[i].Add(
            each.function, each.every_row ? Value{} : bound_.tree->Get(each.field), each.every_row);
      }
    }
    if (groups_.empty() && bound_.groups.empty()) {
      groups_[""].accumulators.resize(aggregates_.size());
    }
    return {};
  }

  [[nodiscard]] Value ValueOf(const Group& group, int aggregate, int key) const {
    return aggregate >= 0 ? group.accumulators[aggregate].Finish(aggregates_[aggregate].function)
                          : group.keys[key].View();
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
        return MatchesValue(having.compare, ValueOf(group, having.aggregate, having.group));
    }
    return true;
  }

  void Arrange() {
    for (const auto& [key, group] : groups_) {
      if (!query_.having || Passes(having_, group)) rows_.push_back(&group);
    }
    std::stable_sort(rows_.begin(), rows_.end(), [&](const Group* a, const Group* b) {
      for (const auto& item : order_) {
        const Value left = ValueOf(*a, item.aggregate, item.group);
        const Value right = ValueOf(*b, item.aggregate, item.group);
        if (left.null() != right.null()) return left.null() != item.nulls_last;
        if (left.null()) continue;
        if (LessValue(left, right)) return !item.descending;
        if (LessValue(right, left)) return item.descending;
      }
      return false;
    });
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
  std::vector<Aggregate> aggregates_;
  std::vector<int> column_aggregate_;
  Having having_;
  std::vector<Order> order_;
  std::map<std::string, Group> groups_;
  std::vector<const Group*> rows_;
  size_t next_ = 0;
  std::vector<Value> row_;
};

}  // namespace

Result<std::unique_ptr<RowCursor>> OpenAggregate(std::string_view soql, const Query& query,
                                                 BoundQuery bound, const QueryContext& context) {
  auto cursor = std::make_unique<AggregateCursor>(soql, query, std::move(bound), context);
  FIRN_CHECK(cursor->Open());
  return std::unique_ptr<RowCursor>(std::move(cursor));
}

}  // namespace firn::sandbox::soql
