#include "sandbox/soql/bind.h"

#include <algorithm>
#include <set>

#include "sandbox/soql/bind_expression.h"
#include "sandbox/soql/cursor.h"
#include "sandbox/soql/lexer.h"
#include "sandbox/soql/required_filter.h"
#include "sandbox/soql/scope.h"

namespace firn::sandbox::soql {
namespace {

constexpr int kFieldsFunctionSince = 51;  // Source: SOQL and SOSL Reference, 'FIELDS()'
constexpr int64_t kFieldsRowsMax = 200;
constexpr size_t kRollupFieldsMax = 3;

bool HasAggregates(const Query& query) {
  return std::any_of(query.select.begin(), query.select.end(), [](const SelectItem& item) {
    return item.kind == SelectItem::Kind::kField &&
           (IsAggregate(item.field.function) || item.field.function == "GROUPING");
  });
}

class Binder {
 public:
  Binder(std::string_view soql, const Query& query, const QueryContext& context)
      : soql_(soql), query_(query), context_(context) {}

  Result<BoundQuery> Run(const ObjectInfo* child_of) {
    FIRN_CHECK(BindObject(child_of));
    bound_.tree = std::make_unique<RowTree>(context_.catalogue, *bound_.object, context_.reader);
    bound_.bind_field = ExpressionBinder(soql_, query_, *bound_.object, *bound_.tree, context_);
    bound_.all_rows = context_.options.all_rows || query_.all_rows;
    bound_.aggregate = !query_.count_only && (!query_.group_by.empty() || HasAggregates(query_));
    FIRN_CHECK(CheckShape(child_of != nullptr));
    FIRN_CHECK(CheckAliases());
    if (child_of == nullptr) FIRN_CHECK(CheckRequiredFilter(query_, *bound_.object, context_));
    for (const auto& field : query_.group_by) FIRN_CHECK(BindGroup(field));
    if (!query_.count_only) {
      for (const auto& item : query_.select) FIRN_CHECK(BindItem(item));
    }
    if (query_.where) {
      FIRN_TRY(bound_.filter, BindFilter(*query_.where, Filters()));
    }
    if (!query_.scope.empty()) FIRN_CHECK(BindScope());
    if (!bound_.aggregate) FIRN_CHECK(BindOrder());
    for (auto& column : bound_.bound) {
      if (!column.expression.field.fields.empty()) {
        column.way = bound_.tree->Way(column.expression.field);
      }
    }
    return std::move(bound_);
  }

 private:
  tl::unexpected<Error> Bad(std::string_view code, size_t at, const std::string& what) const {
    return Fail(ErrorAt(soql_, at, code, what));
  }

  Result<void> BindObject(const ObjectInfo* child_of) {
    if (child_of != nullptr) {
      const ChildRelationship* child = child_of->Child(query_.object);
      if (child != nullptr) bound_.object = context_.catalogue->Object(child->child_object);
      if (bound_.object == nullptr) {
        return Bad("INVALID_TYPE", query_.object_at,
                   "Didn't understand relationship '" + query_.object +
                       "' in FROM part of query call. If you are attempting to use a custom "
                       "relationship, be sure to append the '__r' after the custom relationship "
                       "name. Please reference your WSDL or the describe call for the appropriate "
                       "names.");
      }
      return {};
    }
    bound_.object = context_.catalogue->Object(query_.object);
    if (bound_.object == nullptr || !bound_.object->queryable) {
      return Bad("INVALID_TYPE", query_.object_at,
                 "sObject type '" + query_.object +
                     "' is not supported. If you are attempting to use a custom object, be sure to "
                     "append the '__c' after the entity name. Please reference your WSDL or the "
                     "describe call for the appropriate names.");
    }
    return {};
  }

  // What the grammar allows but a query may not combine.
  Result<void> CheckShape(bool is_child) const {
    if (is_child && (bound_.aggregate || query_.count_only)) {
      return Bad("MALFORMED_QUERY", query_.object_at,
                 "only root queries support aggregate expressions");
    }
    if (bound_.aggregate && query_.group_by.empty() && (query_.limit || query_.offset)) {
      return Bad("MALFORMED_QUERY", query_.select[0].at,
                 "Non-grouped query that uses overall aggregate functions cannot also use " +
                     std::string(query_.limit ? "LIMIT" : "OFFSET"));
    }
    if (query_.count_only) FIRN_CHECK(CheckCount());
    if (query_.grouping != Query::Grouping::kPlain && query_.group_by.size() > kRollupFieldsMax) {
      return Bad("MALFORMED_QUERY", query_.group_by.back().at,
                 "ROLLUP and CUBE take at most 3 fields");
    }
    for (const auto& item : query_.select) FIRN_CHECK(CheckItem(item));
    return CheckCategories();
  }

