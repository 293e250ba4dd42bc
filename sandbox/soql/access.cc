#include "sandbox/soql/access.h"

#include <algorithm>
#include <climits>

namespace firn::sandbox::soql {
namespace {

// A date range is worth an index only if it is a small part of the table: index order jumps about
// in the file.
constexpr double kSelectiveShare = 0.15;
constexpr size_t kListMax = 500;  // longer lists are scanned for

struct Candidate {
  int cost = INT_MAX;  // rank: smaller is better
  std::string column;
  std::vector<const Operand*> any_of;
  int64_t from = INT64_MIN;
  int64_t upto = INT64_MAX;  // not included
  bool range = false;
  bool text = false;
};

std::string ColumnOf(const FieldInfo& field) {
  if (field.slot == kIdSlot) return "n";
  if (field.slot == kModstampSlot) return "mod";
  return field.key_column < 0 ? std::string() : "k" + std::to_string(field.key_column);
}

bool IsIndexable(const Filter& filter) {
  return filter.kind == Condition::Kind::kCompare && filter.field.node == 0 &&
         filter.function.empty() && !filter.by_set && !filter.field.type_name;
}

// An equality or a list on an indexed column.
std::optional<Candidate> ListCandidate(const Filter& filter) {
  const bool list = filter.op == CompareOp::kEq || filter.op == CompareOp::kIn;
  if (!list || filter.operands.empty() || filter.operands.size() > kListMax) return std::nullopt;
  if (filter.family != Family::kId && filter.family != Family::kText) return std::nullopt;
  const FieldInfo& field = filter.field.info();
  Candidate candidate;
  candidate.column = ColumnOf(field);
  if (candidate.column.empty()) return std::nullopt;
  candidate.text = filter.family == Family::kText;
  for (const auto& operand : filter.operands) {
    if (operand.null) return std::nullopt;
    candidate.any_of.push_back(&operand);
  }
  const bool precise = field.slot == kIdSlot || field.unique || field.external_id;
  candidate.cost = precise ? 1 : 10;
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
  const FieldInfo& field = filter.field.info();
  const bool lower = filter.op == CompareOp::kGt || filter.op == CompareOp::kGe;
  if (field.name == "LastModifiedDate" && lower) return "mod";
  return ColumnOf(field);
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
  std::string marks;
  path.texts.reserve(best.any_of.size());
  for (const Operand* operand : best.any_of) {
    marks += marks.empty() ? "?" : ", ?";
    if (best.text) {
      path.texts.push_back(operand->text);
      path.parameters.push_back(Value::Text(path.texts.back()));
    } else {
      const bool is_id = best.column == "n";
      path.parameters.push_back(Value::Int(
          is_id ? static_cast<int64_t>(RecordNumberOf(operand->number)) : operand->number));
    }
  }
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
      statement.Bind(at, value.number);
    }
  }
}

std::string_view OrderSql(RowOrder order) {
  switch (order) {
    case RowOrder::kNone:
      return "";
    case RowOrder::kId:
      return " ORDER BY n";
    case RowOrder::kIdDescending:
      return " ORDER BY n DESC";
    case RowOrder::kModstamp:
      return " ORDER BY mod, n";
    case RowOrder::kModstampDescending:
      return " ORDER BY mod DESC, n DESC";
  }
  return "";
}

}  // namespace

Result<AccessPath> ChooseAccess(const ObjectInfo& object, const Filter* filter, RowOrder order,
                                Reader& reader) {
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
    const std::string column = DatedColumn(*part);
    if (column.empty()) continue;
    auto range = std::find_if(ranges.begin(), ranges.end(),
                              [&](const Candidate& each) { return each.column == column; });
    if (range == ranges.end()) {
      range = ranges.emplace(ranges.end());
      range->column = column;
      range->range = true;
    }
    if (Narrow(*part, range->from, range->upto) && part->field.info().name != "LastModifiedDate") {
      ++exact_parts;
    }
  }
  for (auto& range : ranges) {
    if (best.cost <= 10) break;
    FIRN_TRY(const double share, ShareOf(object, range, reader));
    const bool ordered = range.column == "mod" &&
                         (order == RowOrder::kModstamp || order == RowOrder::kModstampDescending);
    if (share > kSelectiveShare && !ordered) continue;
    range.cost = 20 + static_cast<int>(share * 100);
    if (range.cost < best.cost) best = range;
  }
  if (best.cost == INT_MAX) return AccessPath{};
  AccessPath path = PathOf(best);
  path.exact = best.range && ranges.size() == 1 && exact_parts == parts.size();
  return path;
}

Result<Statement> OpenRows(const ObjectInfo& object, const AccessPath& access, RowOrder order,
                           bool all_rows, Reader& reader) {
  FIRN_TRY(Statement rows,
           reader.db().Prepare("SELECT n, del, mod, row FROM " + TableName(object) +
                               WhereSql(access, all_rows) + std::string(OrderSql(order))));
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
