#include "core/config/document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "core/base/encoding.h"
#include "core/base/file.h"

namespace firn::config {
namespace {

// Carries our own error out of yaml-cpp's callbacks; never leaves this file.
struct Refused {
  Error error;
};

std::string WhereIn(const std::string& file, Mark mark) {
  if (mark.line <= 0) return file;
  return file + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

// Builds the tree from yaml-cpp's events, so that nothing is dropped on the way: its own Node keeps
// the first of two equal keys without a word.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, const ParseLimits& limits) : file_(file), limits_(limits) {}

  Node Take() { return root_ ? std::move(*root_) : Node{}; }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.mark = Position(mark);
    Close(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) Refuse("CONFIG-YAML-003", "an alias inside its own anchor", mark);
    Count(found->second.nodes, mark);
    Close(found->second.node, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    RefuseTag(tag, mark);
    Node node;
    node.type = Node::Type::kScalar;
    node.mark = Position(mark);
    node.text = value;
    node.quoted = tag == "!";
    Close(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Begin(Node::Type::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { End(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Begin(Node::Type::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { End(); }

 private:
  // A list or map whose end has not been read.
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    size_t nodes_before = 0;
    std::optional<Entry> key;  // of a map, while its value is awaited
    std::map<std::string, Mark, std::less<>> keys;
  };
  struct Anchored {
    Node node;
    size_t nodes = 1;
  };

  static Mark Position(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

  [[noreturn]] void Refuse(std::string_view code, std::string what, const YAML::Mark& mark,
                           std::string hint = {}) const {
    throw Refused{Error(Kind::kBadConfig, code, std::move(what))
                      .At(WhereIn(file_, Position(mark)))
                      .Hint(std::move(hint))};
  }

  void RefuseTag(const std::string& tag, const YAML::Mark& mark) const {
    if (tag.empty() || tag == "?" || tag == "!") return;
    Refuse("CONFIG-YAML-003", "a YAML tag is not allowed", mark,
           "write the value without `!`: its type comes from the option");
  }

  void Count(size_t nodes, const YAML::Mark& mark) {
    nodes_ += nodes;
    if (nodes_ <= limits_.nodes_max) return;
    Refuse("CONFIG-YAML-004",
           "the file grows past " + std::to_string(limits_.nodes_max) +
               " values once its aliases are expanded",
           mark);
  }

  void Begin(Node::Type type, const YAML::Mark& mark, const std::string& tag,
             YAML::anchor_t anchor) {
    RefuseTag(tag, mark);
    if (static_cast<int>(open_.size()) >= limits_.depth_max) {
      Refuse("CONFIG-YAML-004",
             "nested deeper than " + std::to_string(limits_.depth_max) + " levels", mark);
    }
    Open open;
    open.node.type = type;
    open.node.mark = Position(mark);
    open.anchor = anchor;
    open.nodes_before = nodes_;
    open_.push_back(std::move(open));
  }

  void End() {
    Open open = std::move(open_.back());
    open_.pop_back();
    Close(std::move(open.node), open.anchor, nodes_ - open.nodes_before + 1);
  }

  // A finished node goes to whoever is open, or becomes the root.
  void Close(Node node, YAML::anchor_t anchor, size_t nodes = 1) {
    const YAML::Mark mark = Unposition(node.mark);
    Count(1, mark);
    if (anchor != 0) anchors_[anchor] = {node, nodes};
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.type == Node::Type::kList) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = KeyOf(parent, std::move(node));
    } else {
      parent.key->value = std::move(node);
      parent.node.entries.push_back(*std::move(parent.key));
      parent.key.reset();
    }
  }

  static YAML::Mark Unposition(Mark mark) {
    YAML::Mark back;
    back.line = mark.line - 1;
    back.column = mark.column - 1;
    return back;
  }

  Entry KeyOf(Open& map, Node node) const {
    const YAML::Mark mark = Unposition(node.mark);
    if (node.type != Node::Type::kScalar) {
      Refuse("CONFIG-YAML-003", "a key must be plain text", mark);
    }
    if (node.text == "<<" && !node.quoted) {
      Refuse("CONFIG-YAML-003", "the merge key `<<` is not allowed", mark,
             "repeat the keys, so that each can be found by searching");
    }
    const auto [first, is_new] = map.keys.emplace(node.text, node.mark);
    if (!is_new) {
      throw Refused{Error(Kind::kBadConfig, "CONFIG-YAML-002", "duplicate key `" + node.text + "`")
                        .At(WhereIn(file_, node.mark))
                        .Because("it already stands in line " + std::to_string(first->second.line))
                        .Hint("remove one of the two")};
    }
    return Entry{std::move(node.text), node.mark, {}};
  }

  const std::string& file_;
  const ParseLimits& limits_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::optional<Node> root_;
  size_t nodes_ = 0;
};

Result<void> CheckBytes(std::string_view text, const std::string& file, const ParseLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return Fail(Error(Kind::kBadConfig, "CONFIG-YAML-004",
                      "the file is larger than " + std::to_string(limits.bytes_max) + " bytes")
                    .At(file));
  }
  if (!IsUtf8(text) || text.find('\0') != std::string_view::npos) {
    return Fail(Error(Kind::kBadConfig, "CONFIG-YAML-001", "the file is not UTF-8 text")
                    .At(file)
                    .Hint("save it as UTF-8"));
  }
  return {};
}

}  // namespace

const Node* Node::Find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

Node* Node::Find(std::string_view key) {
  return const_cast<Node*>(static_cast<const Node*>(this)->Find(key));
}

std::string Document::Where(Mark mark) const { return WhereIn(file, mark); }

Result<Document> ParseYaml(std::string_view text, std::string file, const ParseLimits& limits) {
  FIRN_CHECK(CheckBytes(text, file, limits));
  Document document;
  document.file = std::move(file);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder(document.file, limits);
    if (parser.HandleNextDocument(builder)) {
      document.root = builder.Take();
      TreeBuilder second(document.file, limits);
      if (parser.HandleNextDocument(second)) {
        return Fail(Error(Kind::kBadConfig, "CONFIG-YAML-003", "more than one YAML document")
                        .At(document.file)
                        .Hint("keep one document a file: remove the `---` lines"));
      }
    }
  } catch (Refused& refused) {
    return Fail(std::move(refused.error));
  } catch (const YAML::Exception& exception) {
    const Mark mark = exception.mark.is_null()
                          ? Mark{}
                          : Mark{exception.mark.line + 1, exception.mark.column + 1};
    const bool tabs = text.find("\n\t") != std::string_view::npos || text.starts_with('\t');
    return Fail(Error(Kind::kBadConfig, "CONFIG-YAML-001", "not valid YAML: " + exception.msg)
                    .At(document.Where(mark))
                    .Hint(tabs ? "indent with spaces: YAML takes no tabs"
                               : "look there and in the line before: a blank is missing behind a "
                                 "colon, or a quote or bracket is not closed"));
  }
  return document;
}

Result<Document> ReadYamlFile(const std::string& path, const ParseLimits& limits) {
  if (!FileExists(path)) {
    return Fail(
        Error(Kind::kNotFound, "CONFIG-FILE-001", "there is no file `" + path + "`").At(path));
  }
  FIRN_TRY(const std::string text, ReadFile(path, limits.bytes_max + 1));
  return ParseYaml(text, path, limits);
}

}  // namespace firn::config
