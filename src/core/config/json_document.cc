#include "core/config/json_document.h"

#include <map>

#include "core/base/encoding.h"

namespace firn::config {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class JsonReader {
 public:
  JsonReader(std::string_view text, const Document& document, const JsonOptions& options)
      : text_(text), document_(document), options_(options) {}

  Result<Node> Whole() {
    FIRN_TRY(Node root, Value(0, false));
    Space();
    if (at_ < text_.size()) return Fail(Mistake("nothing may follow the value"));
    return root;
  }

 private:
  Mark Here() const { return {line_, static_cast<int>(at_ - line_start_) + 1}; }

  Error Mistake(std::string why) const {
    return Error(Kind::kBadConfig, "CONFIG-JSON-001", "not valid JSON")
        .At(document_.Where(Here()))
        .Because(std::move(why));
  }
  Error PastLimit(std::string what) const {
    return Error(Kind::kBadConfig, "CONFIG-YAML-004", std::move(what)).At(document_.Where(Here()));
  }

  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void Step() {
    if (text_[at_++] == '\n') {
      ++line_;
      line_start_ = at_;
    }
  }
  void Space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      Step();
    }
  }

  Result<Node> Value(int depth, bool raw) {
    Space();
    if (++nodes_ > options_.limits.nodes_max)
      return Fail(PastLimit("the file has too many values"));
    if (depth > options_.limits.depth_max) {
      return Fail(
          PastLimit("nested deeper than " + std::to_string(options_.limits.depth_max) + " levels"));
    }
    Node node;
    node.mark = Here();
    const size_t begin = at_;
    if (Peek() == '{') {
      FIRN_CHECK(Object(&node, depth, raw));
    } else if (Peek() == '[') {
      FIRN_CHECK(List(&node, depth, raw));
    } else if (Peek() == '"') {
      node.type = Node::Type::kScalar;
      node.quoted = true;
      FIRN_TRY(node.text, String());
      return node;
    } else {
      FIRN_CHECK(Bare(&node));
      return node;
    }
    if (!raw) return node;
    Node text;
    text.type = Node::Type::kScalar;
    text.mark = node.mark;
    text.text = text_.substr(begin, at_ - begin);
    return text;
  }

  Result<void> Object(Node* node, int depth, bool raw) {
    node->type = Node::Type::kMap;
    Step();
    std::map<std::string, Mark, std::less<>> keys;
    for (;;) {
      Space();
      if (Peek() == '}' && node->entries.empty()) break;
      if (Peek() != '"') return Fail(Mistake("a name in double quotes is due here"));
      Entry entry;
      entry.key_mark = Here();
      FIRN_TRY(entry.key, String());
      const auto [first, is_new] = keys.emplace(entry.key, entry.key_mark);
      if (!is_new && !raw) return Fail(Duplicate(entry, first->second));
      Space();
      if (Peek() != ':') return Fail(Mistake("`:` is due behind a name"));
      Step();
      const bool raw_value = raw || options_.raw_keys.contains(entry.key);
      FIRN_TRY(entry.value, Value(depth + 1, raw_value));
      node->entries.push_back(std::move(entry));
      Space();
      if (Peek() == '}') break;
      if (Peek() != ',') return Fail(Mistake("`,` or `}` is due here"));
      Step();
    }
    Step();
    return {};
  }

  Error Duplicate(const Entry& entry, Mark first) const {
    return Error(Kind::kBadConfig, "CONFIG-YAML-002", "duplicate key `" + entry.key + "`")
        .At(document_.Where(entry.key_mark))
        .Because("it already stands in line " + std::to_string(first.line))
        .Hint("remove one of the two");
  }

  Result<void> List(Node* node, int depth, bool raw) {
    node->type = Node::Type::kList;
    Step();
    for (;;) {
      Space();
      if (Peek() == ']' && node->items.empty()) break;
      FIRN_TRY(Node item, Value(depth + 1, raw));
      node->items.push_back(std::move(item));
      Space();
      if (Peek() == ']') break;
      if (Peek() != ',') return Fail(Mistake("`,` or `]` is due here"));
      Step();
    }
    Step();
    return {};
  }

  Result<void> Bare(Node* node) {
    for (const std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      if (word == "null") return {};
      node->type = Node::Type::kScalar;
      node->text = word;
      return {};
    }
    const size_t begin = at_;
    if (Peek() == '-') ++at_;
    if (!IsDigit(Peek())) {
      at_ = begin;
      return Fail(Mistake("a value is due here"));
    }
    if (Peek() == '0') {
      ++at_;
    } else {
      Digits();
    }
    if (Peek() == '.') {
      ++at_;
      if (!IsDigit(Peek())) return Fail(Mistake("a digit is due behind the point"));
      Digits();
    }
    if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      if (!IsDigit(Peek())) return Fail(Mistake("a digit is due in the exponent"));
      Digits();
    }
    node->type = Node::Type::kScalar;
    node->text = text_.substr(begin, at_ - begin);
    return {};
  }
  void Digits() {
    while (IsDigit(Peek())) ++at_;
  }

  Result<std::string> String() {
    std::string out;
    ++at_;
    for (;;) {
      if (at_ >= text_.size()) return Fail(Mistake("a string has no end"));
      const char c = text_[at_];
      if (c == '"') break;
      if (static_cast<unsigned char>(c) < 0x20) {
        return Fail(Mistake("a control character in a string must be escaped"));
      }
      if (c == '\\') {
        FIRN_CHECK(Escape(&out));
      } else {
        out += c;
        ++at_;
      }
    }
    ++at_;
    return out;
  }

  Result<void> Escape(std::string* out) {
    static constexpr std::string_view kLetters = "\"\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    ++at_;
    if (Peek() == 'u') return Unicode(out);
    const size_t letter = Peek() == '\0' ? std::string_view::npos : kLetters.find(Peek());
    if (letter == std::string_view::npos) return Fail(Mistake("JSON knows no such escape"));
    *out += kMeanings[letter];
    ++at_;
    return {};
  }

  Result<uint32_t> Hex4() {
    uint32_t unit = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = Peek();
      const int digit = IsDigit(c)               ? c - '0'
                        : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                        : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                                 : -1;
      if (digit < 0) return Fail(Mistake("four hex digits are due behind `\\u`"));
      unit = unit * 16 + static_cast<uint32_t>(digit);
      ++at_;
    }
    return unit;
  }

  Result<void> Unicode(std::string* out) {
    ++at_;
    FIRN_TRY(uint32_t code, Hex4());
    if (code >= 0xD800 && code < 0xDC00) {
      if (text_.substr(at_, 2) != "\\u") return Fail(Mistake("half of a surrogate pair"));
      at_ += 2;
      FIRN_TRY(const uint32_t low, Hex4());
      if (low < 0xDC00 || low > 0xDFFF) return Fail(Mistake("half of a surrogate pair"));
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
      return Fail(Mistake("half of a surrogate pair"));
    }
    if (code < 0x80) {
      *out += static_cast<char>(code);
    } else if (code < 0x800) {
      *out += static_cast<char>(0xC0 | (code >> 6));
      *out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      *out += static_cast<char>(0xE0 | (code >> 12));
      *out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      *out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      *out += static_cast<char>(0xF0 | (code >> 18));
      *out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
      *out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      *out += static_cast<char>(0x80 | (code & 0x3F));
    }
    return {};
  }

  std::string_view text_;
  const Document& document_;
  const JsonOptions& options_;
  size_t at_ = 0;
  size_t line_start_ = 0;
  int line_ = 1;
  size_t nodes_ = 0;
};

}  // namespace

Result<Document> ParseJson(std::string_view text, std::string file, const JsonOptions& options) {
  Document document;
  document.file = std::move(file);
  if (text.size() > options.limits.bytes_max) {
    return Fail(
        Error(Kind::kBadConfig, "CONFIG-YAML-004",
              "the file is larger than " + std::to_string(options.limits.bytes_max) + " bytes")
            .At(document.file));
  }
  if (!IsUtf8(text)) {
    return Fail(
        Error(Kind::kBadConfig, "CONFIG-JSON-001", "the file is not UTF-8 text").At(document.file));
  }
  FIRN_TRY(document.root, JsonReader(text, document, options).Whole());
  return document;
}

}  // namespace firn::config
