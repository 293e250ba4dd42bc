// The operators of the pattern language. Messages are event-ruler's, so that they can be searched.
#include "core/expr/internal/value_pattern_parse.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "core/expr/internal/ip_address.h"
#include "core/expr/internal/number_text.h"
#include "core/expr/internal/wildcard.h"
#include "core/expr/internal/wildcard_complexity.h"

namespace firn::expr {
namespace {

using PatternKind = ValuePattern::Kind;

std::string Quoted(const std::string& text) { return '"' + text + '"'; }

class ValueParser {
 public:
  explicit ValueParser(JsonTokens& tokens) : tokens_(tokens) {}

  Result<std::vector<ValuePattern>> List() {
    std::vector<ValuePattern> values;
    for (;;) {
      FIRN_TRY(const JsonToken token, tokens_.Next());
      if (token == JsonToken::kArrayEnd) break;
      if (token == JsonToken::kObjectBegin) {
        FIRN_TRY(ValuePattern pattern, Operator());
        values.push_back(std::move(pattern));
      } else if (token == JsonToken::kString) {
        values.push_back(Text());
      } else if (token == JsonToken::kNumber) {
        // By value, and as written for numbers that no double holds (account numbers).
        if (const auto number = ComparableNumber(tokens_.value())) {
          values.push_back({PatternKind::kNumber, {}, {*number}});
        }
        values.push_back({PatternKind::kExact, {tokens_.value()}, {}});
      } else if (token == JsonToken::kArrayBegin) {
        return Mistake("Match value must be String, number, true, false, or null");
      } else {
        values.push_back({PatternKind::kExact, {tokens_.value()}, {}});
      }
    }
    if (values.empty()) return Mistake("Empty arrays are not allowed");
    FIRN_CHECK(CheckWildcards(values));
    return values;
  }

 private:
  tl::unexpected<Error> Mistake(std::string reason) const {
    return Fail(tokens_.Mistake(std::move(reason)));
  }

  Result<void> CheckWildcards(const std::vector<ValuePattern>& values) const {
    std::set<std::vector<Wildcard>> patterns;
    for (const ValuePattern& value : values) {
      if (value.kind == PatternKind::kWildcard) patterns.insert({value.texts});
      if (value.kind != PatternKind::kNotWildcard) continue;
      std::vector<Wildcard> wildcards;
      auto piece = value.texts.begin();
      for (const double count : value.numbers) {
        wildcards.emplace_back(piece, piece + static_cast<int>(count));
        piece += static_cast<int>(count);
      }
      patterns.insert(std::move(wildcards));
    }
    const std::vector<std::vector<Wildcard>> all(patterns.begin(), patterns.end());
    if (WildcardComplexity(all, kWildcardComplexityMax + 1) <= kWildcardComplexityMax) return {};
    return Fail(Error(Kind::kBadInput, "EXPR-PATTERN-003", "event pattern is not valid")
                    .At(tokens_.Place())
                    .Because("Rule is too complex - try using fewer wildcard characters or fewer "
                             "repeating character sequences after a wildcard character"));
  }

  // A text that is an IP address fits any way of writing that address.
  ValuePattern Text() const {
    if (const auto ip = ParseIpAddress(tokens_.value())) {
      return {PatternKind::kCidr, {tokens_.value(), tokens_.value()}, {}};
    }
    return {PatternKind::kExact, {Quoted(tokens_.value())}, {}};
  }

  Result<void> ExpectEnd(std::string_view otherwise) {
    FIRN_TRY(const JsonToken token, tokens_.Next());
    if (token != JsonToken::kObjectEnd) return Mistake(std::string(otherwise));
    return {};
  }

  static constexpr std::string_view kOneKey = "Only one key allowed in match expression";
  static constexpr std::string_view kTooMany = "Too many elements in numeric expression";

