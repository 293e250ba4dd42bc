#include "sandbox/graphql/record_query.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/encoding.h"
#include "sandbox/api_error.h"
#include "sandbox/value.h"

namespace firn::sandbox::graphql {
namespace {

using nlohmann::json;

constexpr uint64_t kFirstMax = 2000;
constexpr uint64_t kChildrenMax = 2000;
constexpr std::string_view kCursorPrefix = "v1:";

const Selection* Child(const Selection& of, std::string_view name) {
  for (const Selection& child : of.children) {
    if (child.name == name) return &child;
  }
  return nullptr;
}

bool HasDisplay(const FieldInfo& field) {
  switch (field.type) {
    case FieldType::kInt:
    case FieldType::kLong:
    case FieldType::kDouble:
    case FieldType::kCurrency:
    case FieldType::kPercent:
    case FieldType::kDate:
    case FieldType::kDateTime:
    case FieldType::kTime:
    case FieldType::kPicklist:
    case FieldType::kMultiPicklist:
      return true;
    default:
      return false;
  }
}

Error Undefined(const Selection& selection, const ObjectInfo& object) {
  return ValidationError(selection.place, "Validation error (FieldUndefined) : Field '" +
                                              selection.name + "' in type '" + object.name +
                                              "' is undefined");
}

// The columns of one SELECT list, each once.
class Columns {
 public:
  void Add(const std::string& column) {
    if (!seen_.insert(Folded(column)).second) return;
    text_ += (text_.empty() ? "" : ", ") + column;
  }
  // A column under a key of its own.
  std::string AddAs(const std::string& column) {
    std::string key = "display" + std::to_string(++aliases_) + "__";
    text_ += (text_.empty() ? "" : ", ") + column + " " + key;
    return key;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::set<std::string> seen_;
  std::string text_;
  int aliases_ = 0;
};

class Planner {
 public:
  Planner(const Catalogue& catalogue, int version) : catalogue_(catalogue), version_(version) {}

  // The parts of a node; `prefix` is `Owner.` in a parent.
  Result<std::vector<RecordPart>> Parts(const ObjectInfo& object, const Selection& node,
                                        const std::string& prefix, Columns& columns) {
    std::vector<RecordPart> parts;
    for (const Selection& selection : node.children) {
      if (!selection.on_type.empty() && selection.on_type != object.name &&
          selection.on_type != "Record") {
        continue;
      }
      FIRN_TRY(auto part, Part(object, selection, prefix, columns));
      parts.push_back(std::move(part));
    }
    return parts;
  }

  Result<std::string> Select(const ObjectInfo& object, const std::string& from,
                             const Selection& connection, std::vector<RecordPart>& parts) {
    Columns columns;
    columns.Add("Id");
    const Selection* edges = Child(connection, "edges");
    const Selection* node = edges == nullptr ? nullptr : Child(*edges, "node");
    if (node != nullptr) {
      FIRN_TRY(parts, Parts(object, *node, "", columns));
    }
    return "SELECT " + columns.text() + " FROM " + from;
  }

  // ` WHERE .. ORDER BY ..`
  Result<std::string> Clauses(const ObjectInfo& object, const Selection& connection, bool ordered) {
    std::string text;
    if (const json* where = connection.Argument("where")) {
      FIRN_TRY(const std::string condition, WhereText(catalogue_, object, *where, ""));
      if (!condition.empty()) text += " WHERE " + condition;
    }
    const json* order = connection.Argument("orderBy");
    if (ordered && order != nullptr) {
      FIRN_TRY(const std::string keys, OrderText(object, *order, "", catalogue_));
      if (!keys.empty()) text += " ORDER BY " + keys;
    }
    return text;
  }

 private:
  Result<RecordPart> Part(const ObjectInfo& object, const Selection& selection,
                          const std::string& prefix, Columns& columns) {
    RecordPart part;
    part.selection = &selection;
    const std::string& name = selection.name;
    if (name == "ApiName" || name == "__typename") {
      part.kind = RecordPart::Kind::kTypeName;
      return part;
    }
    const FieldInfo* field = object.Field(name);
    if (field != nullptr && field->name == name && !field->hidden &&
        field->min_api_version <= version_) {
      return Value(*field, selection, prefix, columns);
    }
    const FieldInfo* way = object.Relationship(name);
    if (way != nullptr && way->relationship_name == name && !way->hidden) {
      return Parent(*way, selection, prefix, columns);
    }
    const ChildRelationship* children = prefix.empty() ? object.Child(name) : nullptr;
    if (children != nullptr && children->relationship_name == name) {
      return Children(*children, selection, columns);
    }
    return Fail(Undefined(selection, object));
  }

  Result<RecordPart> Value(const FieldInfo& field, const Selection& selection,
                           const std::string& prefix, Columns& columns) {
    RecordPart part;
    part.selection = &selection;
    part.field = &field;
    part.key = field.name;
    const std::string path = prefix + field.name;
    columns.Add(path);
    if (field.type == FieldType::kId) {
      part.kind = RecordPart::Kind::kId;
      return part;
    }
    if (selection.children.empty()) {
      return Fail(ValidationError(selection.place,
                                  "Validation error (SubselectionRequired) : Subselection required "
                                  "for type of field '" +
                                      field.name + "'"));
    }
    const bool shown =
        Child(selection, "displayValue") != nullptr || Child(selection, "label") != nullptr;
    // TYPEOF takes no functions: the value stands for its formatted text there.
    if (shown && !in_typeof_ && HasDisplay(field)) {
      const bool label =
          field.type == FieldType::kPicklist || field.type == FieldType::kMultiPicklist;
      part.display = columns.AddAs((label ? "toLabel(" : "FORMAT(") + path + ")");
    }
    return part;
  }

