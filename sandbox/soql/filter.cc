#include "sandbox/soql/filter.h"

#include <algorithm>

#include "core/base/time_text.h"
#include "sandbox/decimal.h"
#include "sandbox/soql/date_range.h"
#include "sandbox/soql/lexer.h"

namespace firn::sandbox::soql {
namespace {

constexpr int64_t kDayMillis = 86'400'000;
constexpr size_t kSetFrom = 8;  // longer lists are looked up in a set

std::string_view FamilyTypeName(Family family) {
  switch (family) {
    case Family::kText:
      return "string";
    case Family::kId:
      return "ID";
    case Family::kBool:
      return "boolean";
    case Family::kNumber:
      return "double";
    case Family::kDate:
      return "date";
    case Family::kDateTime:
      return "dateTime";
    case Family::kTime:
      return "time";
  }
  return "string";
}

bool HasJoin(const Condition& condition) {
  return condition.subquery != nullptr ||
         std::any_of(condition.parts.begin(), condition.parts.end(), HasJoin);
}

// Semi-joins stand at the top of a WHERE clause, two at most.
// Source: SOQL and SOSL Reference, 'Comparison Operators', 'Semi-Joins with IN and Anti-Joins with
// NOT IN', read 2026-11.
Result<void> CheckJoins(const Condition& condition, std::string_view soql) {
  constexpr ptrdiff_t kJoinsMax = 2;
  if (condition.kind != Condition::Kind::kAnd) return {};
  ptrdiff_t joins = 0;
  for (const auto& part : condition.parts) {
    if (part.subquery != nullptr) ++joins;
    const bool inside = part.kind == Condition::Kind::kAnd || part.kind == Condition::Kind::kOr;
    if (inside && HasJoin(part)) {
      return Fail(ErrorAt(soql, part.at, "MALFORMED_QUERY",
                          "Semi join sub-selects are only allowed at the top level WHERE "
                          "expressions and not in nested WHERE expressions"));
    }
  }
  if (joins <= kJoinsMax) return {};
  return Fail(ErrorAt(soql, condition.at, "MALFORMED_QUERY",
                      "Maximum 2 semi join sub-selects are allowed"));
}

class Binder {
 public:
  explicit Binder(const FilterContext& context) : context_(context) {}

  Result<Filter> Bind(const Condition& condition) {
    Filter filter;
    filter.kind = condition.kind;
    if (condition.kind != Condition::Kind::kCompare) {
      const bool conjunction = condition.kind == Condition::Kind::kAnd;
      if (!conjunction && HasJoin(condition)) {
        return Bad("MALFORMED_QUERY", condition.at,
                   "Semi join sub-selects are not allowed with the '" +
                       std::string(condition.kind == Condition::Kind::kOr ? "OR" : "NOT") +
                       "' operator");
      }
      for (const auto& part : condition.parts) {
        FIRN_TRY(Filter bound, Bind(part));
        filter.parts.push_back(std::move(bound));
      }
      return filter;
    }
    if (IsAggregate(condition.left.function)) {
      return Bad("MALFORMED_QUERY", condition.at,
                 "Aggregate functions are not allowed in the WHERE clause");
    }
    if (condition.left.format || condition.left.function == "GROUPING") {
      return Bad("MALFORMED_QUERY", condition.at, "unexpected function in the WHERE clause");
    }
    FIRN_TRY(filter.left, context_.bind_field(condition.left));
    filter.op = condition.op;
    FIRN_CHECK(CheckField(filter, condition));
    if (condition.subquery) {
      filter.by_set = true;
      FIRN_CHECK(CheckJoin(filter, condition));
      FIRN_CHECK(context_.run_subquery(*condition.subquery, filter));
      return filter;
    }
    FIRN_CHECK(Operands(condition, filter.left.field.info().name, filter));
    return filter;
  }

  Result<void> Operands(const Condition& condition, const std::string& name, Filter& filter) {
    name_ = name;
    for (const auto& literal : condition.values) {
      FIRN_TRY(Operand operand, BindLiteral(filter, literal));
      filter.operands.push_back(std::move(operand));
    }
    MakeSet(filter);
    return {};
  }

 private:
  tl::unexpected<Error> Bad(std::string_view code, size_t at, const std::string& what) const {
    return Fail(ErrorAt(context_.soql, at, code, what));
  }

