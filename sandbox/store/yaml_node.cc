#include "sandbox/store/yaml_node.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

namespace firn::sandbox {
namespace {

tl::unexpected<Error> NotYaml(int line, int column, const std::string& why) {
  return Fail(Error(Kind::kBadConfig, "SBX-SCHEMA-001", "not YAML: " + why)
                  .At("object file:" + std::to_string(line) + ":" + std::to_string(column)));
}

YamlNode Convert(const YAML::Node& from) {
  YamlNode node;
  node.line = from.Mark().line + 1;
  node.column = from.Mark().column + 1;
  if (from.IsScalar()) {
    node.kind = YamlNode::Kind::kScalar;
    node.scalar = from.Scalar();
  } else if (from.IsSequence()) {
    node.kind = YamlNode::Kind::kList;
    for (const auto& item : from) node.items.push_back(Convert(item));
  } else if (from.IsMap()) {
    node.kind = YamlNode::Kind::kMap;
    for (const auto& entry : from) {
      node.key_places.push_back(Convert(entry.first));
      node.keys.push_back(node.key_places.back().scalar);
      node.items.push_back(Convert(entry.second));
    }
  }
  return node;
}

// Reads `key: value` lines, `key: >-` with indented text, and `key:` with `  - {..}` items.
class PlainReader {
 public:
  explicit PlainReader(std::string_view text) : text_(text) {}

  Result<YamlNode> Read() {
    YamlNode root = Here(YamlNode::Kind::kMap);
    while (SkipBlankLines()) {
      YamlNode key = Here(YamlNode::Kind::kScalar);
      const size_t colon = text_.find(':', at_);
      if (colon == std::string_view::npos) return Broken("a key has no `:`");
      key.scalar = text_.substr(at_, colon - at_);
      MoveTo(colon + 1);
      FIRN_TRY(YamlNode value, BlockValue());
      root.keys.push_back(key.scalar);
      root.key_places.push_back(std::move(key));
      root.items.push_back(std::move(value));
    }
    return root;
  }

 private:
  [[nodiscard]] bool End() const { return at_ >= text_.size(); }
  [[nodiscard]] char Peek() const { return End() ? '\0' : text_[at_]; }
  [[nodiscard]] YamlNode Here(YamlNode::Kind kind) const {
    YamlNode node;
    node.kind = kind;
    node.line = line_;
    node.column = static_cast<int>(at_ - line_start_) + 1;
    return node;
  }
  [[nodiscard]] tl::unexpected<Error> Broken(const std::string& why) const {
    const YamlNode here = Here(YamlNode::Kind::kNone);
    return NotYaml(here.line, here.column, why);
  }
  void MoveTo(size_t to) {
    for (; at_ < to && at_ < text_.size(); ++at_) {
      if (text_[at_] != '\n') continue;
      ++line_;
      line_start_ = at_ + 1;
    }
  }
  void SkipSpaces() { MoveTo(std::min(text_.find_first_not_of(' ', at_), text_.size())); }
  void SkipSpace() { MoveTo(std::min(text_.find_first_not_of(" \n", at_), text_.size())); }
  // To the first character of the next line that is no comment; false at the end.
  bool SkipBlankLines() {
    for (SkipSpace(); Peek() == '#'; SkipSpace()) MoveTo(std::min(LineEnd() + 1, text_.size()));
    return !End();
  }
  [[nodiscard]] size_t LineEnd() const { return std::min(text_.find('\n', at_), text_.size()); }

  Result<YamlNode> BlockValue() {
    SkipSpaces();
    if (Peek() == '"') return Quoted();
    if (Peek() == '[') return FlowList();
    if (text_.substr(at_).starts_with(">-")) return Folded();
    if (Peek() != '\n') {
      YamlNode node = Here(YamlNode::Kind::kScalar);
      node.scalar = text_.substr(at_, LineEnd() - at_);
      MoveTo(LineEnd());
      return node;
    }
    SkipSpace();
    YamlNode list = Here(YamlNode::Kind::kList);
    while (text_.substr(at_).starts_with("- {")) {
      MoveTo(at_ + 2);
      FIRN_TRY(YamlNode item, FlowMap());
      list.items.push_back(std::move(item));
      SkipBlankLines();
    }
    return list;
  }

