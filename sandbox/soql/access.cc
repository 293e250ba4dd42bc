#include "sandbox/soql/access.h"

#include <algorithm>
#include <climits>

namespace firn::sandbox::soql {
namespace {

// A date range is worth an index only if it is a small part of the table: index order jumps about
// in the file.
constexpr double kSelectiveShare = 0.15;
constexpr size_t kListMax = 2000;  // longer lists are scanned for

// Ranks of ways to the rows: smaller is better.
constexpr int kOneRowCost = 1;
constexpr int kListCost = 10;
constexpr int kPrefixCost = 15;
constexpr int kRangeCost = 20;  // and one more for each hundredth of the table

struct Candidate {
  int cost = INT_MAX;
  std::string column;
  std::vector<Value> numbers;
  std::vector<std::string> texts;
  int64_t from = INT64_MIN;
  int64_t upto = INT64_MAX;  // not included
  bool range = false;
  bool prefix = false;  // texts[0] <= value < texts[1]
};

bool IsIndexable(const Filter& filter) {
  return filter.kind == Condition::Kind::kCompare && filter.left.field.node == 0 &&
         filter.left.plain() && !filter.left.field.type_name;
}

// The key of a number in the field's index; nothing when it is above every key.
std::optional<Value> KeyNumber(const FieldInfo& field, const Operand& operand) {
  const int scale = IsDecimal(field.type) ? field.scale : 0;
  int places = operand.scale;
  int64_t number = operand.number;
  for (; places < scale; ++places) {
    if (__builtin_mul_overflow(number, int64_t{10}, &number)) return std::nullopt;
  }
  for (; places > scale && number % 10 == 0; --places) number /= 10;
  return places == scale ? Value::Int(number) : Value::Decimal(number, places - scale);
}

bool AddOperand(const Filter& filter, const Operand& operand, Candidate& candidate) {
  if (operand.null) return false;
  if (filter.family == Family::kText) {
    candidate.texts.push_back(operand.text);
  } else if (filter.family == Family::kNumber) {
    const auto number = KeyNumber(filter.left.field.info(), operand);
    if (!number) return false;
    candidate.numbers.push_back(*number);
  } else {
    const bool own = candidate.column == "n";
    candidate.numbers.push_back(
        Value::Int(own ? static_cast<int64_t>(RecordNumberOf(operand.number)) : operand.number));
  }
  return true;
}

// An equality, a list or the values of a sub-select on an indexed column.
std::optional<Candidate> ListCandidate(const Filter& filter) {
  const bool list = filter.op == CompareOp::kEq || filter.op == CompareOp::kIn;
  const bool family = filter.family == Family::kId || filter.family == Family::kText ||
                      filter.family == Family::kNumber;
  const FieldInfo& field = filter.left.field.info();
  Candidate candidate;
  candidate.column = IndexedColumn(field);
  if (!list || !family || candidate.column.empty()) return std::nullopt;
  const size_t size = filter.operands.empty() ? filter.ids.size() : filter.operands.size();
  if (size > kListMax || (size == 0 && !filter.by_set)) return std::nullopt;
  for (const auto& operand : filter.operands) {
    if (!AddOperand(filter, operand, candidate)) return std::nullopt;
  }
  if (filter.operands.empty()) {
    for (const int64_t id : filter.ids) {
      Operand operand;
      operand.number = id;
      (void)AddOperand(filter, operand, candidate);
    }
  }
  const bool precise = field.slot == kIdSlot || field.unique || field.external_id;
  candidate.cost = precise ? kOneRowCost : kListCost;
  return candidate;
}

// `LIKE 'Acme%'` on an indexed text.
std::optional<Candidate> PrefixCandidate(const Filter& filter) {
  if (filter.op != CompareOp::kLike || filter.operands.size() != 1) return std::nullopt;
  Candidate candidate;
  candidate.column = IndexedColumn(filter.left.field.info());
  const std::string& pattern = filter.operands[0].text;
  const std::string prefix = pattern.substr(0, pattern.find_first_of("%_\\"));
  if (candidate.column.empty() || prefix.empty()) return std::nullopt;
  candidate.prefix = true;
  candidate.texts = {prefix, prefix + "\xff"};
  candidate.cost = kPrefixCost;
  return candidate;
}

// Narrows [from, upto) of a dated column by one comparison.
bool Narrow(const Filter& filter, int64_t& from, int64_t& upto) {
  const Operand& operand = filter.operands[0];
  if (operand.null) return false;
  switch (filter.op) {
    case CompareOp::kEq:
      from = std::max(from, operand.number);
      upto = std::min(upto, operand.upto);
      return true;
    case CompareOp::kLt:
      upto = std::min(upto, operand.number);
      return true;
    case CompareOp::kLe:
      upto = std::min(upto, operand.upto);
      return true;
    case CompareOp::kGt:
      from = std::max(from, operand.upto);
      return true;
    case CompareOp::kGe:
      from = std::max(from, operand.number);
      return true;
    default:
      return false;
  }
}

// The field whose column is bounded by a condition. LastModifiedDate is never above
// SystemModstamp, so its lower bound is one of SystemModstamp too.
std::string DatedColumn(const Filter& filter) {
  if (!IsIndexable(filter) || filter.family != Family::kDateTime || filter.operands.size() != 1) {
    return {};
  }
  const FieldInfo& field = filter.left.field.info();
  const bool lower = filter.op == CompareOp::kGt || filter.op == CompareOp::kGe;
  if (field.name == "LastModifiedDate" && lower) return "mod";
  return IndexedColumn(field);
}

Result<double> ShareOf(const ObjectInfo& object, const Candidate& range, Reader& reader) {
  FIRN_TRY(
      Statement * ends,
      reader.Cached("SELECT (SELECT min(" + range.column + ") FROM " + TableName(object) +
                    " WHERE " + range.column + " IS NOT NULL), (SELECT max(" + range.column +
                    ") FROM " + TableName(object) + " WHERE " + range.column + " IS NOT NULL)"));
  FIRN_TRY(const bool found, ends->Step());
  if (!found || ends->IsNull(0)) {
    ends->Reset();
    return 0.0;
  }
  const auto low = static_cast<double>(ends->Int(0));
  const auto high = static_cast<double>(ends->Int(1)) + 1;
  ends->Reset();
  const double from = std::max(low, static_cast<double>(range.from));
  const double upto = std::min(high, static_cast<double>(range.upto));
  return upto <= from ? 0.0 : (upto - from) / (high - low);
}

AccessPath PathOf(const Candidate& best) {
  AccessPath path;
  path.column = best.column;
  path.selective = best.cost <= kRangeCost + static_cast<int>(kSelectiveShare * 100);
  if (best.range) {
    if (best.from != INT64_MIN) {
      path.where = best.column + " >= ?";
      path.parameters.push_back(Value::Int(best.from));
    }
    if (best.upto != INT64_MAX) {
      path.where += (path.where.empty() ? "" : " AND ") + best.column + " < ?";
      path.parameters.push_back(Value::Int(best.upto));
    }
    return path;
  }
  path.texts = best.texts;
  path.parameters = best.numbers;
  for (const auto& text : path.texts) path.parameters.push_back(Value::Text(text));
  if (best.prefix) {
    path.where = best.column + " >= ? AND " + best.column + " < ?";
    return path;
  }
  std::string marks;
  for (size_t i = 0; i < path.parameters.size(); ++i) marks += i == 0 ? "?" : ", ?";
  path.where = best.column + " IN (" + marks + ")";
  return path;
}

std::string WhereSql(const AccessPath& access, bool all_rows) {
  std::string where = access.where;
  if (!all_rows) where += where.empty() ? "del = 0" : " AND del = 0";
  return where.empty() ? where : " WHERE " + where;
}

void Bind(const AccessPath& access, Statement& statement) {
  for (size_t i = 0; i < access.parameters.size(); ++i) {
    const Value& value = access.parameters[i];
    const int at = static_cast<int>(i) + 1;
    if (value.kind == Value::Kind::kText) {
      statement.Bind(at, value.text);
    } else {
      BindKeyNumber(statement, at, value, 0);
    }
  }
}

std::string OrderSql(const RowOrder& order) {
  if (order.column.empty()) return {};
  const std::string way = order.descending ? " DESC" : "";
  return " ORDER BY " + order.column + way + (order.column == "n" ? "" : ", n" + way);
}

}  // namespace

std::string IndexedColumn(const FieldInfo& field) {
  if (field.slot == kIdSlot) return "n";
  if (field.slot == kModstampSlot) return "mod";
  return field.key_column < 0 ? std::string() : "k" + std::to_string(field.key_column);
}

Result<AccessPath> ChooseAccess(const ObjectInfo& object, const Filter* filter,
                                const RowOrder& order, Reader& reader) {
  if (filter == nullptr) return AccessPath{};
  std::vector<const Filter*> parts;
  if (filter->kind == Condition::Kind::kAnd) {
    for (const auto& part : filter->parts) parts.push_back(&part);
  } else {
    parts.push_back(filter);
  }
  Candidate best;
  std::vector<Candidate> ranges;
  size_t exact_parts = 0;
  for (const Filter* part : parts) {
    if (!IsIndexable(*part)) continue;
    if (auto candidate = ListCandidate(*part); candidate && candidate->cost < best.cost) {
      best = std::move(*candidate);
    }
    if (auto candidate = PrefixCandidate(*part); candidate && candidate->cost < best.cost) {
      best = std::move(*candidate);
    }
    const std::string column = DatedColumn(*part);
    if (column.empty()) continue;
    auto range = std::find_if(ranges.begin(), ranges.end(),
                              [&](const Candidate& each) { return each.column == column; });
    if (range == ranges.end()) {
      range = ranges.emplace(ranges.end());
      range->column = column;
      range->range = true;
    }
    if (Narrow(*part, range->from, range->upto) &&
        part->left.field.info().name != "LastModifiedDate") {
      ++exact_parts;
    }
  }
  for (auto& range : ranges) {
    if (best.cost <= kPrefixCost) break;
    FIRN_TRY(const double share, ShareOf(object, range, reader));
    if (share > kSelectiveShare && range.column != order.column) continue;
    range.cost = kRangeCost + static_cast<int>(share * 100);
    if (range.cost < best.cost) best = range;
  }
  if (best.cost == INT_MAX) return AccessPath{};
  AccessPath path = PathOf(best);
  path.exact = best.range && ranges.size() == 1 && exact_parts == parts.size();
  return path;
}

Result<Statement> OpenRows(const ObjectInfo& object, const AccessPath& access,
                           const RowOrder& order, bool all_rows, Reader& reader) {
  // The indexes leave nulls out; saying that there are none lets them be used for the order.
  AccessPath path = access;
  if (order.column.starts_with("k")) {
    path.where += (path.where.empty() ? "" : " AND ") + order.column + " IS NOT NULL";
  }
  FIRN_TRY(Statement rows, reader.db().Prepare("SELECT n, del, mod, row FROM " + TableName(object) +
                                               WhereSql(path, all_rows) + OrderSql(order)));
  Bind(access, rows);
  return rows;
}

Result<uint64_t> CountRows(const ObjectInfo& object, const AccessPath& access, bool all_rows,
                           Reader& reader) {
  FIRN_TRY(Statement count, reader.db().Prepare("SELECT count(*) FROM " + TableName(object) +
                                                WhereSql(access, all_rows)));
  Bind(access, count);
  FIRN_TRY(const bool found, count.Step());
  return found ? static_cast<uint64_t>(count.Int(0)) : 0;
}

}  // namespace firn::sandbox::soql