  // Source: SOQL and SOSL Reference, 'COUNT()', read 2026-11: with neither GROUP BY nor ORDER BY.
  Result<void> CheckCount() const {
    if (!query_.group_by.empty()) {
      return Bad("MALFORMED_QUERY", query_.group_by[0].at,
                 "COUNT() cannot be used with GROUP BY: use COUNT(fieldName)");
    }
    if (query_.order_by.empty()) return {};
    const FieldExpr& field = query_.order_by[0].field;
    return Bad("MALFORMED_QUERY", field.at,
               "Ordered field must be grouped or aggregated: " +
                   (field.path.empty() ? field.function : field.path.back()));
  }

  // Articles only, three conditions at most; the org has no data category groups, so none has the
  // name that is asked for. Source: SOQL and SOSL Reference, 'WITH DATA CATEGORY', read 2026-11.
  Result<void> CheckCategories() const {
    if (query_.categories.empty()) return {};
    constexpr size_t kCategoriesMax = 3;
    const DataCategory& first = query_.categories[0];
    if (!bound_.object->name.ends_with("__kav")) {
      return Bad("MALFORMED_QUERY", first.at,
                 "WITH DATA CATEGORY is not supported on " + bound_.object->name);
    }
    if (query_.categories.size() > kCategoriesMax) {
      return Bad("MALFORMED_QUERY", query_.categories[kCategoriesMax].at,
                 "WITH DATA CATEGORY takes at most 3 conditions");
    }
    return Bad("MALFORMED_QUERY", first.at,
               "Data category group '" + first.group + "' does not exist");
  }

  // `FROM Contact c, c.Account a`: every alias leads to a parent, used or not.
  Result<void> CheckAliases() const {
    for (const auto& alias : query_.path_aliases) {
      FieldExpr id;
      id.path = alias.path;
      id.path.emplace_back("Id");
      id.at = query_.object_at;
      FIRN_CHECK(bound_.bind_field(id));
    }
    return {};
  }

  Result<void> CheckItem(const SelectItem& item) const {
    using ItemKind = SelectItem::Kind;
    const bool whole = item.kind == ItemKind::kFieldsAll || item.kind == ItemKind::kFieldsCustom ||
                       item.kind == ItemKind::kFieldsStandard;
    if (whole && context_.options.api_version < kFieldsFunctionSince) {
      return Bad("MALFORMED_QUERY", item.at, "unexpected token: 'FIELDS'");
    }
    if (whole && item.kind != ItemKind::kFieldsStandard &&
        query_.limit.value_or(INT64_MAX) > kFieldsRowsMax) {
      return Bad("MALFORMED_QUERY", item.at,
                 "The SOQL FIELDS function must have a LIMIT of at most 200");
    }
    if (bound_.aggregate && item.kind != ItemKind::kField) {
      return Bad("MALFORMED_QUERY", item.at,
                 "Only fields and aggregate functions can be selected in an aggregate query");
    }
    const bool bare_count =
        item.kind == ItemKind::kField && item.field.function == "COUNT" && item.field.path.empty();
    if (bare_count && query_.select.size() > 1) {
      return Bad("MALFORMED_QUERY", item.at, "COUNT() must be the only element of the SELECT list");
    }
    return {};
  }

  FilterContext Filters() const {
    return FilterContext{
        soql_,
        *bound_.tree,
        context_.now_millis,
        context_.locals,
        bound_.bind_field,
        [this](const Query& subquery, Filter& into) { return RunSemiJoin(subquery, into); }};
  }

  // Source: SOQL and SOSL Reference, 'Comparison Operators', restrictions of semi-joins, read
  // 2026-11: neither the main query's object nor ordering, grouping or limits.
  Result<void> CheckSemiJoin(const Query& subquery) const {
    const char* clause = !subquery.group_by.empty()   ? "GROUP"
                         : !subquery.order_by.empty() ? "ORDER"
                         : subquery.limit             ? "LIMIT"
                         : subquery.offset            ? "OFFSET"
                                                      : nullptr;
    if (clause != nullptr) {
      return Bad("MALFORMED_QUERY", subquery.object_at,
                 "missing value at '" + std::string(clause) + "'");
    }
    const ObjectInfo* object = context_.catalogue->Object(subquery.object);
    if (object != bound_.object) return {};
    return Bad("MALFORMED_QUERY", subquery.object_at,
               "The inner and outer selects should not be on the same object type");
  }