  Result<void> CheckField(Filter& filter, const Condition& condition) const {
    const FieldInfo& info = filter.left.field.info();
    const std::string& function = filter.left.function;
    const size_t at = condition.left.at;
    filter.family = filter.left.field.type_name ? Family::kText : FamilyOf(info.type);
    if (IsDateFunction(function)) {
      filter.family = function == "DAY_ONLY" ? Family::kDate : Family::kNumber;
    }
    if (function == "DISTANCE") {
      filter.family = Family::kNumber;
      if (filter.op == CompareOp::kLt || filter.op == CompareOp::kGt) return {};
      return Bad("INVALID_QUERY_FILTER_OPERATOR", at, "DISTANCE can only be compared with < and >");
    }
    const bool structured = info.type == FieldType::kAddress || info.type == FieldType::kLocation;
    if (!info.filterable || structured) {
      return Bad("INVALID_FIELD", at,
                 "field '" + info.name + "' can not be filtered in a query call");
    }
    const auto bad_operator = [&](const std::string& what) {
      return Bad("INVALID_QUERY_FILTER_OPERATOR", at, what);
    };
    switch (filter.op) {
      case CompareOp::kLike:
        if (filter.family != Family::kText) {
          return bad_operator("invalid operator on " + std::string(TypeName(info.type)) + " field");
        }
        return {};
      case CompareOp::kIncludes:
      case CompareOp::kExcludes:
        if (info.type != FieldType::kMultiPicklist) {
          return bad_operator("includes or excludes operator only valid on multipicklist field");
        }
        return {};
      case CompareOp::kLt:
      case CompareOp::kLe:
      case CompareOp::kGt:
      case CompareOp::kGe:
        if (filter.family == Family::kBool || info.type == FieldType::kMultiPicklist) {
          return bad_operator("invalid operator on " + std::string(TypeName(info.type)) + " field");
        }
        return {};
      default:
        return {};
    }
  }

  // Semi-joins compare ids, and what a sub-select gives must be what the field holds.
  // Source: SOQL and SOSL Reference, 'Comparison Operators', 'Semi-Joins with IN and Anti-Joins
  // with NOT IN', read 2026-11.
  Result<void> CheckJoin(const Filter& filter, const Condition& condition) const {
    if (filter.family != Family::kId) {
      return Bad(
          "MALFORMED_QUERY", condition.left.at,
          "The left operand of a semi join must be an id or a reference field: " + name_of(filter));
    }
    if (condition.subquery->where && HasJoin(*condition.subquery->where)) {
      return Bad("MALFORMED_QUERY", condition.left.at,
                 "Nesting of semi join sub-selects is not supported");
    }
    return {};
  }
  static const std::string& name_of(const Filter& filter) { return filter.left.field.info().name; }

  tl::unexpected<Error> WrongType(const Filter& filter, const Literal& literal) const {
    const bool wants_quotes = filter.family == Family::kText || filter.family == Family::kId;
    return Bad("INVALID_FIELD", literal.at,
               "value of filter criterion for field '" + name_ + "' must be of type " +
                   std::string(FamilyTypeName(filter.family)) +
                   (wants_quotes ? " and should be enclosed in quotes"
                                 : " and should not be enclosed in quotes"));
  }

  Result<Operand> BindLiteral(const Filter& filter, const Literal& literal) const {
    Operand operand;
    if (literal.kind == Literal::Kind::kNull) {
      operand.null = true;
      return operand;
    }
    switch (filter.family) {
      case Family::kText:
        if (literal.kind != Literal::Kind::kString) return WrongType(filter, literal);
        return BindText(filter, literal);
      case Family::kId: {
        if (literal.kind != Literal::Kind::kString) return WrongType(filter, literal);
        if (literal.text.empty()) {
          operand.null = true;
          return operand;
        }
        const auto id = ParseId(literal.text);
        const bool shaped = (literal.text.size() == 15 || literal.text.size() == 18) &&
                            std::all_of(literal.text.begin(), literal.text.end(), [](char c) {
                              return std::isalnum(static_cast<uint8_t>(c)) != 0;
                            });
        if (!id && !shaped) {
          return Bad("INVALID_QUERY_FILTER_OPERATOR", literal.at,
                     "invalid ID field: " + literal.text);
        }
        operand.number = id.value_or(-1);  // well-formed, of another org: matches nothing
        return operand;
      }
      case Family::kBool:
        if (literal.kind != Literal::Kind::kBool) return WrongType(filter, literal);
        operand.number = literal.flag ? 1 : 0;
        return operand;
      case Family::kNumber:
        if (literal.kind != Literal::Kind::kNumber) return WrongType(filter, literal);
        return BindNumber(filter, literal);
      case Family::kTime: {
        const auto instant = ParseInstant("1970-01-01T" + literal.text);
        if (literal.kind != Literal::Kind::kTime || !instant) return WrongType(filter, literal);
        operand.number = instant->time_since_epoch().count() / 1000;
        operand.upto = operand.number + 1;
        return operand;
      }
      case Family::kDate:
      case Family::kDateTime:
        return BindDate(filter, literal);
    }
    return operand;
  }

