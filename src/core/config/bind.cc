// Holds nodes against field tables.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/nearest.h"
#include "core/base/time_text.h"
#include "core/config/bound_value.h"
#include "core/config/field.h"

namespace firn::config {

class Binder {
 public:
  Binder(const Document& document, const EnvironmentLookup& environment, Problems* problems)
      : document_(document),
        file_(std::make_shared<const std::string>(document.file)),
        environment_(environment),
        problems_(problems) {}

  // `path` names the group in messages; `present` is false for a group that was left out.
  Group BindMap(const Node& node, std::span<const Field> fields, const std::string& path,
                bool present) {
    auto values = std::make_shared<std::map<std::string, BoundValue, std::less<>>>();
    CheckKeys(node, fields);
    for (const Field& field : fields) {
      const Node* found = node.Find(field.name);
      const bool written = found != nullptr && found->type != Node::Type::kNull;
      if (!written && field.required && present) Missing(node, field, path);
      BoundValue value = written ? BindField(*found, field, path) : Absent(node, field, path);
      values->emplace(std::string(field.name), std::move(value));
    }
    Group group;
    group.values_ = std::move(values);
    group.file_ = file_;
    group.mark_ = node.mark;
    return group;
  }

  bool IsMap(const Node& node, const std::string& path) {
    if (node.type == Node::Type::kMap) return true;
    Problem("CONFIG-VALUE-001", "`" + path + "` takes keys and values", node.mark);
    return false;
  }

 private:
  void Problem(std::string_view code, std::string what, Mark mark, std::string hint = {}) {
    problems_->push_back(Error(Kind::kBadConfig, code, std::move(what))
                             .At(document_.Where(mark))
                             .Hint(std::move(hint)));
  }

  void CheckKeys(const Node& node, std::span<const Field> fields) {
    std::vector<std::string> names;
    for (const Field& field : fields) names.emplace_back(field.name);
    for (const Entry& entry : node.entries) {
      if (std::find(names.begin(), names.end(), entry.key) != names.end()) continue;
      std::string hint;
      if (const auto near = Nearest(entry.key, names)) {
        hint = "did you mean `" + *near + "`?";
      } else {
        hint = "known keys here:";
        for (const std::string& name : names) hint += " `" + name + "`";
      }
      Problem("CONFIG-KEY-001", "unknown key `" + entry.key + "`", entry.key_mark, std::move(hint));
    }
  }

  void Missing(const Node& node, const Field& field, const std::string& path) {
    std::string hint;
    if (!field.example.empty()) {
      hint = "add `" + std::string(field.name) + ": " + std::string(field.example) + "`";
    }
    const std::string in = path.empty() ? "" : " in `" + path + "`";
    Problem("CONFIG-KEY-002", "missing key `" + std::string(field.name) + "`" + in, node.mark,
            std::move(hint));
  }

  BoundValue Absent(const Node& parent, const Field& field, const std::string& path) {
    BoundValue value;
    if (!field.default_value.empty()) {
      Node node;
      node.type = Node::Type::kScalar;
      node.mark = parent.mark;
      node.text = field.default_value;
      value = BindScalar(node, field, path);
    }
    value.type = field.type;
    if (field.type == FieldType::kGroup) {
      Node empty;
      empty.mark = parent.mark;
      value.groups.push_back(BindMap(empty, field.fields, Below(path, field), false));
    }
    return value;
  }

  static std::string Below(const std::string& path, const Field& field) {
    return path.empty() ? std::string(field.name) : path + "." + std::string(field.name);
  }

  BoundValue BindField(const Node& node, const Field& field, const std::string& path) {
    BoundValue value;
    switch (field.type) {
      case FieldType::kTextList:
        value = BindTextList(node, field);
        break;
      case FieldType::kTextMap:
        value = BindTextMap(node, field);
        break;
      case FieldType::kGroup:
        value.groups.push_back(IsMap(node, Below(path, field))
                                   ? BindMap(node, field.fields, Below(path, field), true)
                                   : BindMap(Node{}, field.fields, Below(path, field), false));
        break;
      case FieldType::kGroupList:
        value = BindGroupList(node, field, path);
        break;
      case FieldType::kGroupMap:
        if (!IsMap(node, Below(path, field))) break;
        for (const Entry& entry : node.entries) {
          const std::string below = Below(path, field) + "." + entry.key;
          if (!IsMap(entry.value, below)) continue;
          value.group_map.emplace(entry.key, BindMap(entry.value, field.fields, below, true));
        }
        break;
      default:
        value = BindScalar(node, field, path);
    }
    value.type = field.type;
    value.written = true;
    value.mark = node.mark;
    return value;
  }

  void WrongType(const Node& node, const Field& field) {
    std::string hint;
    const std::vector<std::string> words(field.words.begin(), field.words.end());
    if (const auto near = Nearest(node.text, words)) {
      Problem("CONFIG-VALUE-001", "`" + std::string(field.name) + "` takes " + TypeWords(field),
              node.mark, "did you mean `" + *near + "`?");
      return;
    }
    if (!field.example.empty()) {
      hint = "for example `" + std::string(field.name) + ": " + std::string(field.example) + "`";
    }
    Problem("CONFIG-VALUE-001", "`" + std::string(field.name) + "` takes " + TypeWords(field),
            node.mark, std::move(hint));
  }

