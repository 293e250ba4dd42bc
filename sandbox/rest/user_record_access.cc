#include "sandbox/rest/user_record_access.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/api_error.h"
#include "sandbox/soql/parse.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;
using soql::CompareOp;
using soql::Condition;

constexpr std::string_view kObject = "UserRecordAccess";
constexpr size_t kRecordsMax = 200;
constexpr const char* kFields[] = {"Id",
                                   "UserId",
                                   "RecordId",
                                   "HasReadAccess",
                                   "HasEditAccess",
                                   "HasDeleteAccess",
                                   "HasTransferAccess",
                                   "HasAllAccess",
                                   "MaxAccessLevel"};
// In the order in which one brings the others along.
constexpr const char* kLevels[] = {"None", "Read", "Edit", "Delete", "Transfer", "All"};

struct Wanted {
  std::string user;
  std::vector<std::string> records;
  std::vector<std::pair<std::string, bool>> flags;
};

tl::unexpected<Error> Refused(std::string message) {
  return Fail(ApiError(400, "MALFORMED_QUERY", std::move(message)));
}

// As the documents write it; empty: there is no such field.
std::string FieldNamed(const soql::FieldExpr& field) {
  if (!field.function.empty() || field.format || field.path.size() != 1) return "";
  for (const char* name : kFields) {
    if (Folded(name) == Folded(field.path[0])) return name;
  }
  return "";
}

Result<void> Take(const Condition& condition, Wanted& wanted) {
  if (condition.kind == Condition::Kind::kAnd) {
    for (const Condition& part : condition.parts) FIRN_CHECK(Take(part, wanted));
    return {};
  }
  const std::string field =
      condition.kind == Condition::Kind::kCompare ? FieldNamed(condition.left) : "";
  const bool one = condition.op == CompareOp::kEq && condition.values.size() == 1;
  if (condition.subquery) return Refused("UserRecordAccess takes no sub-select in its filter");
  if (field == "UserId" && one) {
    wanted.user = condition.values[0].text;
  } else if (field == "RecordId" && (one || condition.op == CompareOp::kIn)) {
    for (const soql::Literal& value : condition.values) wanted.records.push_back(value.text);
  } else if (field.starts_with("Has") && one &&
             condition.values[0].kind == soql::Literal::Kind::kBool) {
    wanted.flags.emplace_back(field, condition.values[0].flag);
  } else {
    return Refused("UserRecordAccess can only be filtered by UserId, RecordId and Has*Access");
  }
  return {};
}

Result<Wanted> WantedOf(const soql::Query& query) {
  Wanted wanted;
  if (query.where) FIRN_CHECK(Take(*query.where, wanted));
  if (wanted.user.empty() || wanted.records.empty()) {
    return Refused("UserRecordAccess must be filtered by a single UserId and by RecordId");
  }
  if (wanted.records.size() > kRecordsMax) {
    return Refused("UserRecordAccess can be queried for up to 200 record IDs");
  }
  for (const std::string& id : wanted.records) {
    if (!ParseId(id)) {
      return Fail(
          ApiError(400, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: " + id.substr(0, 40)));
    }
  }
  return wanted;
}

Result<std::vector<std::string>> ColumnsOf(const soql::Query& query) {
  std::vector<std::string> columns;
  for (const soql::SelectItem& item : query.select) {
    const std::string name =
        item.kind == soql::SelectItem::Kind::kField ? FieldNamed(item.field) : "";
    if (name.empty() || query.count_only || !query.group_by.empty()) {
      return Fail(ApiError(400, "INVALID_FIELD",
                           "Only the fields of UserRecordAccess can be selected from it"));
    }
    columns.push_back(name);
  }
  return columns;
}

// 0 to 5, as in kLevels.
size_t LevelOf(ApiParts& parts, const std::string& user, const std::string& record) {
  const auto id = ParseId(record);
  const auto seen = parts.org.CatalogueFor(user);
  const ObjectInfo* object = seen->ByKeyPrefix(KeyPrefixOf(*id));
  if (object == nullptr) return 0;
  const auto read = parts.org.Read(object->name, record, {.user_id = user});
  if (!read) return 0;
  if (!object->updateable) return 1;
  if (!object->deletable) return 2;
  return object->Field("OwnerId") == nullptr ? 3 : 5;
}

ordered_json RowOf(const ApiRequest& request, const std::string& user, const std::string& record,
                   size_t level) {
  const std::string id = IdText(*ParseId(record));
  ordered_json row = {
      {"attributes",
       {{"type", kObject}, {"url", request.Root() + "/sobjects/UserRecordAccess/" + id}}},
      {"Id", id},
      {"UserId", user},
      {"RecordId", id},
      {"MaxAccessLevel", kLevels[level]}};
  for (size_t at = 1; at < std::size(kLevels); ++at) {
    row[std::string("Has") + kLevels[at] + "Access"] = level >= at;
  }
  return row;
}

void Sort(const soql::Query& query, std::vector<ordered_json>& rows) {
  for (auto order = query.order_by.rbegin(); order != query.order_by.rend(); ++order) {
    const std::string field = FieldNamed(order->field);
    if (field.empty()) continue;
    std::stable_sort(rows.begin(), rows.end(), [&](const ordered_json& a, const ordered_json& b) {
      return order->descending ? b[field] < a[field] : a[field] < b[field];
    });
  }
}

Result<std::vector<ordered_json>> RowsOf(ApiParts& parts, const ApiRequest& request,
                                         const soql::Query& query) {
  FIRN_TRY(const auto columns, ColumnsOf(query));
  FIRN_TRY(const Wanted wanted, WantedOf(query));
  const auto user = ParseId(wanted.user);
  std::vector<ordered_json> rows;
  if (!user || !parts.users.ById(IdText(*user))) return rows;
  for (const std::string& record : wanted.records) {
    ordered_json row = RowOf(request, IdText(*user), record,
                             LevelOf(parts, IdText(*user), IdText(*ParseId(record))));
    const bool fits = std::all_of(wanted.flags.begin(), wanted.flags.end(),
                                  [&](const auto& flag) { return row[flag.first] == flag.second; });
    if (fits) rows.push_back(std::move(row));
  }
  Sort(query, rows);
  if (query.limit && static_cast<size_t>(*query.limit) < rows.size()) {
    rows.resize(static_cast<size_t>(*query.limit));
  }
  for (ordered_json& row : rows) {
    ordered_json told = {{"attributes", row["attributes"]}};
    for (const std::string& column : columns) told[column] = row[column];
    row = std::move(told);
  }
  return rows;
}

}  // namespace

std::optional<Answer> QueryUserRecordAccess(ApiParts& parts, const ApiRequest& request,
                                            const std::string& soql) {
  if (Folded(soql).find(Folded(kObject)) == std::string::npos) return std::nullopt;
  const auto query = soql::Parse(soql);
  if (!query || Folded(query->object) != Folded(kObject)) return std::nullopt;
  const auto rows = RowsOf(parts, request, *query);
  if (!rows) return ErrorAnswer(rows.error());
  return JsonAnswer(
      200, ordered_json{{"totalSize", rows->size()}, {"done", true}, {"records", *rows}}.dump());
}

}  // namespace firn::sandbox
