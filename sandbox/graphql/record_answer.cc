#include "sandbox/graphql/record_answer.h"

#include <nlohmann/json.hpp>

namespace firn::sandbox::graphql {
namespace {

using nlohmann::ordered_json;

ordered_json Member(const ordered_json& row, const std::string& key) {
  const auto found = row.is_object() ? row.find(key) : row.end();
  return row.is_object() && found != row.end() ? *found : ordered_json(nullptr);
}

std::string TypeOf(const ordered_json& row) {
  const ordered_json attributes = Member(row, "attributes");
  return attributes.is_object() ? attributes.value("type", "") : "";
}

// The object of a record whose lookup leads to several: told by its address, since `attributes`
// calls it Name.
std::string ObjectOf(const ordered_json& row) {
  const ordered_json attributes = Member(row, "attributes");
  std::string url = attributes.is_object() ? attributes.value("url", "") : "";
  url = url.substr(0, url.rfind('/'));
  return url.substr(url.rfind('/') + 1);
}

// Formatted texts have keys of their own in the row of the query, `root`, also those of parents.
ordered_json Node(const std::vector<RecordPart>& parts, const ordered_json& row,
                  const ordered_json& root);

ordered_json FieldJson(const RecordPart& part, const ordered_json& row, const ordered_json& root) {
  const ordered_json value = Member(row, part.key);
  ordered_json out = ordered_json::object();
  for (const Selection& asked : part.selection->children) {
    if (asked.name == "value") {
      out[asked.alias] = value;
    } else if (asked.name == "displayValue" || asked.name == "label") {
      out[asked.alias] = part.display.empty() ? ordered_json(nullptr) : Member(root, part.display);
    } else if (asked.name == "__typename") {
      out[asked.alias] = "StringValue";
    } else {
      out[asked.alias] = nullptr;
    }
  }
  return out;
}

ordered_json ParentJson(const RecordPart& part, const ordered_json& row, const ordered_json& root) {
  const ordered_json parent = Member(row, part.key);
  if (!parent.is_object()) return nullptr;
  std::vector<RecordPart> fitting;
  const std::string object = ObjectOf(parent);
  for (const RecordPart& one : part.parts) {
    if (one.on_type.empty() || one.on_type == object) fitting.push_back(one);
  }
  return Node(fitting, parent, root);
}

ordered_json ChildrenJson(const RecordPart& part, const ordered_json& row) {
  const ordered_json children = Member(row, part.key);
  ordered_json rows = children.is_object() ? children["records"] : ordered_json::array();
  const uint64_t first = FirstOf(*part.selection).value_or(0);
  const uint64_t total = rows.size();
  while (rows.size() > first) rows.erase(rows.size() - 1);
  return ConnectionJson(*part.selection, part.parts, rows, {0, total > first, total});
}

ordered_json PageInfo(const Selection& info, uint64_t nodes, const ConnectionFacts& facts) {
  ordered_json out = ordered_json::object();
  for (const Selection& asked : info.children) {
    if (asked.name == "hasNextPage") out[asked.alias] = facts.more;
    if (asked.name == "hasPreviousPage") out[asked.alias] = facts.before > 0;
    if (asked.name == "startCursor") {
      out[asked.alias] =
          nodes == 0 ? ordered_json(nullptr) : ordered_json(CursorText(facts.before + 1));
    }
    if (asked.name == "endCursor") {
      out[asked.alias] =
          nodes == 0 ? ordered_json(nullptr) : ordered_json(CursorText(facts.before + nodes));
    }
  }
  return out;
}

ordered_json Edges(const Selection& edges, const std::vector<RecordPart>& parts,
                   const ordered_json& rows, uint64_t before) {
  ordered_json list = ordered_json::array();
  for (const ordered_json& row : rows) {
    ordered_json edge = ordered_json::object();
    ++before;
    for (const Selection& asked : edges.children) {
      if (asked.name == "node") edge[asked.alias] = NodeJson(parts, row);
      if (asked.name == "cursor") edge[asked.alias] = CursorText(before);
    }
    list.push_back(std::move(edge));
  }
  return list;
}

ordered_json Node(const std::vector<RecordPart>& parts, const ordered_json& row,
                  const ordered_json& root) {
  ordered_json node = ordered_json::object();
  for (const RecordPart& part : parts) {
    const std::string& alias = part.selection->alias;
    switch (part.kind) {
      case RecordPart::Kind::kId:
        node[alias] = Member(row, part.key);
        break;
      case RecordPart::Kind::kTypeName:
        node[alias] = TypeOf(row) == "Name" ? ObjectOf(row) : TypeOf(row);
        break;
      case RecordPart::Kind::kField:
        node[alias] = FieldJson(part, row, root);
        break;
      case RecordPart::Kind::kParent:
        node[alias] = ParentJson(part, row, root);
        break;
      case RecordPart::Kind::kChildren:
        node[alias] = ChildrenJson(part, row);
        break;
    }
  }
  return node;
}

}  // namespace

ordered_json NodeJson(const std::vector<RecordPart>& parts, const ordered_json& row) {
  return Node(parts, row, row);
}

ordered_json ConnectionJson(const Selection& connection, const std::vector<RecordPart>& parts,
                            const ordered_json& rows, const ConnectionFacts& facts) {
  ordered_json out = ordered_json::object();
  for (const Selection& asked : connection.children) {
    if (asked.name == "edges") out[asked.alias] = Edges(asked, parts, rows, facts.before);
    if (asked.name == "pageInfo") out[asked.alias] = PageInfo(asked, rows.size(), facts);
    if (asked.name == "totalCount") out[asked.alias] = facts.total;
    if (asked.name == "pageResultCount") out[asked.alias] = rows.size();
  }
  return out;
}

}  // namespace firn::sandbox::graphql
