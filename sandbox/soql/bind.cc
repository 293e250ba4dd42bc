#include "sandbox/soql/bind.h"

#include <algorithm>
#include <set>

#include "sandbox/soql/cursor.h"
#include "sandbox/soql/date_range.h"
#include "sandbox/soql/lexer.h"

namespace firn::sandbox::soql {
namespace {

constexpr std::string_view kAggregates[] = {"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"};

bool IsAggregate(std::string_view function) {
  return std::find(std::begin(kAggregates), std::end(kAggregates), function) !=
         std::end(kAggregates);
}

class Binder {
 public:
  Binder(std::string_view soql, const Query& query, const QueryContext& context)
      : soql_(soql), query_(query), context_(context) {}

  Result<BoundQuery> Run(const ObjectInfo* child_of) {
    FIRN_CHECK(BindObject(child_of));
    bound_.tree = std::make_unique<RowTree>(context_.catalogue, *bound_.object, context_.reader,
                                            context_.now_millis);
    bound_.all_rows = context_.options.all_rows || query_.all_rows;
    bound_.aggregate =
        !query_.group_by.empty() ||
        std::any_of(query_.select.begin(), query_.select.end(),
                    [](const SelectItem& item) { return IsAggregate(item.field.function); });
    if (query_.count_only) bound_.aggregate = false;
    FIRN_CHECK(CheckShape());
    for (const auto& field : query_.group_by) {
      FIRN_TRY(BoundColumn group, BindField(field));
      if (!IsDateFunction(field.function) && !group.field.info().groupable) {
        return Bad("MALFORMED_QUERY", field.at,
                   "field '" + group.field.info().name + "' can not be grouped in a query call");
      }
      bound_.groups.push_back(std::move(group));
    }
    if (!query_.count_only) {
      for (const auto& item : query_.select) FIRN_CHECK(BindItem(item));
    }
    if (query_.where) {
      FIRN_TRY(bound_.filter, BindFilter(*query_.where, Filters()));
    }
    if (!bound_.aggregate) FIRN_CHECK(BindOrder());
    for (auto& column : bound_.bound) {
      if (!column.field.fields.empty()) column.way = bound_.tree->Way(column.field);
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
  Result<void> CheckShape() const {
    if (query_.rollup_or_cube || query_.has_typeof) {
      return Bad("MALFORMED_QUERY", 0,
                 query_.has_typeof ? "TYPEOF is not enabled in this org"
                                   : "GROUP BY ROLLUP and CUBE are not enabled in this org");
    }
    for (const auto& item : query_.select) {
      const bool wide =
          item.kind == SelectItem::Kind::kFieldsAll || item.kind == SelectItem::Kind::kFieldsCustom;
      if (wide && (!query_.limit || *query_.limit > 200)) {
        return Bad("MALFORMED_QUERY", item.at,
                   "The SOQL FIELDS function must have a LIMIT of at most 200");
      }
      if (bound_.aggregate && item.kind != SelectItem::Kind::kField) {
        return Bad("MALFORMED_QUERY", item.at, "aggregate queries take fields and aggregates only");
      }
    }
    return {};
  }

  // `Account.Name` or `a.Name` with FROM Account a: the object itself in front is dropped.
  void Localise(std::vector<std::string>& path) const {
    if (path.size() < 2) return;
    const std::string first = Folded(path[0]);
    const bool alias = !query_.alias.empty() && first == Folded(query_.alias);
    const bool self =
        first == Folded(bound_.object->name) && bound_.object->Relationship(path[0]) == nullptr;
    if (alias || self) path.erase(path.begin());
  }

  FilterContext Filters() {
    return FilterContext{
        soql_,
        *bound_.tree,
        context_.now_millis,
        context_.options.see_hidden,
        [this](std::vector<std::string>& path) { Localise(path); },
        [this](const Query& subquery, Filter& into) { return RunSemiJoin(subquery, into); }};
  }

  Result<void> RunSemiJoin(const Query& subquery, Filter& into) {
    QueryContext inner = context_;
    inner.options.all_rows = false;
    FIRN_TRY(auto cursor, OpenBound(soql_, subquery, inner, nullptr));
    if (cursor->columns().size() != 1) {
      return Bad("MALFORMED_QUERY", subquery.object_at, "a semi-join selects one field");
    }
    for (;;) {
      FIRN_TRY(const bool more, cursor->Next());
      if (!more) return {};
      const Value value = cursor->row()[0];
      if (value.null()) continue;  // never matches, in NOT IN neither
      if (value.kind == Value::Kind::kId) into.ids.insert(value.number);
      if (value.kind == Value::Kind::kText) into.texts.insert(Folded(value.text));
    }
  }

  Result<BoundColumn> BindField(const FieldExpr& field, std::vector<std::string>* spelled = {}) {
    BoundColumn column;
    column.function = field.function;
    std::vector<std::string> path = field.path;
    if (!path.empty()) {
      Localise(path);
      auto ref = bound_.tree->Resolve(path, context_.options.see_hidden);
      if (!ref) return Bad("INVALID_FIELD", field.at, ref.error());
      column.field = *std::move(ref);
    }
    if (spelled != nullptr) *spelled = std::move(path);
    return column;
  }

  Result<void> BindItem(const SelectItem& item) {
    switch (item.kind) {
      case SelectItem::Kind::kField:
        return bound_.aggregate ? BindAggregate(item) : BindPlain(item);
      case SelectItem::Kind::kSubquery:
        return BindSubquery(item);
      case SelectItem::Kind::kTypeof:
        return {};
      default:
        return BindAllFields(item);
    }
  }

  Result<void> BindPlain(const SelectItem& item) {
    if (item.field.function.empty() && !item.alias.empty()) {
      return Bad("MALFORMED_QUERY", item.at, "only aggregate expressions use field aliasing");
    }
    Column column;
    FIRN_TRY(BoundColumn bound, BindField(item.field, &column.path));
    AddColumn(std::move(column), std::move(bound), item);
    const Column& added = bound_.columns.back();
    if (!names_.insert(Folded(added.name)).second) {
      return Bad("INVALID_FIELD", item.at, "duplicate field selected: " + added.name);
    }
    return {};
  }

  void AddColumn(Column column, BoundColumn bound, const SelectItem& item) {
    const FieldInfo& info = bound.field.info();
    for (const auto& part : column.path) column.name += (column.name.empty() ? "" : ".") + part;
    column.field = &info;
    column.object = bound.field.objects[0];
    column.type = bound.field.type_name ? FieldType::kString : info.type;
    if (!item.alias.empty()) {
      column.name = item.alias;
      column.path = {item.alias};
    }
    bound_.columns.push_back(std::move(column));
    bound_.bound.push_back(std::move(bound));
  }

  Result<void> BindAggregate(const SelectItem& item) {
    Column column;
    FIRN_TRY(BoundColumn bound, BindField(item.field, &column.path));
    if (IsAggregate(item.field.function) || IsDateFunction(item.field.function)) {
      column.name = item.alias.empty() ? "expr" + std::to_string(expressions_++) : item.alias;
      column.path = {column.name};
      column.aggregate = IsAggregate(item.field.function);
    } else {
      column.name = item.alias.empty() ? column.path.back() : item.alias;
    }
    if (!column.aggregate) {
      bound.group = GroupOf(bound);
      if (bound.group < 0) {
        return Bad("MALFORMED_QUERY", item.at,
                   "Field must be grouped or aggregated: " + column.path.back());
      }
    }
    column.path = {column.name};
    if (!bound.field.fields.empty()) {
      column.field = column.aggregate ? nullptr : &bound.field.info();
      column.type = bound.field.info().type;
    }
    if (column.aggregate && item.field.function.starts_with("COUNT")) column.type = FieldType::kInt;
    if (item.field.function == "AVG") column.type = FieldType::kDouble;
    bound_.columns.push_back(std::move(column));
    bound_.bound.push_back(std::move(bound));
    return {};
  }

  int GroupOf(const BoundColumn& column) const {
    for (size_t i = 0; i < bound_.groups.size(); ++i) {
      const BoundColumn& group = bound_.groups[i];
      if (group.function == column.function && group.field.node == column.field.node &&
          &group.field.info() == &column.field.info()) {
        return static_cast<int>(i);
      }
    }
    return -1;
  }

  Result<void> BindSubquery(const SelectItem& item) {
    const ChildRelationship* child = bound_.object->Child(item.subquery->object);
    // Binding once here gives the errors with the outer query's position.
    FIRN_CHECK(Bind(soql_, *item.subquery, context_, bound_.object));
    Column column;
    column.name = child->relationship_name;
    column.path = {column.name};
    column.subquery = true;
    BoundColumn bound;
    bound.subquery = item.subquery.get();
    bound_.columns.push_back(std::move(column));
    bound_.bound.push_back(std::move(bound));
    return {};
  }

  Result<void> BindAllFields(const SelectItem& item) {
    for (const auto& field : bound_.object->fields) {
      const bool wanted = item.kind == SelectItem::Kind::kFieldsAll ||
                          field.custom == (item.kind == SelectItem::Kind::kFieldsCustom);
      if (!wanted || (field.hidden && !context_.options.see_hidden)) continue;
      if (!names_.insert(Folded(field.name)).second) {
        return Bad("INVALID_FIELD", item.at, "duplicate field selected: " + field.name);
      }
      Column column;
      column.path = {field.name};
      BoundColumn bound;
      bound.field = bound_.tree->RefOf(field);
      AddColumn(std::move(column), std::move(bound), SelectItem{});
    }
    return {};
  }

  Result<void> BindOrder() {
    for (const auto& item : query_.order_by) {
      FIRN_TRY(BoundColumn column, BindField(item.field));
      const FieldInfo& info = column.field.info();
      if (!info.sortable) {
        return Bad("INVALID_FIELD", item.field.at,
                   "field '" + info.name + "' can not be sorted in a query call");
      }
      bound_.order.push_back({std::move(column.field), item.field.function, item.descending,
                              item.nulls_last.value_or(item.descending)});
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
  if (query.order.empty()) return RowOrder::kNone;
  const auto is = [&](size_t i, int slot) {
    return query.order[i].function.empty() && query.order[i].field.node == 0 &&
           query.order[i].field.info().slot == slot;
  };
  const bool descending = query.order[0].descending;
  if (is(0, kIdSlot)) return descending ? RowOrder::kIdDescending : RowOrder::kId;
  const bool then_id =
      query.order.size() == 1 || (is(1, kIdSlot) && query.order[1].descending == descending);
  if (is(0, kModstampSlot) && then_id) {
    return descending ? RowOrder::kModstampDescending : RowOrder::kModstamp;
  }
  return RowOrder::kNone;
}

}  // namespace firn::sandbox::soql
