#include "sandbox/bulk/classic_rows.h"
#include "sandbox/query.h"

namespace firn::sandbox {
namespace {

void AppendAttributes(std::string_view type, const ObjectInfo& object, const Value& id,
                      int api_version, std::string& out) {
  out += "\"attributes\":{\"type\":";
  AppendJsonText(type, out);
  out += ",\"url\":\"/services/data/v" + std::to_string(api_version) + ".0/sobjects/" +
         object.name + '/';
  AppendPlain(id, out);
  out += "\"}";
}

// How a row is printed: REST prints instants as text, the first Bulk API as milliseconds.
struct Style {
  int api_version;
  bool epochs;
};

constexpr int64_t kDayMillis = 86'400'000;

// A base64 field is answered as the address of its body.
void AppendCell(const RowCursor& cursor, size_t column, size_t level, Style style,
                std::string& out) {
  const Value& value = cursor.row()[column];
  const Column& info = cursor.columns()[column];
  const int api_version = style.api_version;
  const bool day = value.kind == Value::Kind::kDate;
  if (style.epochs && (day || value.kind == Value::Kind::kDateTime)) {
    out += std::to_string(value.number * (day ? kDayMillis : 1));
    return;
  }
  if (info.type != FieldType::kBase64 || value.null() || info.field == nullptr) {
    AppendJson(value, out);
    return;
  }
  out +=
      "\"/services/data/v" + std::to_string(api_version) + ".0/sobjects/" + info.object->name + '/';
  AppendPlain(cursor.parent_id(column, level), out);
  out += '/' + info.field->name + '"';
}

// Writes the members of one nesting level; columns that share the next path part become one
// object, in the place of the first of them.
class Nester {
 public:
  Nester(const RowCursor& cursor, Style style, std::string& out)
      : cursor_(cursor), style_(style), out_(out), done_(cursor.columns().size()) {}

  void Level(size_t level, const std::vector<std::string>& prefix, bool comma) {
    const auto& columns = cursor_.columns();
    for (size_t i = 0; i < columns.size(); ++i) {
      if (done_[i] || !Starts(columns[i].path, prefix)) continue;
      if (comma) out_ += ',';
      comma = true;
      AppendJsonText(columns[i].path[level], out_);
      out_ += ':';
      if (columns[i].path.size() == level + 1) {
        done_[i] = true;
        AppendCell(cursor_, i, level, style_, out_);
      } else {
        Parent(i, level + 1);
      }
    }
  }

 private:
  static bool Starts(const std::vector<std::string>& path, const std::vector<std::string>& prefix) {
    return path.size() > prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
  }

  void Parent(size_t column, size_t level) {
    const auto& columns = cursor_.columns();
    const std::vector<std::string> prefix(columns[column].path.begin(),
                                          columns[column].path.begin() + static_cast<long>(level));
    const Value id = cursor_.parent_id(column, level);
    if (id.null()) {
      out_ += "null";
      for (size_t i = 0; i < columns.size(); ++i) {
        if (Starts(columns[i].path, prefix)) done_[i] = true;
      }
      return;
    }
    out_ += '{';
    const ObjectInfo& object = *cursor_.parent_object(column, level);
    // Source: REST answers to `Owner.Name` of a case: type Name, the address of the User or Group.
    const bool is_name = cursor_.parent_is_name(column, level);
    AppendAttributes(is_name ? "Name" : object.name, object, id, style_.api_version, out_);
    Level(level, prefix, true);
    out_ += '}';
  }

  const RowCursor& cursor_;
  Style style_;
  std::string& out_;
  std::vector<bool> done_;
};

void AppendRow(const RowCursor& cursor, Style style, std::string& out) {
  out += '{';
  if (cursor.aggregate()) {
    out += R"("attributes":{"type":"AggregateResult"})";
  } else {
    const ObjectInfo& object = cursor.object();
    AppendAttributes(object.name, object, cursor.parent_id(0, 0), style.api_version, out);
  }
  Nester(cursor, style, out).Level(0, {}, true);
  out += '}';
}

}  // namespace

void AppendJsonRow(const RowCursor& cursor, int api_version, std::string& out) {
  AppendRow(cursor, {api_version, false}, out);
}

void AppendJsonRowWithEpochs(const RowCursor& cursor, int api_version, std::string& out) {
  AppendRow(cursor, {api_version, true}, out);
}

}  // namespace firn::sandbox
