#include "sandbox/soql/bind_expression.h"

#include <algorithm>

#include "sandbox/soql/lexer.h"

namespace firn::sandbox::soql {

tl::unexpected<Error> ExpressionBinder::Bad(std::string_view code, size_t at,
                                            const std::string& what) const {
  return Fail(ErrorAt(soql_, at, code, what));
}

void ExpressionBinder::Localise(std::vector<std::string>& path) const {
  for (size_t hops = 0; hops <= query_->path_aliases.size() && path.size() > 1; ++hops) {
    const std::string first = Folded(path[0]);
    if (!query_->alias.empty() && first == Folded(query_->alias)) {
      path.erase(path.begin());
      return;
    }
    const auto other =
        std::find_if(query_->path_aliases.begin(), query_->path_aliases.end(),
                     [&](const Query::PathAlias& each) { return Folded(each.alias) == first; });
    if (other == query_->path_aliases.end()) break;
    path.erase(path.begin());
    path.insert(path.begin(), other->path.begin(), other->path.end());
  }
  const bool self = path.size() > 1 && Folded(path[0]) == Folded(object_->name) &&
                    object_->Relationship(path[0]) == nullptr;
  if (self) path.erase(path.begin());
}

// Which functions a field's type takes. Source: SOQL and SOSL Reference, 'Support for Field Types
// in Aggregate Functions', 'Date Functions', 'toLabel()', read 2026-11.
Result<void> ExpressionBinder::CheckFunction(const FieldExpr& field, const FieldInfo& info) const {
  const std::string& function = field.function;
  const FieldType type = info.type;
  const bool number = IsDecimal(type) || type == FieldType::kInt || type == FieldType::kLong;
  const bool place = type == FieldType::kLocation || type == FieldType::kAddress;
  bool fits = true;
  if (function == "SUM" || function == "AVG") fits = number;
  if (function == "MIN" || function == "MAX") fits = info.aggregatable;
  if (function.starts_with("COUNT")) fits = info.filterable && !place;
  if (IsDateFunction(function)) fits = type == FieldType::kDateTime || type == FieldType::kDate;
  if (function == "HOUR_IN_DAY" || field.user_zone) fits = type == FieldType::kDateTime;
  if (function == "DISTANCE") fits = place;
  if (function == "TOLABEL") fits = IsText(type);
  if (fits && field.currency) fits = type == FieldType::kCurrency;
  if (fits) return {};
  const std::string shown = function.empty() ? "convertCurrency" : function;
  return Bad("MALFORMED_QUERY", field.at,
             IsAggregate(function)
                 ? "field " + info.name + " does not support aggregate operator " + shown
                 : "field '" + info.name + "' does not support function " + shown);
}

Result<void> ExpressionBinder::Complete(const FieldExpr& field, Expression& expression) const {
  expression.function = field.function;
  expression.format = field.format;
  expression.user_zone = field.user_zone;
  if (field.format || IsDateFunction(field.function)) expression.locals = context_->locals();
  if (field.function != "DISTANCE") return {};
  expression.from_latitude = field.latitude;
  expression.from_longitude = field.longitude;
  expression.miles = field.miles;
  const bool custom = expression.field.info().type == FieldType::kLocation;
  expression.latitude = tree_->Component(expression.field, custom ? "Latitude__s" : "Latitude");
  expression.longitude = tree_->Component(expression.field, custom ? "Longitude__s" : "Longitude");
  const auto none = [](const FieldInfo* each) { return each == nullptr; };
  if (std::all_of(expression.latitude.fields.begin(), expression.latitude.fields.end(), none)) {
    return Bad("MALFORMED_QUERY", field.at,
               "field '" + expression.field.info().name + "' does not support function DISTANCE");
  }
  return {};
}

Result<Expression> ExpressionBinder::operator()(const FieldExpr& field) const {
  Expression expression;
  if (field.path.empty()) {  // COUNT()
    expression.function = field.function;
    return expression;
  }
  std::vector<std::string> path = field.path;
  Localise(path);
  auto ref = tree_->Resolve(path, context_->options.see_hidden);
  if (!ref) return Bad("INVALID_FIELD", field.at, ref.error());
  expression.field = *std::move(ref);
  const FieldInfo& info = expression.field.info();
  if (info.min_api_version > context_->options.api_version) {
    return Bad("INVALID_FIELD", field.at, NoSuchColumn(info.name, object_->name));
  }
  if (!expression.field.type_name) FIRN_CHECK(CheckFunction(field, info));
  FIRN_CHECK(Complete(field, expression));
  return expression;
}

// Source: SOQL and SOSL Reference, 'TYPEOF', read 2026-11.
Result<std::shared_ptr<const BoundTypeof>> ExpressionBinder::BindTypeof(const TypeofClause& clause,
                                                                        size_t at) const {
  std::vector<std::string> path = clause.path;
  Localise(path);
  const auto node = tree_->ResolveNode(path, context_->options.see_hidden);
  if (!node) return Bad("INVALID_FIELD", at, node.error());
  if (!tree_->polymorphic(*node)) {
    return Bad("MALFORMED_QUERY", at,
               "TYPEOF can only be used with a polymorphic relationship: " + clause.path.back());
  }
  auto bound = std::make_shared<BoundTypeof>();
  bound->node = *node;
  for (const auto& branch : clause.branches) FIRN_CHECK(BindBranch(branch, *bound));
  return std::shared_ptr<const BoundTypeof>(std::move(bound));
}

Result<void> ExpressionBinder::BindBranch(const TypeofBranch& branch, BoundTypeof& bound) const {
  BoundTypeof::Branch out;
  if (!branch.object.empty()) {
    for (const ObjectInfo* object : tree_->ObjectsAt(bound.node)) {
      if (Folded(object->name) == Folded(branch.object)) out.object = object;
    }
    if (out.object == nullptr) {
      return Bad("INVALID_TYPE", branch.at,
                 "sObject type '" + branch.object + "' is not one that the relationship refers to");
    }
  }
  for (const auto& field : branch.fields) {
    std::vector<std::string> path = field.path;
    auto ref = tree_->ResolveAt(bound.node, out.object, path, context_->options.see_hidden);
    if (!ref) return Bad("INVALID_FIELD", field.at, ref.error());
    Expression expression;
    expression.field = *std::move(ref);
    FIRN_CHECK(CheckFunction(field, expression.field.info()));
    FIRN_CHECK(Complete(field, expression));
    std::vector<int> way = tree_->Way(expression.field);
    way.erase(way.begin(), std::find(way.begin(), way.end(), bound.node));
    Column column;
    column.path = std::move(path);
    for (const auto& part : column.path) column.name += (column.name.empty() ? "" : ".") + part;
    column.field = &expression.field.info();
    column.object = out.object;
    column.type = expression.field.type_name ? FieldType::kString : column.field->type;
    out.ways.push_back(std::move(way));
    out.columns.push_back(std::move(column));
    out.expressions.push_back(std::move(expression));
  }
  bound.branches.push_back(std::move(out));
  return {};
}

}  // namespace firn::sandbox::soql
