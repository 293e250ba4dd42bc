#include "sandbox/search/search_run.h"

#include <algorithm>
#include <map>

#include "sandbox/api_error.h"

namespace firn::sandbox {
namespace {

constexpr uint64_t kLimitMax = 2000;
constexpr size_t kIdsPerQuery = 200;

// Of these the name group holds more than names.
// Source: SOQL and SOSL Reference, 'IN SearchGroup' (NAME FIELDS), read 2026-11.
bool IsNameLike(const ObjectInfo& object, const FieldInfo& field) {
  constexpr std::pair<std::string_view, std::string_view> kMore[] = {
      {"Account", "Site"},          {"Account", "Website"},
      {"Asset", "SerialNumber"},    {"Case", "SuppliedName"},
      {"Case", "Subject"},          {"Case", "SuppliedCompany"},
      {"Contact", "AssistantName"}, {"Event", "Subject"},
      {"Lead", "Company"},          {"Note", "Title"},
      {"Task", "Subject"},          {"PermissionSet", "Label"},
      {"User", "Username"},         {"User", "CommunityNickname"}};
  if (field.name_field || field.name == "FirstName" || field.name == "LastName") return true;
  return std::any_of(std::begin(kMore), std::end(kMore), [&](const auto& pair) {
    return pair.first == object.name && pair.second == field.name;
  });
}

// Found only when RETURNING names them, and in all their fields whatever IN says.
// Source: SOQL and SOSL Reference, 'RETURNING FieldSpec', 'IN SearchGroup', read 2026-11.
bool IsNamedOnly(const ObjectInfo& object) {
  return object.name == "ContentVersion" || object.name == "Product2" ||
         object.name == "Solution" || object.name.ends_with("__kav");
}

bool IsSearchedType(FieldType type) {
  return type == FieldType::kString || type == FieldType::kTextArea || type == FieldType::kEmail ||
         type == FieldType::kPhone || type == FieldType::kUrl || type == FieldType::kCombobox;
}

// What is wrong with a clause is wrong with the search.
Result<std::unique_ptr<RowCursor>> Ask(Org& org, const std::string& soql,
                                       const QueryOptions& options) {
  auto cursor = org.Query(soql, options);
  if (cursor) return cursor;
  const ApiErrorParts parts = PartsOf(cursor.error());
  if (parts.code != "MALFORMED_QUERY") return cursor;
  return Fail(ApiError(parts.status, "MALFORMED_SEARCH", parts.message));
}

// The ids of an object's matches, at most so many.
Result<std::vector<int64_t>> Find(Org& org, const SoslQuery& query, const SearchTarget& target,
                                  const ObjectInfo& object, const QueryOptions& options) {
  std::vector<int64_t> ids;
  std::string soql = "SELECT Id";
  for (const FieldInfo& field : object.fields) {
    if (IsSearched(object, field, query.group, options.api_version)) soql += ", " + field.name;
  }
  soql += " FROM " + object.name;
  if (!target.where.empty()) soql += " WHERE " + target.where;
  if (!target.order_by.empty()) soql += " ORDER BY " + target.order_by;
  FIRN_TRY(auto cursor, Ask(org, soql, options));
  const uint64_t limit = std::min(target.limit.value_or(kLimitMax), query.limit);
  uint64_t skipped = 0;
  std::vector<std::vector<std::string>> words;
  while (ids.size() < limit) {
    FIRN_TRY(const bool more, cursor->Next());
    if (!more) break;
    const auto row = cursor->row();
    words.resize(row.size() - 1);
    for (size_t i = 1; i < row.size(); ++i) {
      words[i - 1] = row[i].null() ? std::vector<std::string>() : SearchWords(row[i].text);
    }
    if (!query.expression->Matches(words)) continue;
    if (skipped++ < target.offset) continue;
    ids.push_back(row[0].number);
  }
  return ids;
}

// The records in the order of their ids.
Result<void> Render(Org& org, const SearchTarget& target, const ObjectInfo& object,
                    const std::vector<int64_t>& ids, const QueryOptions& options,
                    SearchAnswer& answer) {
  const std::string fields = target.fields.empty() ? "Id" : target.fields;
  // Once with no id at all, so that a wrong field is told whether or not anything was found.
  std::vector<std::string> names;
  for (size_t begin = 0; begin == 0 || begin < ids.size(); begin += kIdsPerQuery) {
    const size_t end = std::min(begin + kIdsPerQuery, ids.size());
    std::string list;
    for (size_t i = begin; i < end; ++i) list += (i > begin ? ",'" : "'") + IdText(ids[i]) + "'";
    FIRN_TRY(auto cursor, Ask(org,
                              "SELECT " + fields + " FROM " + object.name + " WHERE Id " +
                                  (list.empty() ? "= null" : "IN (" + list + ")"),
                              options));
    if (cursor->count_only() || cursor->aggregate()) {
      return Fail(ApiError(400, "MALFORMED_SEARCH", "Aggregates cannot be searched for"));
    }
    if (begin == 0) {
      for (const Column& column : cursor->columns()) names.push_back(column.name);
    }
    std::map<int64_t, std::string> rows;
    while (true) {
      FIRN_TRY(const bool more, cursor->Next());
      if (!more) break;
      AppendJsonRow(*cursor, options.api_version, rows[cursor->parent_id(0, 0).number]);
    }
    for (size_t i = begin; i < end; ++i) {
      if (const auto row = rows.find(ids[i]); row != rows.end()) {
        answer.records.push_back(std::move(row->second));
      }
    }
  }
  answer.fields.emplace_back(object.name, std::move(names));
  return {};
}

// What a limit for the whole search leaves each object: even shares, and what one object does not
// use goes to the others. Source: SOQL and SOSL Reference, 'LIMIT n', read 2026-11.
void Share(uint64_t limit, std::vector<std::vector<int64_t>>& found) {
  std::vector<size_t> order(found.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return found[a].size() < found[b].size(); });
  for (size_t i = 0; i < order.size(); ++i) {
    std::vector<int64_t>& ids = found[order[i]];
    const uint64_t share = limit / (order.size() - i);
    if (ids.size() > share) ids.resize(share);
    limit -= ids.size();
  }
}

}  // namespace

