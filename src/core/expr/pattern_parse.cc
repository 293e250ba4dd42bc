// Reads a pattern's JSON into fields and alternatives; value_pattern_parse.cc reads the values.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/expr/event_pattern.h"
#include "core/expr/internal/value_pattern_parse.h"

namespace firn::expr {
namespace {

constexpr std::string_view kOr = "$or";
constexpr size_t kFieldsMax = 256;  // of one alternative, as event-ruler has it
constexpr size_t kAlternativesMax = 1000;
// No field within `$or` may be called like an operator, present or planned.
constexpr auto kReserved = std::to_array<std::string_view>({"exactly",
                                                            "equals-ignore-case",
                                                            "prefix",
                                                            "suffix",
                                                            "anything-but",
                                                            "exists",
                                                            "wildcard",
                                                            "numeric",
                                                            "cidr",
                                                            "=",
                                                            "<",
                                                            "<=",
                                                            ">",
                                                            ">=",
                                                            "regex",
                                                            "not-wildcard",
                                                            "not-equals-ignore-case",
                                                            "date-after",
                                                            "date-on-or-after",
                                                            "date-before",
                                                            "date-on-or-before",
                                                            "in-date-range",
                                                            "ip-address-in-range",
                                                            "ip-address-not-in-range"});

class PatternParser {
 public:
  PatternParser(std::string_view json, bool or_is_operator)
      : tokens_(json), or_is_operator_(or_is_operator) {}

  Result<EventPattern> Parse() {
    FIRN_TRY(const JsonToken first, tokens_.Next());
    if (first != JsonToken::kObjectBegin) return Fail(tokens_.Mistake("Filter is not an object"));
    FIRN_CHECK(Object("", false));
    FIRN_TRY(const JsonToken last, tokens_.Next());
    FIRN_ASSERT(last == JsonToken::kEnd);
    return EventPattern{std::move(alternatives_)};
  }

 private:
  static std::string Path(const std::string& parent, const std::string& name) {
    return parent.empty() ? name : parent + "." + name;
  }

  Result<void> Object(const std::string& path, bool inside_or) {
    bool any = false;
    for (;;) {
      FIRN_TRY(const JsonToken token, tokens_.Next());
      if (token == JsonToken::kObjectEnd) break;
      any = true;
      const std::string name = tokens_.value();
      if (or_is_operator_ && name == kOr) {
        FIRN_CHECK(Alternatives(path));
        continue;
      }
      if (inside_or && std::ranges::find(kReserved, name) != kReserved.end()) {
        return Fail(tokens_.Mistake(
            name + " is Ruler reserved fieldName which cannot be used inside $or."));
      }
      FIRN_TRY(const JsonToken value, tokens_.Next());
      if (value == JsonToken::kObjectBegin) {
        FIRN_CHECK(Object(Path(path, name), inside_or));
      } else if (value == JsonToken::kArrayBegin) {
        FIRN_CHECK(Field(Path(path, name)));
      } else {
        return Fail(tokens_.Mistake(fmt::format("\"{}\" must be an object or an array", name)));
      }
    }
    if (!any) return Fail(tokens_.Mistake("Empty objects are not allowed"));
    return {};
  }

  // Each object of the list multiplies what was read so far.
  Result<void> Alternatives(const std::string& path) {
    FIRN_TRY(const JsonToken open, tokens_.Next());
    if (open != JsonToken::kArrayBegin) {
      return Fail(tokens_.Mistake("It must be an Array followed with $or."));
    }
    std::vector<PatternFields> before = std::move(alternatives_);
    if (before.empty()) before.emplace_back();
    std::vector<PatternFields> all;
    int objects = 0;
    for (;; ++objects) {
      FIRN_TRY(const JsonToken token, tokens_.Next());
      if (token == JsonToken::kArrayEnd) break;
      if (token != JsonToken::kObjectBegin) {
        return Fail(tokens_.Mistake("Only JSON object is allowed in array of $or relationship."));
      }
      alternatives_ = before;
      FIRN_CHECK(Object(path, true));
      if (all.size() + alternatives_.size() > kAlternativesMax) return Fail(TooLarge());
      std::ranges::move(alternatives_, std::back_inserter(all));
    }
    if (objects < 2) {
      return Fail(tokens_.Mistake("There must have at least 2 Objects in $or relationship."));
    }
    alternatives_ = std::move(all);
    return {};
  }

  Result<void> Field(const std::string& path) {
    FIRN_TRY(const std::vector<ValuePattern> values, ParseValuePatterns(tokens_));
    if (alternatives_.empty()) alternatives_.emplace_back();
    for (PatternFields& fields : alternatives_) {
      fields[path] = values;  // a name that comes twice: the last one counts
      if (fields.size() > kFieldsMax) return Fail(TooLarge());
    }
    return {};
  }

  Error TooLarge() const {
    return Error(Kind::kBadInput, "EXPR-PATTERN-002", "event pattern is too large")
        .At(tokens_.Place())
        .Because(fmt::format("more than {} fields or {} combinations of `$or`", kFieldsMax,
                             kAlternativesMax));
  }

  JsonTokens tokens_;
  bool or_is_operator_;
  std::vector<PatternFields> alternatives_;
};

}  // namespace

Result<EventPattern> ParseEventPattern(std::string_view json) {
  Result<EventPattern> pattern = PatternParser(json, true).Parse();
  if (pattern || json.find("$or") == std::string_view::npos) return pattern;
  // Patterns older than the operator may have a field of this name.
  Result<EventPattern> older = PatternParser(json, false).Parse();
  return older ? std::move(older) : std::move(pattern);
}

}  // namespace firn::expr
