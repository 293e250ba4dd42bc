#include "sandbox/search/search_expression.h"

#include <algorithm>
#include <utility>

#include "sandbox/api_error.h"
#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

constexpr int kDepthMax = 32;
// Source: SOQL and SOSL Reference, 'SOSL Syntax': longer texts find nothing, read 2026-11.
constexpr size_t kTextMax = 10'000;
// Reserved and of no use unless escaped; `-`, `+`, `:` and `'` only part words.
constexpr std::string_view kRefused = "&|!{}[]^~";

bool IsWordByte(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z');
}

// Chinese, Japanese and Korean letters take three bytes or more and begin at U+2E80.
bool WithoutSpaces(std::string_view word) {
  return word.size() >= 3 && static_cast<uint8_t>(word[0]) >= 0xe2 &&
         (static_cast<uint8_t>(word[0]) > 0xe2 || static_cast<uint8_t>(word[1]) >= 0xba);
}

// `*` any run, `?` one character.
bool Fits(std::string_view word, std::string_view pattern) {
  size_t w = 0;
  size_t p = 0;
  size_t star = std::string_view::npos;
  size_t resume = 0;
  while (w < word.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      resume = w;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == word[w])) {
      const bool one_character = pattern[p++] == '?';
      ++w;
      while (one_character && w < word.size() && (static_cast<uint8_t>(word[w]) & 0xc0) == 0x80) {
        ++w;
      }
    } else if (star != std::string_view::npos) {
      p = star;
      w = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool IsFound(std::string_view word, std::string_view wanted) {
  if (wanted.find_first_of("*?") != std::string_view::npos) return Fits(word, wanted);
  return WithoutSpaces(wanted) ? word.find(wanted) != std::string_view::npos : word == wanted;
}

bool Contains(const std::vector<std::string>& words, const std::vector<std::string>& phrase) {
  if (phrase.empty()) return false;
  for (size_t at = 0; at + phrase.size() <= words.size(); ++at) {
    size_t i = 0;
    while (i < phrase.size() && IsFound(words[at + i], phrase[i])) ++i;
    if (i == phrase.size()) return true;
  }
  return false;
}

tl::unexpected<Error> Malformed(std::string message) {
  return Fail(ApiError(400, "MALFORMED_SEARCH", std::move(message)));
}

// The vendor asks for two characters beside wildcards.
bool TooShort(const std::vector<std::string>& words) {
  size_t characters = 0;
  for (const std::string& word : words) {
    for (const char c : word) characters += c != '*' && c != '?';
  }
  return characters < 2;
}

}  // namespace

std::vector<std::string> SearchWords(std::string_view text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && IsWordByte(text[end])) ++end;
    if (end > at) words.push_back(Folded(text.substr(at, end - at)));
    at = end + 1;
  }
  return words;
}

// Reads an expression by descent: OR binds least, AND and AND NOT more, words that stand side by
// side are joined by AND.
class SearchExpressionReader {
 public:
  using Node = SearchExpression::Node;

  explicit SearchExpressionReader(std::string_view text) : text_(text) {}

  Result<SearchExpression> Read() {
    FIRN_TRY(Node root, Alternatives(0));
    Skip();
    if (at_ < text_.size()) return Unexpected();
    return SearchExpression(std::move(root));
  }

 private:
  tl::unexpected<Error> Unexpected() const {
    return Malformed(at_ < text_.size()
                         ? "unexpected token: " + std::string(1, text_[at_])
                         : "No search term found. The search term must be enclosed in braces.");
  }

  void Skip() {
    while (at_ < text_.size() && !IsWordByte(text_[at_]) && !Begins(text_[at_])) ++at_;
  }
  // Of what is no word: characters that mean something or are refused.
  static bool Begins(char c) {
    return c == '"' || c == '(' || c == ')' || c == '\\' || c == '*' || c == '?' ||
           kRefused.find(c) != std::string_view::npos;
  }

  // The word that comes next in capitals, not taken: an operator is no phrase.
  [[nodiscard]] std::string NextWord() const {
    size_t end = at_;
    while (end < text_.size() && IsWordByte(text_[end])) ++end;
    const bool whole = end == text_.size() || text_[end] == ' ' || text_[end] == '(';
    return whole ? Folded(text_.substr(at_, end - at_)) : "";
  }
  bool TakeWord(std::string_view word) {
    Skip();
    if (NextWord() != word) return false;
    at_ += word.size();
    return true;
  }

  Result<Node> Alternatives(int depth) {
    FIRN_TRY(Node first, Conjunction(depth));
    Node any{Node::Kind::kOr, {}, {}};
    any.parts.push_back(std::move(first));
    while (TakeWord("or")) {
      FIRN_TRY(Node next, Conjunction(depth));
      any.parts.push_back(std::move(next));
    }
    if (any.parts.size() > 1) return any;
    return std::move(any.parts.front());
  }