  Result<YamlNode> Folded() {
    YamlNode node = Here(YamlNode::Kind::kScalar);
    MoveTo(std::min(LineEnd() + 1, text_.size()));
    while (Peek() == ' ') {
      SkipSpaces();
      if (!node.scalar.empty()) node.scalar += ' ';
      node.scalar += text_.substr(at_, LineEnd() - at_);
      MoveTo(std::min(LineEnd() + 1, text_.size()));
    }
    return node;
  }

  Result<YamlNode> Quoted() {
    YamlNode node = Here(YamlNode::Kind::kScalar);
    size_t end = at_ + 1;
    for (; end < text_.size() && text_[end] != '"'; ++end) {
      if (text_[end] == '\\') ++end;
      if (end < text_.size()) node.scalar += text_[end];
    }
    if (end >= text_.size()) return Broken("a quote is not closed");
    MoveTo(end + 1);
    return node;
  }

  // A value without quotes ends at what may follow it in a flow collection.
  YamlNode Plain(std::string_view ends) {
    YamlNode node = Here(YamlNode::Kind::kScalar);
    const size_t end = std::min(text_.find_first_of(ends, at_), text_.size());
    for (size_t i = at_; i < end; ++i) {
      const bool space = text_[i] == ' ' || text_[i] == '\n';
      if (space && (node.scalar.empty() || node.scalar.back() == ' ')) continue;
      node.scalar += space ? ' ' : text_[i];
    }
    while (node.scalar.ends_with(' ')) node.scalar.pop_back();
    MoveTo(end);
    return node;
  }

  Result<YamlNode> FlowValue(std::string_view ends) {
    SkipSpace();
    if (Peek() == '"') return Quoted();
    if (Peek() == '[') return FlowList();
    return Plain(ends);
  }

  Result<YamlNode> FlowList() {
    YamlNode list = Here(YamlNode::Kind::kList);
    MoveTo(at_ + 1);
    for (;;) {
      SkipSpace();
      if (Peek() == ']') break;
      FIRN_TRY(YamlNode item, FlowValue(",]"));
      list.items.push_back(std::move(item));
      SkipSpace();
      if (Peek() == ',') MoveTo(at_ + 1);
      if (End()) return Broken("a list is not closed");
    }
    MoveTo(at_ + 1);
    return list;
  }

  Result<YamlNode> FlowMap() {
    YamlNode map = Here(YamlNode::Kind::kMap);
    MoveTo(at_ + 1);
    for (;;) {
      SkipSpace();
      if (Peek() == '}') break;
      YamlNode key = Plain(":,}");
      if (Peek() != ':') return Broken("a key has no `:`");
      MoveTo(at_ + 1);
      FIRN_TRY(YamlNode value, FlowValue(",}"));
      map.keys.push_back(key.scalar);
      map.key_places.push_back(std::move(key));
      map.items.push_back(std::move(value));
      SkipSpace();
      if (Peek() == ',') MoveTo(at_ + 1);
      if (End()) return Broken("a mapping is not closed");
    }
    MoveTo(at_ + 1);
    return map;
  }

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
  size_t line_start_ = 0;
};

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  const auto found = std::find(keys.begin(), keys.end(), key);
  return found == keys.end() ? nullptr : &items[static_cast<size_t>(found - keys.begin())];
}

Result<YamlNode> ReadYaml(std::string_view text) {
  try {
    return Convert(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& error) {
    return NotYaml(error.mark.line + 1, error.mark.column + 1, error.msg);
  }
}

Result<YamlNode> ReadPlainYaml(std::string_view text) { return PlainReader(text).Read(); }

}  // namespace firn::sandbox