  BoundValue BindTextList(const Node& node, const Field& field) {
    BoundValue value;
    if (node.type == Node::Type::kScalar) {
      value.texts.push_back(Expand(node, field));
      value.text_marks.push_back(node.mark);
    } else if (node.type == Node::Type::kList) {
      for (const Node& item : node.items) {
        if (item.type == Node::Type::kScalar) {
          value.texts.push_back(Expand(item, field));
          value.text_marks.push_back(item.mark);
        } else {
          WrongType(item, field);
        }
      }
    } else {
      WrongType(node, field);
    }
    return value;
  }

  BoundValue BindTextMap(const Node& node, const Field& field) {
    BoundValue value;
    if (node.type != Node::Type::kMap) WrongType(node, field);
    for (const Entry& entry : node.entries) {
      if (entry.value.type == Node::Type::kScalar) {
        value.text_map.emplace(entry.key, Expand(entry.value, field));
      } else {
        WrongType(entry.value, field);
      }
    }
    return value;
  }

  BoundValue BindGroupList(const Node& node, const Field& field, const std::string& path) {
    BoundValue value;
    if (node.type != Node::Type::kList) {
      WrongType(node, field);
      return value;
    }
    for (size_t i = 0; i < node.items.size(); ++i) {
      const std::string below = Below(path, field) + "[" + std::to_string(i) + "]";
      if (!IsMap(node.items[i], below)) continue;
      value.groups.push_back(BindMap(node.items[i], field.fields, below, true));
    }
    return value;
  }

  BoundValue BindScalar(const Node& node, const Field& field, const std::string& /*path*/) {
    BoundValue value;
    if (node.type != Node::Type::kScalar) {
      WrongType(node, field);
      return value;
    }
    if (field.type == FieldType::kSecret) {
      auto ref = ParseSecretRef(node.text, document_.Where(node.mark));
      if (ref) {
        value.secret = *std::move(ref);
      } else {
        problems_->push_back(std::move(ref).error());
      }
      return value;
    }
    const std::string text = Expand(node, field);
    // A quoted value is text, whatever it looks like; one that came from the environment is not.
    if (node.quoted && text == node.text && field.type != FieldType::kText &&
        field.type != FieldType::kWord && field.type != FieldType::kDuration &&
        field.type != FieldType::kBytes) {
      WrongType(node, field);
      return value;
    }
    if (!Typed(text, field, &value)) {
      WrongType(node, field);
    } else {
      CheckRange(node, field, value);
    }
    return value;
  }

  static bool Typed(const std::string& text, const Field& field, BoundValue* value) {
    const char* const end = text.data() + text.size();
    switch (field.type) {
      case FieldType::kBool:
        value->truth = text == "true";
        return text == "true" || text == "false";
      case FieldType::kInteger: {
        const auto [stop, error] = std::from_chars(text.data(), end, value->integer);
        return error == std::errc() && stop == end;
      }
      case FieldType::kNumber: {
        const auto [stop, error] = std::from_chars(text.data(), end, value->number);
        return error == std::errc() && stop == end && std::isfinite(value->number);
      }
      case FieldType::kDuration: {
        const auto duration = ParseDuration(text);
        if (duration) value->integer = duration->count();
        return duration.has_value();
      }
      case FieldType::kBytes: {
        const auto bytes = ParseBytes(text);
        if (bytes) value->integer = *bytes;
        return bytes.has_value();
      }
      case FieldType::kWord:
        value->text = text;
        return std::find(field.words.begin(), field.words.end(), text) != field.words.end();
      default:
        value->text = text;
        return true;
    }
  }

  void CheckRange(const Node& node, const Field& field, const BoundValue& value) {
    if (!(field.min < field.max)) return;
    const double number =
        field.type == FieldType::kNumber ? value.number : static_cast<double>(value.integer);
    if (number >= field.min && number <= field.max) return;
    Problem(
        "CONFIG-VALUE-002",
        "`" + std::string(field.name) + "` is " + node.text + ", outside of " + RangeWords(field),
        node.mark);
  }

  // `${env:NAME}` replaced, `$${` as a plain `${`.
  std::string Expand(const Node& node, const Field& field) {
    std::string out;
    const std::string& text = node.text;
    for (size_t at = 0; at < text.size();) {
      if (text.compare(at, 3, "$${") == 0) {
        out += "${";
        at += 3;
        continue;
      }
      if (text.compare(at, 2, "${") != 0) {
        out += text[at++];
        continue;
      }
      const size_t close = text.find('}', at);
      const std::string inner =
          close == std::string::npos ? "" : text.substr(at + 2, close - at - 2);
      if (!inner.starts_with("env:") || inner.size() == 4) {
        Problem("CONFIG-VALUE-001",
                "`" + std::string(field.name) + "` takes only `${env:NAME}` references", node.mark,
                "write `$${` for a literal `${`");
        return out;
      }
      const std::string name = inner.substr(4);
      const char* replacement = environment_ ? environment_(name) : nullptr;
      if (replacement == nullptr) {
        Problem("CONFIG-VALUE-004", "the environment variable `" + name + "` is not set", node.mark,
                "set it: `export " + name + "=..`");
        return out;
      }
      out += replacement;
      at = close + 1;
    }
    return out;
  }

  const Document& document_;
  std::shared_ptr<const std::string> file_;
  const EnvironmentLookup& environment_;
  Problems* problems_;
};

Group Bind(const Document& document, const Node& node, std::span<const Field> fields,
           const EnvironmentLookup& environment, Problems* problems) {
  Binder binder(document, environment, problems);
  if (node.type != Node::Type::kNull && node.type != Node::Type::kMap) {
    (void)binder.IsMap(node, "the file");
    return binder.BindMap(Node{}, fields, "", false);
  }
  return binder.BindMap(node, fields, "", true);
}

}  // namespace firn::config