  Result<Node> Conjunction(int depth) {
    FIRN_TRY(Node left, Term(depth));
    while (true) {
      const bool joined = TakeWord("and");
      const bool negated = TakeWord("not");
      Skip();
      const bool more = at_ < text_.size() && text_[at_] != ')' && NextWord() != "or";
      if (!more && (joined || negated)) return Unexpected();
      if (!more) return left;
      FIRN_TRY(Node right, Term(depth));
      Node both{negated ? Node::Kind::kAndNot : Node::Kind::kAnd, {}, {}};
      both.parts.push_back(std::move(left));
      both.parts.push_back(std::move(right));
      left = std::move(both);
    }
  }

  Result<Node> Term(int depth) {
    Skip();
    if (at_ >= text_.size() || text_[at_] == ')' || depth >= kDepthMax) return Unexpected();
    if (text_[at_] == '(') {
      ++at_;
      FIRN_TRY(Node inner, Alternatives(depth + 1));
      Skip();
      if (at_ >= text_.size() || text_[at_] != ')') {
        return Malformed("expecting a right parenthesis");
      }
      ++at_;
      return inner;
    }
    Node phrase;
    if (text_[at_] == '"') {
      ++at_;
      FIRN_TRY(const std::string quoted, Until('"'));
      if (at_ >= text_.size()) return Malformed("expecting a closing quotation mark");
      ++at_;
      phrase.words = Pieces(quoted);
    } else {
      FIRN_TRY(const std::string word, Until(' '));
      phrase.words = Pieces(word);
    }
    if (phrase.words.empty() || TooShort(phrase.words)) {
      return Malformed("search term must be longer than one character: " + Joined(phrase.words));
    }
    return phrase;
  }

  // To the end of a word or a quoted phrase. What was escaped parts words, as punctuation does.
  Result<std::string> Until(char end) {
    std::string out;
    for (; at_ < text_.size() && text_[at_] != end; ++at_) {
      const char c = text_[at_];
      const bool word = end == ' ';
      if (word && (c == '(' || c == ')' || c == '"')) break;
      if (c == '\\' && at_ + 1 < text_.size()) {
        ++at_;
        out += IsWordByte(text_[at_]) ? text_[at_] : ' ';
      } else if (kRefused.find(c) != std::string_view::npos) {
        return Unexpected();
      } else {
        out += c;
      }
    }
    return out;
  }

  // Words with their wildcards, which may not begin one.
  static std::vector<std::string> Pieces(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : text) {
      if (IsWordByte(c) || ((c == '*' || c == '?') && !word.empty())) {
        word += c;
      } else if (!word.empty() && c != '*' && c != '?') {
        words.push_back(Folded(std::exchange(word, {})));
      }
    }
    if (!word.empty()) words.push_back(Folded(word));
    return words;
  }

  static std::string Joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
  }

  std::string_view text_;
  size_t at_ = 0;
};

Result<SearchExpression> SearchExpression::Parse(std::string_view text) {
  if (text.size() > kTextMax) return SearchExpression(Node{});
  return SearchExpressionReader(text).Read();
}

Result<SearchExpression> SearchExpression::Literal(std::string_view text, bool open_end) {
  if (text.size() > kTextMax) return SearchExpression(Node{});
  std::vector<std::string> words = SearchWords(text);
  if (words.empty() || TooShort(words)) {
    return Malformed("search term must be longer than one character: " + std::string(text));
  }
  if (open_end) words.back() += '*';
  Node all{Node::Kind::kAnd, {}, {}};
  for (std::string& word : words) {
    all.parts.push_back({Node::Kind::kPhrase, {std::move(word)}, {}});
  }
  return SearchExpression(std::move(all));
}

bool SearchExpression::Matches(const std::vector<std::vector<std::string>>& fields) const {
  return Holds(root_, fields);
}

bool SearchExpression::Holds(const Node& node,
                             const std::vector<std::vector<std::string>>& fields) {
  const auto holds = [&](const Node& part) { return Holds(part, fields); };
  switch (node.kind) {
    case Node::Kind::kPhrase:
      return std::any_of(fields.begin(), fields.end(),
                         [&](const auto& words) { return Contains(words, node.words); });
    case Node::Kind::kAnd:
      return std::all_of(node.parts.begin(), node.parts.end(), holds);
    case Node::Kind::kOr:
      return std::any_of(node.parts.begin(), node.parts.end(), holds);
    case Node::Kind::kAndNot:
      return holds(node.parts[0]) && !holds(node.parts[1]);
  }
  return false;
}

}  // namespace firn::sandbox
