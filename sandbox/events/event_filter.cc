#include "sandbox/events/event_filter.h"

#include <algorithm>

#include "sandbox/api_error.h"
#include "sandbox/events/event_schema.h"
#include "sandbox/soql/parse.h"
#include "sandbox/soql/utc_locals.h"

namespace firn::sandbox {
namespace {

using soql::CompareOp;
using soql::Condition;
using soql::Literal;

constexpr std::string_view kHeader = "ChangeEventHeader";
constexpr int kShortTextMax = 255;  // characters of a TextArea; a longer one is a TextArea (Long)

struct HeaderField {
  const char* name;
  soql::Family family;
};
constexpr HeaderField kHeaderFields[] = {
    {"entityName", soql::Family::kText},       {"changeType", soql::Family::kText},
    {"changeOrigin", soql::Family::kText},     {"transactionKey", soql::Family::kText},
    {"sequenceNumber", soql::Family::kNumber}, {"commitTimestamp", soql::Family::kNumber},
    {"commitNumber", soql::Family::kNumber},   {"commitUser", soql::Family::kId}};

tl::unexpected<Error> Refused(std::string message) {
  return Fail(ApiError(400, "FIELD_INTEGRITY_EXCEPTION", std::move(message), {"filterExpression"}));
}

std::string Joined(const std::vector<std::string>& path) {
  std::string name;
  for (const std::string& part : path) name += (name.empty() ? "" : ".") + part;
  return name;
}

// The sentence behind the position that a SOQL error shows.
std::string LastLine(const std::string& text) { return text.substr(text.rfind('\n') + 1); }

bool IsCompound(const FieldInfo& field) {
  return !field.components.empty() || field.type == FieldType::kAddress ||
         field.type == FieldType::kLocation;
}

// `City` of BillingCity, as the compound's part is called.
bool IsPartNamed(const FieldInfo& field, std::string_view part) {
  const std::string name = Folded(field.name);
  const std::string end = Folded(part);
  return name.ends_with(end) || name.ends_with(end + "__s");
}

bool IsEqualityOp(CompareOp op) { return op == CompareOp::kEq || op == CompareOp::kNe; }

}  // namespace

bool CanEnrich(const ObjectInfo& object, const FieldInfo& field) {
  if (!field.compound_field_name.empty() && object.Field(field.compound_field_name) != nullptr) {
    return false;  // the compound as a whole, not its parts
  }
  const bool left_out = field.type == FieldType::kId || field.name == "IsDeleted" ||
                        field.name == "SystemModstamp" || field.name == "MasterRecordId";
  const bool long_text = (field.type == FieldType::kTextArea || field.type == FieldType::kString) &&
                         (field.length > kShortTextMax || field.html_formatted);
  if (left_out || long_text || field.calculated || field.hidden) return false;
  return field.type != FieldType::kBase64 && field.type != FieldType::kEncryptedString &&
         field.type != FieldType::kAnyType && (field.slot >= 0 || IsCompound(field));
}

class EventFilter::Binder {
 public:
  Binder(std::string_view text, const Options& options)
      : options_(options),
        platform_(IsPlatformEvent(options.object->name)),
        tree_(options.catalogue, *options.object, nullptr),
        context_{text, tree_, options.now_millis, soql::UtcLocals, {}, {}} {}

  Result<Node> Bind(const Condition& condition) {
    Node node;
    node.filter.kind = condition.kind;
    for (const Condition& part : condition.parts) {
      FIRN_TRY(Node bound, Bind(part));
      node.parts.push_back(std::move(bound));
    }
    if (condition.kind != Condition::Kind::kCompare) return node;
    const std::string name = Joined(condition.left.path);
    if (!condition.left.function.empty() || condition.left.format || condition.subquery) {
      return Refused("The filter expression has syntax errors: unexpected token: '" +
                     (condition.subquery ? "SELECT" : condition.left.function) + "'");
    }
    FIRN_CHECK(FindTerm(condition.left.path, name, node));
    node.filter.op = condition.op;
    FIRN_CHECK(CheckOperator(condition, node));
    if (auto bound = soql::BindOperands(condition, name, context_, node.filter); !bound) {
      return Refused("The filter expression has syntax errors: " + LastLine(bound.error().what()));
    }
    return node;
  }

 private:
  static tl::unexpected<Error> Invalid(const std::string& name) {
    return Refused("The " + name + " field in the filter expression is invalid.");
  }