  Result<ValuePattern> Operator() {
    FIRN_TRY(const JsonToken token, tokens_.Next());
    if (token != JsonToken::kName) return Mistake("Match expression name not found");
    const std::string name = tokens_.value();
    if (name == "exactly") return TextOperator("exact", PatternKind::kExact);
    if (name == "prefix") {
      return MaybeIgnoreCase("prefix", "Prefix", PatternKind::kPrefix,
                             PatternKind::kPrefixIgnoreCase);
    }
    if (name == "suffix") {
      return MaybeIgnoreCase("suffix", "Suffix", PatternKind::kSuffix,
                             PatternKind::kSuffixIgnoreCase);
    }
    if (name == "equals-ignore-case") return TextOperator(name, PatternKind::kIgnoreCase);
    if (name == "wildcard") return TextOperator(name, PatternKind::kWildcard);
    if (name == "numeric") return Numeric();
    if (name == "anything-but") return AnythingBut();
    if (name == "exists") return Exists();
    if (name == "cidr") return Cidr();
    return Mistake("Unrecognized match type " + name);
  }

  // The text of a pattern as values show it, quotes where the kind has them.
  Result<void> AddText(PatternKind kind, ValuePattern& pattern) {
    const std::string& text = tokens_.value();
    switch (kind) {
      case PatternKind::kPrefix:
      case PatternKind::kPrefixIgnoreCase:
      case PatternKind::kNotPrefix:
        pattern.texts.push_back('"' + text);
        return {};
      case PatternKind::kSuffix:
      case PatternKind::kSuffixIgnoreCase:
      case PatternKind::kNotSuffix:
        pattern.texts.push_back(text + '"');
        return {};
      case PatternKind::kWildcard:
      case PatternKind::kNotWildcard: {
        auto pieces = WildcardPieces(Quoted(text));
        if (!pieces) return Mistake(pieces.error());
        if (kind == PatternKind::kNotWildcard) {
          pattern.numbers.push_back(static_cast<double>(pieces->size()));
        }
        for (std::string& piece : *pieces) pattern.texts.push_back(std::move(piece));
        return {};
      }
      default:
        pattern.texts.push_back(Quoted(text));
        return {};
    }
  }

  Result<ValuePattern> TextOperator(std::string_view name, PatternKind kind) {
    FIRN_TRY(const JsonToken token, tokens_.Next());
    if (token != JsonToken::kString) {
      return Mistake(fmt::format("{} match pattern must be a string", name));
    }
    ValuePattern pattern{kind, {}, {}};
    FIRN_CHECK(AddText(kind, pattern));
    FIRN_CHECK(ExpectEnd(kOneKey));
    return pattern;
  }

  // `{"prefix": "x"}` and `{"prefix": {"equals-ignore-case": "x"}}`.
  Result<ValuePattern> MaybeIgnoreCase(std::string_view name, std::string_view capital,
                                       PatternKind plain, PatternKind ignore_case) {
    FIRN_TRY(JsonToken token, tokens_.Next());
    ValuePattern pattern{plain, {}, {}};
    const bool nested = token == JsonToken::kObjectBegin;
    if (nested) {
      FIRN_TRY(const JsonToken inner, tokens_.Next());
      if (inner != JsonToken::kName) {
        return Mistake(fmt::format("{} expression name not found", capital));
      }
      if (tokens_.value() != "equals-ignore-case") {
        return Mistake(fmt::format("Unsupported {} pattern: {}", name, tokens_.value()));
      }
      pattern.kind = ignore_case;
      name = "equals-ignore-case";
      FIRN_TRY(token, tokens_.Next());
    }
    if (token != JsonToken::kString) {
      return Mistake(fmt::format("{} match pattern must be a string", name));
    }
    FIRN_CHECK(AddText(pattern.kind, pattern));
    FIRN_CHECK(ExpectEnd(kOneKey));
    if (nested) FIRN_CHECK(ExpectEnd(kOneKey));
    return pattern;
  }

  Result<double> Number(const std::string& complaint) {
    FIRN_TRY(const JsonToken token, tokens_.Next());
    if (token != JsonToken::kNumber) return Mistake(complaint);
    const auto number = ComparableNumber(tokens_.value());
    if (!number) return Mistake("Cannot compare number : " + tokens_.value());
    return *number;
  }