  Result<void> RunSemiJoin(const Query& subquery, Filter& into) const {
    QueryContext inner = context_;
    inner.options.all_rows = false;
    const bool one = subquery.select.size() == 1 &&
                     subquery.select[0].kind == SelectItem::Kind::kField &&
                     subquery.select[0].field.function.empty();
    FIRN_CHECK(CheckSemiJoin(subquery));
    if (!one) {
      return Bad("MALFORMED_QUERY", subquery.object_at,
                 "A semi join sub-select can only select one field");
    }
    FIRN_TRY(auto cursor, OpenBound(soql_, subquery, inner, nullptr));
    const FieldType type = cursor->columns()[0].type;
    if (type != FieldType::kId && type != FieldType::kReference) {
      return Bad("MALFORMED_QUERY", subquery.select[0].at,
                 "semi join sub-selects can only query id fields, cannot use: '" +
                     cursor->columns()[0].name + "'");
    }
    for (;;) {
      FIRN_TRY(const bool more, cursor->Next());
      if (!more) return {};
      const Value value = cursor->row()[0];
      // A null never matches, in NOT IN neither.
      if (value.kind == Value::Kind::kId) into.ids.insert(value.number);
    }
  }

  Result<void> BindScope() {
    const auto scopes = ScopesOf(*bound_.object);
    const auto scope = std::find(scopes.begin(), scopes.end(), Folded(query_.scope));
    if (scope == scopes.end()) {
      return Bad("MALFORMED_QUERY", query_.scope_at,
                 "Using scope '" + query_.scope + "' is not supported on " + bound_.object->name);
    }
    auto own = ScopeFilter(*scope, *bound_.object, *bound_.tree, context_.locals()->user_id);
    if (!own) return {};
    Filter both;
    both.kind = Condition::Kind::kAnd;
    both.parts.push_back(*std::move(own));
    if (bound_.filter) both.parts.push_back(std::move(*bound_.filter));
    bound_.filter = std::move(both);
    return {};
  }

  Result<void> BindGroup(const FieldExpr& field) {
    BoundColumn group;
    FIRN_TRY(group.expression, bound_.bind_field(field));
    const FieldInfo& info = group.expression.field.info();
    const bool grouped = IsDateFunction(field.function) || info.groupable;
    if (!grouped || IsAggregate(field.function) || field.format || field.function == "DISTANCE") {
      return Bad("MALFORMED_QUERY", field.at,
                 "field '" + info.name + "' can not be grouped in a query call");
    }
    bound_.groups.push_back(std::move(group));
    return {};
  }

  Result<void> BindItem(const SelectItem& item) {
    switch (item.kind) {
      case SelectItem::Kind::kField:
        return bound_.aggregate ? BindAggregate(item) : BindPlain(item);
      case SelectItem::Kind::kSubquery:
        return BindSubquery(item);
      case SelectItem::Kind::kTypeof:
        return BindTypeof(item);
      default:
        return BindAllFields(item);
    }
  }

  Result<void> BindPlain(const SelectItem& item) {
    const FieldExpr& field = item.field;
    const bool is_function = !field.function.empty() || field.format || field.currency;
    if (!is_function && !item.alias.empty()) {
      return Bad("MALFORMED_QUERY", item.at, "only aggregate expressions use field aliasing");
    }
    if (IsDateFunction(field.function)) {
      return Bad("MALFORMED_QUERY", item.at,
                 "Field must be grouped or aggregated: " + field.path.back());
    }
    Column column;
    BoundColumn bound;
    FIRN_TRY(bound.expression, bound_.bind_field(field));
    column.path = Spelled(bound.expression.field, field);
    if (field.function == "DISTANCE") column.path = {"expr" + std::to_string(expressions_++)};
    if (!item.alias.empty()) column.path = {item.alias};
    AddColumn(std::move(column), std::move(bound));
    return CheckName(item.at);
  }

  // The path as the catalogue writes it, without the name or alias of the object in front.
  std::vector<std::string> Spelled(const FieldRef& ref, const FieldExpr& field) const {
    std::vector<std::string> path;
    for (const int node : bound_.tree->Way(ref)) {
      if (node > 0) path.push_back(bound_.tree->relationship_name(node));
    }
    const bool type_name = ref.type_name;
    const bool name = Folded(field.path.back()) == "name";
    path.push_back(type_name ? "Type" : name ? "Name" : ref.info().name);
    return path;
  }

