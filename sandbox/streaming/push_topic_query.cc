#include "sandbox/streaming/push_topic_query.h"

#include <algorithm>

#include "sandbox/api_error.h"
#include "sandbox/soql/parse.h"
#include "sandbox/soql/row_tree.h"
#include "sandbox/soql/utc_locals.h"

namespace firn::sandbox {
namespace {

using soql::Condition;

constexpr std::string_view kField = "QUERY";

tl::unexpected<Error> Refused(std::string message) {
  return Fail(ApiError(400, "INVALID_FIELD", std::move(message), {std::string(kField)}));
}

// What SOQL has and a PushTopic has not.
Result<void> CheckClauses(const soql::Query& query) {
  if (query.count_only || !query.group_by.empty() || query.having) {
    return Refused("Aggregate queries are not supported");
  }
  if (query.limit || query.offset) return Refused("LIMIT and OFFSET are not supported");
  if (!query.order_by.empty()) return Refused("ORDER BY is not supported");
  if (query.all_rows || query.for_view || query.for_reference || query.for_update ||
      !query.scope.empty() || !query.categories.empty()) {
    return Refused("The clauses behind WHERE are not supported");
  }
  return {};
}

bool Contains(const std::vector<const FieldInfo*>& fields, const FieldInfo* field) {
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

bool IsLongText(const FieldInfo& field) {
  return field.type == FieldType::kTextArea || field.type == FieldType::kBase64 ||
         field.type == FieldType::kEncryptedString;
}

}  // namespace

class PushTopicQuery::Binder {
 public:
  Binder(std::string_view text, PushTopicQuery& into, int64_t now_millis)
      : into_(into),
        tree_(into.catalogue_, *into.object_, nullptr),
        context_{text, tree_, now_millis, soql::UtcLocals, {}, {}} {}

  Result<void> Select(const std::vector<soql::SelectItem>& items) {
    for (const soql::SelectItem& item : items) {
      if (item.kind != soql::SelectItem::Kind::kField) {
        return Refused("Only fields of the object are supported in SELECT");
      }
      FIRN_TRY(const FieldInfo* field, FieldOf(item.field));
      if (!Contains(into_.selected_, field)) into_.selected_.push_back(field);
    }
    if (!Contains(into_.selected_, into_.object_->Field("Id"))) {
      return Refused("The query must select the Id field");
    }
    return {};
  }

  Result<Node> Where(const Condition& condition) {
    Node node;
    node.filter.kind = condition.kind;
    if (condition.kind == Condition::Kind::kNot) return Refused("NOT is not supported");
    for (const Condition& part : condition.parts) {
      FIRN_TRY(Node bound, Where(part));
      node.parts.push_back(std::move(bound));
    }
    if (condition.kind != Condition::Kind::kCompare) return node;
    if (condition.subquery) return Refused("Semi-joins and anti-joins are not supported");
    FIRN_TRY(node.field, FieldOf(condition.left));
    if (IsLongText(*node.field)) {
      return Refused("Text area fields are not supported in WHERE: " + node.field->name);
    }
    node.filter.op = condition.op;
    node.filter.family = soql::FamilyOf(node.field->type);
    FIRN_CHECK(soql::BindOperands(condition, node.field->name, context_, node.filter));
    return node;
  }

 private:
  Result<const FieldInfo*> FieldOf(const soql::FieldExpr& expression) const {
    if (!expression.function.empty() || expression.format) {
      return Refused("Functions are not supported: " + expression.function);
    }
    if (expression.path.size() != 1) return Refused("Relationships are not supported");
    const FieldInfo* field = into_.object_->Field(expression.path[0]);
    if (field == nullptr || field->hidden) {
      return Refused("No such column '" + expression.path[0] + "' on entity '" +
                     into_.object_->name + "'");
    }
    if (field->slot < 0) {
      return Refused("Compound and formula fields are not supported: " + field->name);
    }
    return field;
  }

  PushTopicQuery& into_;
  soql::RowTree tree_;
  soql::FilterContext context_;
};

Result<PushTopicQuery> PushTopicQuery::Bind(std::string_view soql,
                                            std::shared_ptr<const Catalogue> catalogue,
                                            int64_t now_millis) {
  FIRN_TRY(const soql::Query query, soql::Parse(soql));
  PushTopicQuery bound;
  bound.catalogue_ = std::move(catalogue);
  bound.object_ = bound.catalogue_->Object(query.object);
  if (bound.object_ == nullptr) {
    return Fail(ApiError(400, "INVALID_TYPE",
                         "sObject type '" + query.object + "' is not supported.",
                         {std::string(kField)}));
  }
  FIRN_CHECK(CheckClauses(query));
  Binder binder(soql, bound, now_millis);
  FIRN_CHECK(binder.Select(query.select));
  if (query.where) {
    FIRN_TRY(Node where, binder.Where(*query.where));
    Collect(where, bound.filtered_);
    bound.where_.push_back(std::move(where));
  }
  return bound;
}

bool PushTopicQuery::Test(const Node& node, std::span<const Value> values) {
  const auto holds = [&](const Node& part) { return Test(part, values); };
  if (node.filter.kind == Condition::Kind::kAnd) {
    return std::all_of(node.parts.begin(), node.parts.end(), holds);
  }
  if (node.filter.kind == Condition::Kind::kOr) {
    return std::any_of(node.parts.begin(), node.parts.end(), holds);
  }
  return soql::MatchesValue(node.filter, values[static_cast<size_t>(node.field->slot)]);
}

void PushTopicQuery::Collect(const Node& node, std::vector<const FieldInfo*>& fields) {
  if (node.field != nullptr) fields.push_back(node.field);
  for (const Node& part : node.parts) Collect(part, fields);
}

bool PushTopicQuery::Matches(std::span<const Value> values) const {
  return where_.empty() || Test(where_.front(), values);
}

bool PushTopicQuery::Concerns(Notify notify, const std::vector<const FieldInfo*>& changed) const {
  if (notify == Notify::kAll) return true;
  return std::any_of(changed.begin(), changed.end(), [&](const FieldInfo* field) {
    return (notify != Notify::kWhere && Contains(selected_, field)) ||
           (notify != Notify::kSelect && Contains(filtered_, field));
  });
}

std::string PushTopicQuery::Render(std::span<const Value> values) const {
  std::string json = "{";
  for (const FieldInfo* field : selected_) {
    if (json.size() > 1) json += ',';
    AppendJsonText(field->name, json);
    json += ':';
    const Value& value = values[static_cast<size_t>(field->slot)];
    if (value.kind != Value::Kind::kDateTime) {
      AppendJson(value, json);
      continue;
    }
    json += '"';
    AppendInstant(value.number, json);
    json += "Z\"";
  }
  return json + "}";
}

}  // namespace firn::sandbox