  Result<void> FindTerm(const std::vector<std::string>& path, const std::string& name, Node& node) {
    const ObjectInfo& object = *options_.object;
    if (!platform_ && path.size() == 2 && Folded(path[0]) == Folded(kHeader)) {
      for (const HeaderField& field : kHeaderFields) {
        if (Folded(field.name) != Folded(path[1])) continue;
        node.term.header = field.name;
        node.filter.family = field.family;
        return {};
      }
      return Invalid(name);
    }
    const FieldInfo* field = path.size() <= 2 ? object.Field(path[0]) : nullptr;
    if (field == nullptr) return Invalid(name);
    if (path.size() == 2) {
      const FieldInfo* part = PartOf(*field, path[1]);
      if (part == nullptr) return Invalid(name);
      node.term.parent = field;
      field = part;
    } else if (IsCompound(*field)) {
      return Refused("Compound field " + field->name +
                     " has to be used with a component field in a filter expression");
    } else if (platform_ ? !field->custom || field->slot < 0 : !CanEnrich(object, *field)) {
      return Invalid(name);
    }
    node.term.field = field;
    node.filter.family = soql::FamilyOf(field->type);
    return {};
  }

  [[nodiscard]] const FieldInfo* PartOf(const FieldInfo& compound, std::string_view part) const {
    for (const int component : compound.components) {
      const FieldInfo& field = options_.object->fields[static_cast<size_t>(component)];
      if (field.slot >= 0 && IsPartNamed(field, part)) return &field;
    }
    return nullptr;
  }

  static Result<void> CheckOperator(const Condition& condition, const Node& node) {
    const bool listed = condition.op == CompareOp::kIn || condition.op == CompareOp::kNotIn;
    const bool named_day =
        std::any_of(condition.values.begin(), condition.values.end(),
                    [](const Literal& value) { return value.kind == Literal::Kind::kDateRange; });
    const soql::Family family = node.filter.family;
    const bool only_equality =
        family == soql::Family::kBool || family == soql::Family::kId || named_day ||
        (node.term.field != nullptr && node.term.field->type == FieldType::kMultiPicklist);
    if (condition.op == CompareOp::kIncludes || condition.op == CompareOp::kExcludes) {
      return Refused(std::string("The filter expression has syntax errors: unexpected token: '") +
                     (condition.op == CompareOp::kIncludes ? "INCLUDES" : "EXCLUDES") + "'");
    }
    const bool allowed = IsEqualityOp(condition.op) || (listed && family != soql::Family::kBool) ||
                         (condition.op == CompareOp::kLike ? family == soql::Family::kText
                                                           : !only_equality && !listed);
    if (allowed) return {};
    return Refused("Only equality operators are supported for this field type or value.");
  }

  const Options& options_;
  const bool platform_;
  soql::RowTree tree_;
  soql::FilterContext context_;
};

Result<EventFilter> EventFilter::Bind(std::string_view expression, const Options& options) {
  const auto condition = soql::ParseWhere(expression);
  if (!condition) {
    return Refused("The filter expression has syntax errors: " +
                   LastLine(condition.error().what()));
  }
  EventFilter filter;
  filter.catalogue_ = options.catalogue;
  FIRN_TRY(filter.root_, Binder(expression, options).Bind(*condition));
  return filter;
}

EventFilter::Verdict EventFilter::Test(const Node& node, const Lookup& lookup) {
  if (node.filter.kind == Condition::Kind::kCompare) {
    auto value = lookup(node.term);
    if (!value) return Verdict::kUnknown;
    // A checkbox that is compared with null is compared with false.
    const auto& operands = node.filter.operands;
    if (node.filter.family == soql::Family::kBool && !operands.empty() && operands[0].null &&
        value->number == 0) {
      value = Value{};
    }
    return soql::MatchesValue(node.filter, *value) ? Verdict::kYes : Verdict::kNo;
  }
  if (node.filter.kind == Condition::Kind::kNot) {
    const Verdict inner = Test(node.parts[0], lookup);
    if (inner == Verdict::kUnknown) return inner;
    return inner == Verdict::kYes ? Verdict::kNo : Verdict::kYes;
  }
  const Verdict decides = node.filter.kind == Condition::Kind::kAnd ? Verdict::kNo : Verdict::kYes;
  Verdict all = decides == Verdict::kNo ? Verdict::kYes : Verdict::kNo;
  for (const Node& part : node.parts) {
    const Verdict one = Test(part, lookup);
    if (one == decides) return one;
    if (one == Verdict::kUnknown) all = one;
  }
  return all;
}

void EventFilter::Collect(const Node& node, std::vector<std::string>& names) {
  for (const Node& part : node.parts) Collect(part, names);
  const FieldInfo* top = node.term.parent != nullptr ? node.term.parent : node.term.field;
  if (top == nullptr || std::find(names.begin(), names.end(), top->name) != names.end()) return;
  names.push_back(top->name);
}

std::vector<std::string> EventFilter::Fields() const {
  std::vector<std::string> names;
  Collect(root_, names);
  return names;
}

}  // namespace firn::sandbox