  void AddColumn(Column column, BoundColumn bound) {
    const Expression& expression = bound.expression;
    const FieldInfo& info = expression.field.info();
    for (const auto& part : column.path) column.name += (column.name.empty() ? "" : ".") + part;
    column.field = &info;
    column.object = expression.field.objects[0];
    column.type = expression.field.type_name ? FieldType::kString : info.type;
    if (expression.format || expression.function == "TOLABEL") column.type = FieldType::kString;
    if (expression.function == "DISTANCE") column.type = FieldType::kDouble;
    bound_.columns.push_back(std::move(column));
    bound_.bound.push_back(std::move(bound));
  }

  Result<void> CheckName(size_t at) {
    const std::string& name = bound_.columns.back().name;
    if (names_.insert(Folded(name)).second) return {};
    return Bad("INVALID_FIELD", at, "duplicate field selected: " + name);
  }

  Result<void> BindAggregate(const SelectItem& item) {
    const FieldExpr& field = item.field;
    Column column;
    BoundColumn bound;
    FIRN_TRY(bound.expression, bound_.bind_field(field));
    column.aggregate = IsAggregate(field.function);
    const bool plain = field.function.empty() || field.function == "TOLABEL";
    if (!item.alias.empty()) {
      column.name = item.alias;
    } else if (plain && !field.format) {
      column.name = Spelled(bound.expression.field, field).back();
    } else {
      column.name = "expr" + std::to_string(expressions_++);
    }
    column.path = {column.name};
    if (column.aggregate) {
      FIRN_CHECK(CheckAggregated(item, bound.expression));
    } else {
      Expression wanted = bound.expression;
      if (field.function == "GROUPING" || field.function == "TOLABEL") wanted.function.clear();
      bound.group = GroupOf(wanted);
      const bool by_day =
          IsDateFunction(field.function) && bound.expression.field.info().type == FieldType::kDate;
      if (bound.group < 0 && by_day) {  // a part of the date that is grouped by
        wanted.function.clear();
        bound.group = GroupOf(wanted);
      }
      const bool rolled = query_.grouping != Query::Grouping::kPlain;
      if (bound.group < 0 || (field.function == "GROUPING" && !rolled)) {
        return Bad("MALFORMED_QUERY", item.at,
                   "Field must be grouped or aggregated: " + field.path.back());
      }
    }
    DescribeAggregate(field, bound.expression, column);
    bound_.columns.push_back(std::move(column));
    bound_.bound.push_back(std::move(bound));
    if (names_.insert(Folded(bound_.columns.back().name)).second) return {};
    return Bad("MALFORMED_QUERY", item.at, "duplicate alias: " + bound_.columns.back().name);
  }

  Result<void> CheckAggregated(const SelectItem& item, const Expression& bound) const {
    if (bound.field.fields.empty() || query_.grouping != Query::Grouping::kPlain) return {};
    Expression plain = bound;
    plain.function.clear();
    if (GroupOf(plain) < 0) return {};
    return Bad("MALFORMED_QUERY", item.at,
               "Grouped field should not be aggregated: " + item.field.path.back());
  }

  static void DescribeAggregate(const FieldExpr& field, const Expression& bound, Column& column) {
    if (!bound.field.fields.empty()) {
      column.field = column.aggregate ? nullptr : &bound.field.info();
      column.type = bound.field.type_name ? FieldType::kString : bound.field.info().type;
    }
    if (field.function.starts_with("COUNT") || field.function == "GROUPING") {
      column.type = FieldType::kInt;
    }
    if (IsDateFunction(field.function)) {
      column.type = field.function == "DAY_ONLY" ? FieldType::kDate : FieldType::kInt;
    }
    if (field.function == "AVG") column.type = FieldType::kDouble;
    if (field.format) column.type = FieldType::kString;
  }

  int GroupOf(const Expression& wanted) const {
    for (size_t i = 0; i < bound_.groups.size(); ++i) {
      if (bound_.groups[i].expression.Same(wanted)) return static_cast<int>(i);
    }
    return -1;
  }

  Result<void> BindSubquery(const SelectItem& item) {
    const ChildRelationship* child = bound_.object->Child(item.subquery->object);
    FIRN_CHECK(CheckDepth(item));
    // Source: SOQL and SOSL Reference, 'OFFSET', 'Using OFFSET in Subqueries', read 2026-11.
    if (item.subquery->offset && query_.limit != 1) {
      return Bad("MALFORMED_QUERY", item.at,
                 "A sub-query can use OFFSET only if the parent query has LIMIT 1");
    }
    QueryContext inner = context_;
    ++inner.depth;
    // Binding once here gives the errors with the outer query's position.
    FIRN_TRY(BoundQuery bound_child, Bind(soql_, *item.subquery, inner, bound_.object));
    Column column;
    column.columns = std::move(bound_child.columns);
    column.name = child->relationship_name;
    column.path = {column.name};
    column.subquery = true;
    BoundColumn bound;
    bound.subquery = item.subquery.get();
    bound_.columns.push_back(std::move(column));
    bound_.bound.push_back(std::move(bound));
    return CheckName(item.at);
  }

