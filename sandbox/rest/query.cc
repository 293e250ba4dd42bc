#include <algorithm>
#include <charconv>

#include "sandbox/query_pages.h"
#include "sandbox/rest/recent.h"
#include "sandbox/rest/rest.h"
#include "sandbox/rest/user_record_access.h"

namespace firn::sandbox {
namespace {

constexpr uint64_t kBatchDefault = 2000;
constexpr uint64_t kBatchMin = 200;

// `Sforce-Query-Options: batchSize=1000`, without regard to case; out of range: the nearest bound.
uint64_t BatchSize(const net::ServerRequest& http) {
  std::string text = http.headers.GetOr("Sforce-Query-Options", "");
  std::erase(text, ' ');
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  const size_t at = text.find("batchsize=");
  uint64_t size = 0;
  if (at == std::string::npos) return kBatchDefault;
  const char* begin = text.data() + at + 10;
  if (std::from_chars(begin, text.data() + text.size(), size).ec != std::errc()) {
    return kBatchDefault;
  }
  return std::clamp(size, kBatchMin, kBatchDefault);
}

// Faults that cut or repeat rows; counts in the answer stay as they were.
void ShapeRows(const ApiRequest& request, std::vector<std::string>& rows) {
  for (const FaultEffect& fault : request.faults) {
    if (fault.kind == FaultKind::kShortPage) {
      const auto cut = std::min<size_t>(static_cast<size_t>(fault.rows), rows.size());
      rows.resize(rows.size() - cut);
    } else if (fault.kind == FaultKind::kExtraRow && !rows.empty()) {
      rows.push_back(rows.back());
    }
  }
}

Answer PageAnswer(const ApiRequest& request, QueryPage page) {
  ShapeRows(request, page.rows);
  size_t bytes = 200;
  for (const std::string& row : page.rows) bytes += row.size() + 1;
  std::string json;
  json.reserve(bytes);
  json += "{\"totalSize\":" + std::to_string(page.total);
  json += page.next.empty() ? ",\"done\":true" : ",\"done\":false";
  if (!page.next.empty()) {
    json +=
        ",\"nextRecordsUrl\":\"" + request.Root() + "/" + request.path[0] + "/" + page.next + "\"";
  }
  json += ",\"records\":[";
  for (size_t i = 0; i < page.rows.size(); ++i) {
    if (i > 0) json += ',';
    json += page.rows[i];
  }
  json += "]}";
  return JsonAnswer(200, std::move(json));
}

std::string ApexType(const Column& column) {
  switch (column.type) {
    case FieldType::kId:
    case FieldType::kReference:
      return "Id";
    case FieldType::kBoolean:
      return "Boolean";
    case FieldType::kInt:
      return "Integer";
    case FieldType::kLong:
      return "Long";
    case FieldType::kDouble:
    case FieldType::kCurrency:
    case FieldType::kPercent:
      return "Decimal";
    case FieldType::kDate:
      return "Date";
    case FieldType::kDateTime:
      return "Datetime";
    case FieldType::kTime:
      return "Time";
    case FieldType::kBase64:
      return "Blob";
    default:
      return "String";
  }
}

// What `columns=true` is meant to tell: a tree of names, parents before their columns.
struct ColumnNode {
  std::string name;
  const Column* column = nullptr;  // of a leaf
  std::vector<ColumnNode> children;
};

std::string ColumnJson(const ColumnNode& node) {
  const Column* column = node.column;
  const FieldType type = column == nullptr ? FieldType::kString : column->type;
  const auto flag = [](bool value) { return value ? "true" : "false"; };
  const bool number = IsDecimal(type) || type == FieldType::kInt || type == FieldType::kLong;
  const FieldInfo* field = column == nullptr ? nullptr : column->field;
  // A child subquery counts as an aggregate that has columns of its own.
  const bool aggregate = column != nullptr && (column->aggregate || column->subquery);
  std::string json = "{\"aggregate\":";
  json += flag(aggregate);
  json += ",\"apexType\":" + (column == nullptr ? "null" : JsonString(ApexType(*column)));
  json += std::string(",\"booleanType\":") + flag(type == FieldType::kBoolean);
  json += ",\"columnName\":" + JsonString(node.name);
  json += std::string(",\"custom\":") + flag(field != nullptr && field->custom);
  json += ",\"displayName\":" + JsonString(node.name);
  json += ",\"foreignKeyName\":null";
  json += std::string(",\"insertable\":") + flag(field != nullptr && field->createable);
  json += ",\"joinColumns\":[";
  for (size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) json += ',';
    json += ColumnJson(node.children[i]);
  }
  json += "]";
  json += std::string(",\"numberType\":") + flag(number);
  json += std::string(",\"textType\":") + flag(column != nullptr && IsText(type));
  json += std::string(",\"updatable\":") + flag(field != nullptr && field->updateable) + "}";
  return json;
}

void Plant(std::vector<ColumnNode>& nodes, const Column& column, size_t level) {
  const bool leaf = column.path.size() <= 1 || level + 1 == column.path.size();
  const std::string& name = column.path.size() <= 1 ? column.name : column.path[level];
  if (leaf) {
    ColumnNode node{name, &column, {}};
    for (const Column& inner : column.columns) Plant(node.children, inner, 0);
    nodes.push_back(std::move(node));
    return;
  }
  const auto known = std::find_if(nodes.begin(), nodes.end(), [&](const ColumnNode& node) {
    return node.column == nullptr && node.name == name;
  });
  ColumnNode& parent =
      known == nodes.end() ? nodes.emplace_back(ColumnNode{name, nullptr, {}}) : *known;
  Plant(parent.children, column, level + 1);
}

// `columns=true`: what sf asks before every query; not in the public documents.
Answer ColumnsAnswer(const RowCursor& cursor) {
  std::vector<ColumnNode> nodes;
  bool id_selected = false;
  for (const Column& column : cursor.columns()) {
    Plant(nodes, column, 0);
    id_selected = id_selected || column.name == "Id";
  }
  std::string json = "{\"columnMetadata\":[";
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (i > 0) json += ',';
    json += ColumnJson(nodes[i]);
  }
  json += "],\"entityName\":" + JsonString(cursor.object().name);
  json += std::string(",\"groupBy\":") + (cursor.aggregate() ? "true" : "false");
  json += std::string(",\"idSelected\":") + (id_selected ? "true" : "false");
  json += ",\"keyPrefix\":" + JsonString(cursor.object().key_prefix) + "}";
  return JsonAnswer(200, std::move(json));
}

}  // namespace