  static Result<Operand> BindText(const Filter& filter, const Literal& literal) {
    Operand operand;
    operand.text = Folded(literal.text);
    if (filter.op == CompareOp::kIncludes || filter.op == CompareOp::kExcludes) {
      for (size_t at = 0; at <= operand.text.size();) {
        const size_t end = std::min(operand.text.find(';', at), operand.text.size());
        operand.parts.push_back(operand.text.substr(at, end - at));
        at = end + 1;
      }
    }
    // An empty text is null, but everything that is there is greater than it.
    const bool ordered = filter.op == CompareOp::kLt || filter.op == CompareOp::kLe ||
                         filter.op == CompareOp::kGt || filter.op == CompareOp::kGe;
    operand.null = literal.text.empty() && filter.op != CompareOp::kLike && !ordered;
    return operand;
  }

  // As the field would keep it, so that what was stored from the same text is equal.
  Result<Operand> BindNumber(const Filter& filter, const Literal& literal) const {
    constexpr size_t kScaleMax = 17;
    const bool stored = filter.left.plain() && !filter.left.field.fields.empty() &&
                        IsDecimal(filter.left.field.info().type);
    const size_t point = std::min(literal.text.find('.'), literal.text.size() - 1);
    const size_t end = std::min(literal.text.find_first_of("eE"), literal.text.size());
    const auto own = static_cast<int>(std::min(end - std::min(end, point + 1), kScaleMax));
    auto value =
        ParseDecimal(literal.text, {.scale = stored ? filter.left.field.info().scale : own});
    if (!value) value = ParseDecimal(literal.text, {});
    if (!value) return WrongType(filter, literal);
    Operand operand;
    operand.number = value->number;
    operand.scale = value->scale;
    return operand;
  }

  Result<Operand> BindDate(const Filter& filter, const Literal& literal) const {
    Operand operand;
    const bool instant = filter.family == Family::kDateTime;
    if (literal.kind == Literal::Kind::kDateRange) {
      const auto locals = context_.locals();
      const int64_t local = context_.now_millis + locals->zone->OffsetAt(context_.now_millis);
      const int64_t today = local / kDayMillis - (local % kDayMillis < 0);
      const DayRange range = RangeOf(literal.text, literal.n, today, locals->fiscal);
      const auto place = [&](int64_t day) {
        return instant ? locals->zone->ToUtc(day * kDayMillis) : day;
      };
      operand.number = place(range.from);
      operand.upto = place(range.to);
      return operand;
    }
    if (instant && literal.kind == Literal::Kind::kDateTime) {
      const auto time = ParseInstant(literal.text);
      if (!time) return WrongType(filter, literal);
      operand.number =
          std::chrono::floor<std::chrono::milliseconds>(*time).time_since_epoch().count();
    } else if (!instant && literal.kind == Literal::Kind::kDate) {
      const auto day = ParseDate(literal.text);
      if (!day) return WrongType(filter, literal);
      operand.number = day->time_since_epoch().count();
    } else {
      return WrongType(filter, literal);
    }
    operand.upto = operand.number + 1;
    return operand;
  }

  static void MakeSet(Filter& filter) {
    const bool list = filter.op == CompareOp::kIn || filter.op == CompareOp::kNotIn;
    const bool simple = filter.family == Family::kId || filter.family == Family::kText;
    if (!list || !simple || filter.operands.size() < kSetFrom) return;
    filter.by_set = true;
    for (const auto& operand : filter.operands) {
      if (operand.null) {
        filter.has_null = true;
      } else if (filter.family == Family::kId) {
        filter.ids.insert(operand.number);
      } else {
        filter.texts.insert(operand.text);
      }
    }
  }

