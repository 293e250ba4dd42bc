#include "sandbox/search/sosl.h"

#include <algorithm>
#include <charconv>

#include "sandbox/api_error.h"
#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

constexpr uint64_t kLimitMax = 2000;
constexpr size_t kTargetsMax = 200;

tl::unexpected<Error> Malformed(std::string message) {
  return Fail(ApiError(400, "MALFORMED_SEARCH", std::move(message)));
}

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool IsName(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

// The end of the string literal that begins at `at`.
size_t PastLiteral(std::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '\''; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<SoslQuery> Read() {
    SoslQuery query;
    if (!TakeWord("find")) {
      return Malformed("unexpected token: '" + Shown() + "', a search begins with FIND");
    }
    FIRN_TRY(const std::string_view search, Braces());
    FIRN_TRY(auto expression, SearchExpression::Parse(search));
    query.expression = std::move(expression);
    if (TakeWord("in")) FIRN_CHECK(Group(query));
    if (TakeWord("returning")) FIRN_CHECK(Targets(query));
    while (TakeWord("with")) FIRN_CHECK(With(query));
    if (TakeWord("limit")) {
      FIRN_TRY(query.limit, Number());
      query.limit = std::min(query.limit, kLimitMax);
    }
    if (TakeWord("update")) FIRN_CHECK(Update());
    Skip();
    if (at_ < text_.size()) return Malformed("unexpected token: '" + Shown() + "'");
    return query;
  }

 private:
  void Skip() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }
  std::string_view Word() {
    Skip();
    size_t end = at_;
    while (end < text_.size() && IsName(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool TakeWord(std::string_view word) {
    const std::string_view next = Word();
    if (Folded(next) != word) return false;
    at_ += next.size();
    return true;
  }
  bool TakeSymbol(char symbol) {
    Skip();
    if (at_ >= text_.size() || text_[at_] != symbol) return false;
    ++at_;
    return true;
  }
  std::string Shown() {
    const std::string_view word = Word();
    if (!word.empty()) return std::string(word);
    return at_ < text_.size() ? std::string(1, text_[at_]) : "<EOF>";
  }

  Result<uint64_t> Number() {
    const std::string_view word = Word();
    uint64_t number = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), number);
    if (word.empty() || read.ec != std::errc() || read.ptr != word.data() + word.size()) {
      return Malformed("expecting a number, found '" + Shown() + "'");
    }
    at_ += word.size();
    return number;
  }

  Result<std::string_view> Braces() {
    if (!TakeSymbol('{')) {
      return Malformed("No search term found. The search term must be enclosed in braces.");
    }
    const size_t begin = at_;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '}') {
        return text_.substr(begin, at_++ - begin);
      }
    }
    return Malformed("No search term found. The search term must be enclosed in braces.");
  }

  Result<void> Group(SoslQuery& query) {
    const std::string_view word = Word();
    const auto group = SearchGroupByName(word);
    if (!group) return Malformed("unexpected token: '" + Shown() + "'");
    at_ += word.size();
    query.group = *group;
    if (!TakeWord("fields")) return Malformed("expecting FIELDS, found '" + Shown() + "'");
    return {};
  }

  Result<void> Targets(SoslQuery& query) {
    do {
      SearchTarget target;
      target.object = Word();
      if (target.object.empty()) return Malformed("unexpected token: '" + Shown() + "'");
      at_ += target.object.size();
      if (TakeSymbol('(')) {
        FIRN_TRY(const std::string_view inner, Parentheses());
        FIRN_CHECK(Clauses(inner, target));
      }
      if (query.targets.size() == kTargetsMax) return Malformed("too many objects in RETURNING");
      query.targets.push_back(std::move(target));
    } while (TakeSymbol(','));
    return {};
  }

  // What stands before the parenthesis that closes the one just taken.
  Result<std::string_view> Parentheses() {
    const size_t begin = at_;
    int depth = 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\'') {
        at_ = PastLiteral(text_, at_);
        continue;
      }
      ++at_;
      if (c == '(') ++depth;
      if (c == ')' && --depth == 0) return text_.substr(begin, at_ - 1 - begin);
    }
    return Malformed("expecting a right parentheses, found '<EOF>'");
  }

  // Fields, then clauses in their order; keywords within literals and parentheses are not ours.
  static Result<void> Clauses(std::string_view inner, SearchTarget& target) {
    std::string* into = &target.fields;
    std::string limit;
    std::string offset;
    std::string list_view;
    std::vector<std::string*> begun;
    for (size_t at = 0; at < inner.size();) {
      const size_t begin = at;
      at = PieceEnd(inner, at);
      const std::string_view piece = inner.substr(begin, at - begin);
      const std::string word = Folded(piece);
      std::string* const clause =
          ClauseOf(word, inner, at, {&target.where, &target.order_by, &limit, &offset, &list_view});
      if (clause == nullptr) {
        *into += piece;
      } else {
        begun.push_back(into = clause);
      }
    }
    for (const std::string* text : begun) {
      if (Trimmed(*text).empty()) return Malformed("unexpected token: ')'");
    }
    if (!Trimmed(list_view).empty()) {
      return Malformed("USING ListView names a list view that is not there");
    }
    for (std::string* text : {&target.fields, &target.where, &target.order_by}) {
      *text = Trimmed(*text);
    }
    if (target.fields.empty()) return Malformed("expecting a field in RETURNING");
    FIRN_TRY(target.limit, OptionalNumber(limit));
    FIRN_TRY(const auto skipped, OptionalNumber(offset));
    target.offset = skipped.value_or(0);
    return {};
  }

  struct ClauseTexts {
    std::string* where;
    std::string* order_by;
    std::string* limit;
    std::string* offset;
    std::string* list_view;
  };
  // Where the words after a keyword go; nullptr when the word is none. `at` moves past `BY`.
  static std::string* ClauseOf(std::string_view word, std::string_view inner, size_t& at,
                               const ClauseTexts& texts) {
    if (word == "where") return texts.where;
    if (word == "order" && FollowsBy(inner, at)) return texts.order_by;
    if (word == "limit") return texts.limit;
    if (word == "offset") return texts.offset;
    return word == "using" ? texts.list_view : nullptr;
  }

  // A word, a literal, a parenthesis with all within, or one other character.
  static size_t PieceEnd(std::string_view text, size_t at) {
    if (text[at] == '\'') return PastLiteral(text, at);
    if (text[at] == '(') {
      int depth = 0;
      while (at < text.size()) {
        if (text[at] == '\'') {
          at = PastLiteral(text, at);
          continue;
        }
        depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
        ++at;
        if (depth == 0) break;
      }
      return at;
    }
    if (!IsName(text[at])) return at + 1;
    while (at < text.size() && IsName(text[at])) ++at;
    return at;
  }

  // True, and past it, when `BY` comes next.
  static bool FollowsBy(std::string_view text, size_t& at) {
    size_t next = at;
    while (next < text.size() && IsSpace(text[next])) ++next;
    if (next == text.size()) return false;
    const size_t end = PieceEnd(text, next);
    if (Folded(text.substr(next, end - next)) != "by") return false;
    at = end;
    return true;
  }

  static Result<std::optional<uint64_t>> OptionalNumber(std::string_view text) {
    text = Trimmed(text);
    if (text.empty()) return std::optional<uint64_t>();
    uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
      return Malformed("expecting a number, found '" + std::string(text) + "'");
    }
    return std::optional(number);
  }

  // Spelling is never corrected here, and a network, a division or a price book narrows nothing in
  // an org that has one of each.
  Result<void> With(SoslQuery& query) {
    if (TakeWord("metadata")) {
      if (!TakeSymbol('=')) return Malformed("expecting an equals sign, found '" + Shown() + "'");
      FIRN_TRY(const std::string value, Literal());
      if (Folded(value) != "labels") return Malformed("METADATA takes 'LABELS' only");
      query.metadata = true;
      return {};
    }
    for (const std::string_view word : {"spell_correction", "division", "network", "pricebookid"}) {
      if (!TakeWord(word)) continue;
      if (!TakeSymbol('=')) return Malformed("expecting an equals sign, found '" + Shown() + "'");
      if (TakeWord("true") || TakeWord("false")) return {};
      FIRN_TRY(const std::string value, Literal());
      if (value.empty()) return Malformed("expecting a value");
      return {};
    }
    return Malformed("WITH " + Shown() + " is not supported in this org");
  }

  Result<std::string> Literal() {
    Skip();
    if (at_ >= text_.size() || text_[at_] != '\'') {
      return Malformed("expecting a text in quotation marks, found '" + Shown() + "'");
    }
    const size_t begin = at_ + 1;
    at_ = PastLiteral(text_, at_);
    if (text_[at_ - 1] != '\'' || at_ == begin) return Malformed("expecting a quotation mark");
    return std::string(text_.substr(begin, at_ - 1 - begin));
  }

  // Article statistics that nothing in the org shows.
  Result<void> Update() {
    do {
      if (!TakeWord("tracking") && !TakeWord("viewstat")) {
        return Malformed("unexpected token: '" + Shown() + "'");
      }
    } while (TakeSymbol(','));
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::optional<SearchGroup> SearchGroupByName(std::string_view name) {
  constexpr std::pair<std::string_view, SearchGroup> kNames[] = {
      {"all", SearchGroup::kAll},
      {"name", SearchGroup::kName},
      {"email", SearchGroup::kEmail},
      {"phone", SearchGroup::kPhone},
      {"sidebar", SearchGroup::kSidebar}};
  const std::string folded = Folded(name);
  for (const auto& [known, group] : kNames) {
    if (folded == known) return group;
  }
  return std::nullopt;
}

Result<SoslQuery> ParseSosl(std::string_view text) { return Reader(text).Read(); }

}  // namespace firn::sandbox
