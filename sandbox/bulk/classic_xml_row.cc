#include "sandbox/bulk/classic_xml.h"

namespace firn::sandbox {
namespace {

void AppendNil(std::string_view name, std::string& out) {
  out += '<';
  out += name;
  out += " xsi:nil=\"true\"/>";
}

void AppendLeaf(std::string_view name, const Value& value, std::string& out) {
  if (value.null()) {
    AppendNil(name, out);
    return;
  }
  std::string text;
  AppendPlain(value, text);
  out += '<';
  out += name;
  out += '>';
  AppendXmlText(text, out);
  out += "</";
  out += name;
  out += '>';
}

// Writes one level of elements; columns that share the next part of their path become one record
// within, in the place of the first of them.
class Nester {
 public:
  Nester(const RowCursor& cursor, std::string& out)
      : cursor_(cursor), out_(out), done_(cursor.columns().size()) {}

  void Level(size_t level, const std::vector<std::string>& prefix) {
    const auto& columns = cursor_.columns();
    Head(level, prefix);
    for (size_t i = 0; i < columns.size(); ++i) {
      if (done_[i] || !Starts(columns[i].path, prefix)) continue;
      const std::string& name = columns[i].path[level];
      if (columns[i].path.size() == level + 1) {
        done_[i] = true;
        AppendLeaf(name, cursor_.row()[i], out_);
      } else {
        Parent(name, i, level + 1);
      }
    }
  }

 private:
  static bool Starts(const std::vector<std::string>& path, const std::vector<std::string>& prefix) {
    return path.size() > prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
  }

  // A record begins with its type and its id, whether the id is selected or not.
  void Head(size_t level, const std::vector<std::string>& prefix) {
    const auto& columns = cursor_.columns();
    for (size_t i = 0; i < columns.size(); ++i) {
      if (!Starts(columns[i].path, prefix)) continue;
      const ObjectInfo* object = level == 0 ? &cursor_.object() : cursor_.parent_object(i, level);
      AppendLeaf("type", Value::Text(object->name), out_);
      const bool selected = std::any_of(columns.begin(), columns.end(), [&](const Column& each) {
        return Starts(each.path, prefix) && each.path.size() == level + 1 &&
               each.path.back() == "Id";
      });
      AppendLeaf("Id", selected ? cursor_.parent_id(i, level) : Value{}, out_);
      return;
    }
  }

  void Parent(const std::string& name, size_t column, size_t level) {
    const auto& columns = cursor_.columns();
    const std::vector<std::string> prefix(columns[column].path.begin(),
                                          columns[column].path.begin() + static_cast<long>(level));
    if (cursor_.parent_id(column, level).null()) {
      AppendNil(name, out_);
      for (size_t i = 0; i < columns.size(); ++i) {
        if (Starts(columns[i].path, prefix)) done_[i] = true;
      }
      return;
    }
    out_ += '<' + name + " xsi:type=\"sObject\">";
    Level(level, prefix);
    out_ += "</" + name + '>';
  }

  const RowCursor& cursor_;
  std::string& out_;
  std::vector<bool> done_;
};

}  // namespace

void AppendXmlRow(const RowCursor& cursor, std::string& out) {
  out += "<records xsi:type=\"sObject\">";
  Nester(cursor, out).Level(0, {});
  out += "</records>\n";
}

}  // namespace firn::sandbox