  // A lookup that may lead to several objects is asked by its shared fields, and by TYPEOF where
  // fragments name objects.
  Result<RecordPart> Parent(const FieldInfo& way, const Selection& selection,
                            const std::string& prefix, Columns& columns) {
    RecordPart part;
    part.kind = RecordPart::Kind::kParent;
    part.selection = &selection;
    part.key = way.relationship_name;
    const std::string path = prefix + way.relationship_name;
    if (way.reference_to.size() == 1) {
      const ObjectInfo* parent = catalogue_.Object(way.reference_to.front());
      if (parent == nullptr) return Fail(ValidationError(selection.place, "unknown object"));
      columns.Add(path + ".Id");
      FIRN_TRY(part.parts, Parts(*parent, selection, path + ".", columns));
      return part;
    }
    std::string branches;
    in_typeof_ = true;
    for (const std::string& each : way.reference_to) {
      const ObjectInfo* parent = catalogue_.Object(each);
      if (parent == nullptr) continue;
      Columns own;
      own.Add("Id");
      FIRN_TRY(auto parts, Parts(*parent, selection, "", own));
      for (RecordPart& one : parts) {
        one.on_type = each;
        part.parts.push_back(std::move(one));
      }
      branches += " WHEN " + each + " THEN " + own.text();
    }
    in_typeof_ = false;
    columns.Add("TYPEOF " + path + branches + " END");
    return part;
  }

  Result<RecordPart> Children(const ChildRelationship& of, const Selection& selection,
                              Columns& columns) {
    const ObjectInfo* object = catalogue_.Object(of.child_object);
    if (object == nullptr) return Fail(ValidationError(selection.place, "unknown object"));
    RecordPart part;
    part.kind = RecordPart::Kind::kChildren;
    part.selection = &selection;
    part.key = of.relationship_name;
    FIRN_TRY(const std::string select,
             Select(*object, of.relationship_name, selection, part.parts));
    FIRN_TRY(const std::string clauses, Clauses(*object, selection, true));
    columns.Add("(" + select + clauses + " LIMIT " + std::to_string(kChildrenMax) + ")");
    return part;
  }

  const Catalogue& catalogue_;
  const int version_;
  bool in_typeof_ = false;
};

Result<std::string> ScopeText(const Selection& connection) {
  const json* scope = connection.Argument("scope");
  if (scope == nullptr) return std::string();
  const std::string word = scope->is_string() ? scope->get<std::string>() : "";
  if (word.empty() || word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != std::string::npos) {
    return Fail(ValidationError(connection.place, "Invalid scope"));
  }
  return " USING SCOPE " + word;
}

}  // namespace

Result<uint64_t> FirstOf(const Selection& connection) {
  const json* first = connection.Argument("first");
  if (first == nullptr) return uint64_t{10};
  const bool fits = first->is_number_unsigned() || (first->is_number_integer() && *first >= 0);
  if (!fits || *first < 1 || *first > kFirstMax) {
    return Fail(ValidationError(connection.place, "first must be from 1 to 2000"));
  }
  return first->get<uint64_t>();
}

std::string CursorText(uint64_t rows) {
  return Base64(std::string(kCursorPrefix) + std::to_string(rows));
}

Result<uint64_t> CursorRows(const Selection& connection) {
  const json* after = connection.Argument("after");
  if (after == nullptr) return uint64_t{0};
  const auto text = FromBase64(after->is_string() ? after->get<std::string>() : "");
  uint64_t rows = 0;
  if (text && text->starts_with(kCursorPrefix)) {
    const char* end = text->data() + text->size();
    const auto read = std::from_chars(text->data() + kCursorPrefix.size(), end, rows);
    if (read.ec == std::errc() && read.ptr == end) return rows;
  }
  return Fail(ValidationError(connection.place, "Invalid cursor"));
}

Result<ConnectionQuery> PlanRecords(const Catalogue& catalogue, const ObjectInfo& object,
                                    const Selection& connection, int version) {
  ConnectionQuery query;
  FIRN_TRY(query.first, FirstOf(connection));
  FIRN_TRY(query.after, CursorRows(connection));
  Planner planner(catalogue, version);
  FIRN_TRY(const std::string scope, ScopeText(connection));
  FIRN_TRY(const std::string select, planner.Select(object, object.name, connection, query.parts));
  FIRN_TRY(const std::string clauses, planner.Clauses(object, connection, true));
  query.soql = select + scope + clauses;
  if (Child(connection, "totalCount") != nullptr) {
    FIRN_TRY(const std::string filter, planner.Clauses(object, connection, false));
    query.count_soql = "SELECT COUNT() FROM " + object.name + scope + filter;
  }
  return query;
}

}  // namespace firn::sandbox::graphql