  const FilterContext& context_;
  std::string name_;  // of the field, for error texts
};

// Value against operand: negative, zero or positive. Ranges count as equal inside.
int Order(Family family, const Value& value, const Operand& operand, std::string& scratch) {
  switch (family) {
    case Family::kText:
      scratch.clear();
      AppendFolded(value.text, scratch);
      return scratch.compare(operand.text);
    case Family::kNumber:
      return CompareNumbers(value, Value::Decimal(operand.number, operand.scale));
    case Family::kDate:
    case Family::kDateTime:
    case Family::kTime:
      return value.number < operand.number ? -1 : value.number < operand.upto ? 0 : 1;
    default:
      return value.number < operand.number ? -1 : value.number > operand.number ? 1 : 0;
  }
}

bool Equals(const Filter& filter, const Value& value, const Operand& operand,
            std::string& scratch) {
  if (value.null() || operand.null) return value.null() && operand.null;
  return Order(filter.family, value, operand, scratch) == 0;
}

bool InList(const Filter& filter, const Value& value, std::string& scratch) {
  if (!filter.by_set) {
    return std::any_of(filter.operands.begin(), filter.operands.end(),
                       [&](const Operand& each) { return Equals(filter, value, each, scratch); });
  }
  if (value.null()) return filter.has_null;
  if (filter.family == Family::kId) return filter.ids.contains(value.number);
  return filter.texts.contains(Folded(value.text));
}

bool Includes(const Value& value, const Operand& operand) {
  const std::string folded = ';' + Folded(value.text) + ';';
  return std::all_of(operand.parts.begin(), operand.parts.end(), [&](const std::string& part) {
    return folded.find(';' + part + ';') != std::string::npos;
  });
}

size_t CharacterSize(std::string_view text, size_t at) {
  size_t size = 1;
  while (at + size < text.size() && (static_cast<uint8_t>(text[at + size]) & 0xc0) == 0x80) ++size;
  return size;
}

}  // namespace

Family FamilyOf(FieldType type) {
  switch (type) {
    case FieldType::kId:
    case FieldType::kReference:
      return Family::kId;
    case FieldType::kBoolean:
      return Family::kBool;
    case FieldType::kInt:
    case FieldType::kLong:
    case FieldType::kDouble:
    case FieldType::kCurrency:
    case FieldType::kPercent:
      return Family::kNumber;
    case FieldType::kDate:
      return Family::kDate;
    case FieldType::kDateTime:
      return Family::kDateTime;
    case FieldType::kTime:
      return Family::kTime;
    default:
      return Family::kText;
  }
}

Result<Filter> BindFilter(const Condition& condition, const FilterContext& context) {
  FIRN_CHECK(CheckJoins(condition, context.soql));
  return Binder(context).Bind(condition);
}

Result<void> BindOperands(const Condition& condition, const std::string& name,
                          const FilterContext& context, Filter& filter) {
  return Binder(context).Operands(condition, name, filter);
}

bool LikeMatches(std::string_view text, std::string_view pattern) {
  size_t t = 0;
  size_t p = 0;
  size_t star = std::string_view::npos;  // where the last `%` stood, and what it has eaten
  size_t eaten = 0;
  while (t < text.size()) {
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && pattern[p] == '%') {
      star = ++p;
      eaten = t;
    } else if (p < pattern.size() && pattern[p] == '_' && !escaped) {
      ++p;
      t += CharacterSize(text, t);
    } else if (p < pattern.size() && pattern[p + (escaped ? 1 : 0)] == text[t]) {
      p += escaped ? 2 : 1;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star;
      eaten += CharacterSize(text, eaten);
      t = eaten;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

bool MatchesValue(const Filter& filter, const Value& value) {
  thread_local std::string scratch;
  switch (filter.op) {
    case CompareOp::kEq:
      return Equals(filter, value, filter.operands[0], scratch);
    case CompareOp::kNe:
      return !Equals(filter, value, filter.operands[0], scratch);
    case CompareOp::kIn:
      return InList(filter, value, scratch);
    case CompareOp::kNotIn:
      return !InList(filter, value, scratch);
    default:
      break;
  }
  if (filter.op == CompareOp::kExcludes) {
    return value.null() || std::none_of(filter.operands.begin(), filter.operands.end(),
                                        [&](const Operand& each) { return Includes(value, each); });
  }
  if (value.null()) return false;
  if (filter.op == CompareOp::kIncludes) {
    return std::any_of(filter.operands.begin(), filter.operands.end(),
                       [&](const Operand& each) { return Includes(value, each); });
  }
  const Operand& operand = filter.operands[0];
  if (operand.null) return false;
  if (filter.op == CompareOp::kLike) {
    scratch.clear();
    AppendFolded(value.text, scratch);
    return LikeMatches(scratch, operand.text);
  }
  const int order = Order(filter.family, value, operand, scratch);
  switch (filter.op) {
    case CompareOp::kLt:
      return order < 0;
    case CompareOp::kLe:
      return order <= 0;
    case CompareOp::kGt:
      return order > 0;
    default:
      return order >= 0;
  }
}

bool Matches(const Filter& filter, RowTree& tree) {
  switch (filter.kind) {
    case Condition::Kind::kAnd:
      return std::all_of(filter.parts.begin(), filter.parts.end(),
                         [&](const Filter& part) { return Matches(part, tree); });
    case Condition::Kind::kOr:
      return std::any_of(filter.parts.begin(), filter.parts.end(),
                         [&](const Filter& part) { return Matches(part, tree); });
    case Condition::Kind::kNot:
      return !Matches(filter.parts[0], tree);
    case Condition::Kind::kCompare:
      break;
  }
  return MatchesValue(filter, Evaluate(filter.left, tree));
}

}  // namespace firn::sandbox::soql