  // One level of children, five from v58 on. Source: SOQL and SOSL Reference, 'Understanding
  // Relationship Query Limitations', read 2026-11.
  Result<void> CheckDepth(const SelectItem& item) const {
    constexpr int kDeepSince = 58;
    const int levels_max = context_.options.api_version >= kDeepSince ? 5 : 2;
    if (context_.depth + 1 < levels_max) return {};
    return Bad("MALFORMED_QUERY", item.at,
               "SOQL statements cannot query aggregate relationships more than " +
                   std::to_string(levels_max - 1) + " level away from the root entity object");
  }

  Result<void> BindTypeof(const SelectItem& item) {
    ExpressionBinder binder(soql_, query_, *bound_.object, *bound_.tree, context_);
    BoundColumn bound;
    Column column;
    FIRN_TRY(bound.type_of, binder.BindTypeof(*item.type_of, item.at));
    bound.way = bound_.tree->WayTo(bound.type_of->node);
    for (const int node : bound.way) {
      if (node > 0) column.path.push_back(bound_.tree->relationship_name(node));
    }
    for (const auto& part : column.path) column.name += (column.name.empty() ? "" : ".") + part;
    for (const auto& branch : bound.type_of->branches) {
      column.columns.insert(column.columns.end(), branch.columns.begin(), branch.columns.end());
    }
    bound_.columns.push_back(std::move(column));
    bound_.bound.push_back(std::move(bound));
    return CheckName(item.at);
  }

  Result<void> BindAllFields(const SelectItem& item) {
    for (const auto& field : bound_.object->fields) {
      const bool wanted = item.kind == SelectItem::Kind::kFieldsAll ||
                          field.custom == (item.kind == SelectItem::Kind::kFieldsCustom);
      const bool there = field.min_api_version <= context_.options.api_version;
      if (!wanted || !there || (field.hidden && !context_.options.see_hidden)) continue;
      Column column;
      column.path = {field.name};
      BoundColumn bound;
      bound.expression.field = bound_.tree->RefOf(field);
      AddColumn(std::move(column), std::move(bound));
      FIRN_CHECK(CheckName(item.at));
    }
    return {};
  }

  Result<void> BindOrder() {
    for (const auto& item : query_.order_by) {
      BoundOrder order;
      FIRN_TRY(order.expression, bound_.bind_field(item.field));
      const FieldInfo& info = order.expression.field.info();
      if (IsAggregate(item.field.function)) {
        return Bad("MALFORMED_QUERY", item.field.at,
                   "Ordered field must be grouped or aggregated: " + info.name);
      }
      if (!info.sortable && item.field.function != "DISTANCE") {
        return Bad("MALFORMED_QUERY", item.field.at,
                   "field '" + info.name + "' can not be sorted in a query call");
      }
      order.descending = item.descending;
      // Nulls come first by default, whatever the direction.
      order.nulls_last = item.nulls_last.value_or(false);
      bound_.order.push_back(std::move(order));
    }
    return {};
  }

  std::string_view soql_;
  const Query& query_;
  const QueryContext& context_;
  BoundQuery bound_;
  std::set<std::string> names_;
  int expressions_ = 0;
};

}  // namespace

Result<BoundQuery> Bind(std::string_view soql, const Query& query, const QueryContext& context,
                        const ObjectInfo* child_of) {
  return Binder(soql, query, context).Run(child_of);
}

RowOrder NaturalOrder(const BoundQuery& query) {
  if (query.order.empty() || query.order.size() > 2) return {};
  const BoundOrder& first = query.order[0];
  const auto is_own = [](const BoundOrder& order) {
    return order.expression.plain() && order.expression.field.node == 0 &&
           !order.expression.field.type_name;
  };
  const FieldInfo* field = is_own(first) ? &first.expression.field.info() : nullptr;
  if (field == nullptr || (field->nillable && field->slot >= kFirstStoredSlot)) return {};
  if (query.order.size() == 2) {
    const BoundOrder& second = query.order[1];
    const bool then_id = is_own(second) && second.expression.field.info().slot == kIdSlot;
    if (!then_id || second.descending != first.descending) return {};
  }
  return {IndexedColumn(first.expression.field.info()), first.descending};
}

}  // namespace firn::sandbox::soql