  Result<ValuePattern> Numeric() {
    FIRN_TRY(const JsonToken open, tokens_.Next());
    if (open != JsonToken::kArrayBegin) return Mistake("Value of numeric must be an array.");
    FIRN_TRY(const JsonToken first, tokens_.Next());
    if (first != JsonToken::kString) {
      return Mistake("Invalid member in numeric match: " +
                     (first == JsonToken::kArrayEnd ? "]" : tokens_.value()));
    }
    const std::string sign = tokens_.value();
    const bool known = sign == "=" || sign == "<" || sign == "<=" || sign == ">" || sign == ">=";
    if (!known) return Mistake("Unrecognized numeric range operator: " + sign);
    FIRN_TRY(const double bound,
             Number(fmt::format("Value of {} must be numeric", sign == "=" ? "equals" : sign)));
    constexpr double kMax = std::numeric_limits<double>::max();
    ValuePattern pattern{PatternKind::kRange, {}, {-kMax, kMax}};
    if (sign == "=") pattern = {PatternKind::kNumber, {}, {bound}};
    if (sign == "<") pattern.numbers[1] = std::nextafter(bound, -kMax);
    if (sign == "<=") pattern.numbers[1] = bound;
    if (sign == ">") pattern.numbers[0] = std::nextafter(bound, kMax);
    if (sign == ">=") pattern.numbers[0] = bound;
    FIRN_TRY(const JsonToken next, tokens_.Next());
    if (next != JsonToken::kArrayEnd) {
      if (sign.front() != '>') return Mistake(std::string(kTooMany));
      FIRN_CHECK(UpperBound(next, bound, pattern));
    }
    FIRN_CHECK(ExpectEnd(kTooMany));
    return pattern;
  }

  Result<void> UpperBound(JsonToken token, double bottom, ValuePattern& pattern) {
    if (token != JsonToken::kString) {
      return Mistake("Bad value in numeric range: " + tokens_.value());
    }
    const std::string sign = tokens_.value();
    if (sign != "<" && sign != "<=") return Mistake("Bad numeric range operator: " + sign);
    FIRN_TRY(const double top, Number(fmt::format("Value of {} must be numeric", sign)));
    if (bottom >= top) return Mistake("Bottom must be less than top");
    pattern.numbers[1] = sign == "<=" ? top : std::nextafter(top, bottom);
    FIRN_TRY(const JsonToken end, tokens_.Next());
    if (end != JsonToken::kArrayEnd) {
      return Mistake("Too many terms in numeric range expression");
    }
    return {};
  }

  Result<ValuePattern> AnythingBut() {
    ValuePattern pattern{PatternKind::kNotText, {}, {}};
    FIRN_TRY(JsonToken token, tokens_.Next());
    const bool nested = token == JsonToken::kObjectBegin;
    if (nested) {
      FIRN_TRY(const JsonToken inner, tokens_.Next());
      if (inner != JsonToken::kName) return Mistake("Anything-But expression name not found");
      FIRN_TRY(pattern.kind, NotKind(tokens_.value()));
      FIRN_TRY(token, tokens_.Next());
    }
    if (token == JsonToken::kArrayBegin) {
      for (;;) {
        FIRN_TRY(const JsonToken element, tokens_.Next());
        if (element == JsonToken::kArrayEnd) break;
        FIRN_CHECK(AddExcluded(element, pattern,
                               "Inside anything but list, start|null|boolean is "
                               "not supported."));
      }
    } else if (token == JsonToken::kString || token == JsonToken::kNumber) {
      FIRN_CHECK(AddExcluded(token, pattern, ""));
    } else {
      return Mistake("Value of anything-but must be an array or single string/number value.");
    }
    if (pattern.kind == PatternKind::kNotText) {
      if (pattern.texts.empty() == pattern.numbers.empty()) {
        return Mistake(
            "Inside anything but list, either all values are number or string, mixed type is not "
            "supported");
      }
      if (!pattern.numbers.empty()) pattern.kind = PatternKind::kNotNumber;
    }
    FIRN_CHECK(ExpectEnd(kTooMany));
    if (nested) FIRN_CHECK(ExpectEnd(kTooMany));
    return pattern;
  }