Answer HandleQuery(ApiParts& parts, ApiRequest& request, bool all_rows) {
  if (request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed(request.method, "GET,HEAD");
  }
  if (request.path.size() == 2) {
    auto page = parts.pages.Next(request.path[1], request.session.user_id);
    return page ? PageAnswer(request, *std::move(page)) : ErrorAnswer(page.error());
  }
  if (request.path.size() > 2) return NotFoundAnswer();
  if (!request.Query("explain").empty()) return ExplainQuery(parts, request);
  const std::string soql = request.Query("q");
  if (soql.empty()) {
    return ErrorAnswer(400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null");
  }
  if (auto access = QueryUserRecordAccess(parts, request, soql)) return *std::move(access);
  const uint64_t batch_size = BatchSize(request.http);
  QueryOptions options = request.Options(all_rows);
  options.child_rows_max = batch_size;
  options.keep_rest = [&](RowCursor& rest, uint64_t shown) {
    return parts.pages.Keep(rest, shown, request.version, batch_size, request.session.user_id);
  };
  auto cursor = parts.org.Query(soql, options);
  if (!cursor) return ErrorAnswer(cursor.error());
  if (request.Query("columns") == "true") return ColumnsAnswer(**cursor);
  if ((*cursor)->count_only()) {
    return JsonAnswer(200, "{\"totalSize\":" + std::to_string((*cursor)->count()) +
                               ",\"done\":true,\"records\":[]}");
  }
  auto page = parts.pages.First(**cursor, request.version, batch_size, request.session.user_id);
  if (!page) return ErrorAnswer(page.error());
  if (!page->ids.empty()) {
    const auto noted = NoteRecent(parts, request.session.user_id, page->ids);
    if (!noted) return ErrorAnswer(noted.error());
  }
  return PageAnswer(request, *std::move(page));
}

}  // namespace firn::sandbox