bool IsSearched(const ObjectInfo& object, const FieldInfo& field, SearchGroup group,
                int api_version) {
  if (field.hidden || field.calculated || field.min_api_version > api_version ||
      (field.slot < 0 && !field.name_field) || !IsSearchedType(field.type)) {
    return false;
  }
  if (IsNamedOnly(object)) return true;
  const bool email = field.type == FieldType::kEmail;
  const bool phone = field.type == FieldType::kPhone;
  switch (group) {
    case SearchGroup::kAll:
      return true;
    case SearchGroup::kName:
      return IsNameLike(object, field);
    case SearchGroup::kEmail:
      return email;
    case SearchGroup::kPhone:
      return phone;
    case SearchGroup::kSidebar:
      return IsNameLike(object, field) || email || phone;
  }
  return false;
}

Result<SearchAnswer> RunSearch(Org& org, const SoslQuery& query, const QueryOptions& options) {
  const auto catalogue = org.CatalogueFor(options.user_id);
  std::vector<SearchTarget> targets = query.targets;
  if (targets.empty()) {
    for (const ObjectInfo& object : catalogue->objects()) {
      if (!object.searchable || !object.queryable || IsNamedOnly(object)) continue;
      targets.push_back({object.name, "", "", "", {}, 0});
    }
  }
  std::vector<const ObjectInfo*> objects;
  std::vector<std::vector<int64_t>> found;
  for (const SearchTarget& target : targets) {
    const ObjectInfo* object = catalogue->Object(target.object);
    if (object == nullptr || !object->searchable) {
      return Fail(ApiError(400, "INVALID_TYPE",
                           object == nullptr
                               ? "sObject type '" + target.object + "' is not supported."
                               : "entity type " + object->name + " does not support search"));
    }
    objects.push_back(object);
    FIRN_TRY(auto ids, Find(org, query, target, *object, options));
    found.push_back(std::move(ids));
  }
  Share(query.limit, found);
  SearchAnswer answer;
  for (size_t i = 0; i < targets.size(); ++i) {
    FIRN_CHECK(Render(org, targets[i], *objects[i], found[i], options, answer));
  }
  return answer;
}

}  // namespace firn::sandbox