  Result<PatternKind> NotKind(const std::string& name) const {
    if (name == "equals-ignore-case") return PatternKind::kNotIgnoreCase;
    if (name == "prefix") return PatternKind::kNotPrefix;
    if (name == "suffix") return PatternKind::kNotSuffix;
    if (name == "wildcard") return PatternKind::kNotWildcard;
    return Mistake("Unsupported anything-but pattern: " + name);
  }

  Result<void> AddExcluded(JsonToken token, ValuePattern& pattern, std::string_view otherwise) {
    if (pattern.kind == PatternKind::kNotText && token == JsonToken::kNumber) {
      const auto number = ComparableNumber(tokens_.value());
      if (!number) return Mistake("Cannot compare number : " + tokens_.value());
      pattern.numbers.push_back(*number);
      return {};
    }
    if (token != JsonToken::kString) {
      switch (pattern.kind) {
        case PatternKind::kNotIgnoreCase:
          return Mistake(
              "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not "
              "supported.");
        case PatternKind::kNotWildcard:
          return Mistake("wildcard match pattern must be a string");
        case PatternKind::kNotText:
          return Mistake(std::string(otherwise));
        default:
          return Mistake("prefix/suffix match pattern must be a string");
      }
    }
    const bool affix =
        pattern.kind == PatternKind::kNotPrefix || pattern.kind == PatternKind::kNotSuffix;
    if (affix && tokens_.value().empty()) return Mistake("Null prefix/suffix not allowed");
    return AddText(pattern.kind, pattern);
  }

  Result<ValuePattern> Exists() {
    FIRN_TRY(const JsonToken token, tokens_.Next());
    if (token != JsonToken::kTrue && token != JsonToken::kFalse) {
      return Mistake("exists match pattern must be either true or false.");
    }
    FIRN_CHECK(ExpectEnd(kOneKey));
    return ValuePattern{
        token == JsonToken::kTrue ? PatternKind::kExists : PatternKind::kAbsent, {}, {}};
  }

  Result<ValuePattern> Cidr() {
    FIRN_TRY(const JsonToken token, tokens_.Next());
    if (token != JsonToken::kString) return Mistake("prefix match pattern must be a string");
    FIRN_TRY(ValuePattern pattern, Block(tokens_.value()));
    FIRN_CHECK(ExpectEnd(kOneKey));
    return pattern;
  }

  Result<ValuePattern> Block(const std::string& text) const {
    const size_t slash = text.find('/');
    if (slash == std::string::npos || text.find('/', slash + 1) != std::string::npos ||
        slash + 1 == text.size()) {
      return Mistake("Malformed CIDR, one '/' required");
    }
    int bits = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, bits);
    if (error != std::errc() || stop != end) {
      return Mistake("Malformed CIDR, mask bits must be an integer");
    }
    if (bits < 0) return Mistake("Malformed CIDR, mask bits must not be negative");
    const std::string address = text.substr(0, slash);
    const auto ip = ParseIpAddress(address);
    if (!ip) {
      const bool shape = address.find_first_not_of("0123456789abcdefABCDEF:.") == std::string::npos;
      return Mistake((shape ? "Invalid IP address: " : "Nonstandard IP address: ") + address);
    }
    if (!ip->v6 && bits > 31) return Mistake("IPv4 mask bits must be < 32");
    if (ip->v6 && bits > 127) return Mistake("IPv6 mask bits must be < 128");
    const int free_bits = (ip->v6 ? 128 : 32) - bits;
    const Uint128 mask =
        free_bits == 128 ? ~static_cast<Uint128>(0) : (static_cast<Uint128>(1) << free_bits) - 1;
    return ValuePattern{PatternKind::kCidr,
                        {IpText({ip->v6, ip->number & ~mask}), IpText({ip->v6, ip->number | mask})},
                        {}};
  }

  JsonTokens& tokens_;
};

}  // namespace

Result<std::vector<ValuePattern>> ParseValuePatterns(JsonTokens& tokens) {
  return ValueParser(tokens).List();
}

}  // namespace firn::expr
