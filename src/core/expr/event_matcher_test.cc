// What could go wrong in production: a rule that fires on the wrong event, or never; one rule that
// changes what another means because they share branches; an array whose elements are mixed up.
#include "core/expr/event_matcher.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "core/expr/event_fields.h"
#include "core/expr/internal/ip_address.h"
#include "core/expr/internal/letter_case.h"
#include "core/expr/internal/number_text.h"
#include "core/expr/internal/wildcard.h"

namespace firn::expr {
namespace {

bool Fits(std::string_view pattern, std::string_view event) {
  const auto parsed = ParseEventPattern(pattern);
  EXPECT_TRUE(parsed.has_value()) << pattern << ": " << (parsed ? "" : parsed.error().why());
  if (!parsed) return false;
  const auto fits = Matches(*parsed, event);
  EXPECT_TRUE(fits.has_value()) << event;
  return fits && *fits;
}

constexpr std::string_view kEvent = R"({
  "source": "aws.partner/salesforce.com/00D/Case", "account": "012345678901", "none": null,
  "resources": ["one", "two"], "empty": [], "time": "2026-11-25T10:00:00Z",
  "detail": {"n": 5, "x": 301.8, "big": 123456789012345678901, "ok": true, "ip": "10.0.0.33",
             "state": "Running", "path": "/bin/tool.jar", "text": "", "5": "5"}})";

TEST(EventMatcher, PlainValuesCompareByTypeAndText) {
  EXPECT_TRUE(Fits(R"({"detail": {"state": ["Stopped", "Running"]}})", kEvent));
  EXPECT_FALSE(Fits(R"({"detail": {"state": ["running"]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": {"n": [5.0]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": {"n": [0.5e1]}})", kEvent));
  EXPECT_FALSE(Fits(R"({"detail": {"n": ["5"]}})", kEvent));
  EXPECT_FALSE(Fits(R"({"detail": {"5": [5]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": {"big": [123456789012345678901]}})", kEvent));
  EXPECT_FALSE(Fits(R"({"detail": {"big": [123456789012345678902]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"none": [null]})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": {"ok": [true]}})", kEvent));
  EXPECT_FALSE(Fits(R"({"detail": {"ok": ["true"]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"resources": ["two"]})", kEvent));
}

TEST(EventMatcher, TextOperatorsFitTextsOnly) {
  EXPECT_TRUE(Fits(R"({"detail": {"state": [{"prefix": "Run"}]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": {"text": [{"prefix": ""}]}})", kEvent));
  EXPECT_FALSE(Fits(R"({"detail": {"n": [{"prefix": ""}]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": {"state": [{"suffix": "ning"}]}})", kEvent));
  EXPECT_TRUE(
      Fits(R"({"detail": {"state": [{"prefix": {"equals-ignore-case": "rUN"}}]}})", kEvent));
  EXPECT_TRUE(
      Fits(R"({"detail": {"state": [{"suffix": {"equals-ignore-case": "NING"}}]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": {"state": [{"equals-ignore-case": "RUNNING"}]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": {"path": [{"wildcard": "*/bin/*.jar"}]}})", kEvent));
  EXPECT_FALSE(Fits(R"({"detail": {"path": [{"wildcard": "*/bin/*.class"}]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": {"state": [{"exactly": "Running"}]}})", kEvent));
}

TEST(EventMatcher, RangesAndBlocks) {
  EXPECT_TRUE(Fits(R"({"detail": {"n": [{"numeric": [">", 0, "<=", 5]}]}})", kEvent));
  EXPECT_FALSE(Fits(R"({"detail": {"n": [{"numeric": [">", 0, "<", 5]}]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": {"x": [{"numeric": ["=", 3.018e2]}]}})", kEvent));
  EXPECT_FALSE(Fits(R"({"detail": {"state": [{"numeric": [">", -1e300]}]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}})", kEvent));
  EXPECT_FALSE(Fits(R"({"detail": {"ip": [{"cidr": "10.0.1.0/24"}]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": {"ip": ["10.0.0.033"]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"a": [{"cidr": "2001:db8::/32"}]})", R"({"a": "2001:DB8::5"})"));
}

TEST(EventMatcher, AnythingButFitsEveryOtherLeafAndNeedsOne) {
  EXPECT_TRUE(Fits(R"({"detail": {"state": [{"anything-but": "Stopped"}]}})", kEvent));
  EXPECT_FALSE(
      Fits(R"({"detail": {"state": [{"anything-but": ["Stopped", "Running"]}]}})", kEvent));
  EXPECT_FALSE(Fits(R"({"detail": {"n": [{"anything-but": [5.0, 6]}]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": {"state": [{"anything-but": 5}]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"none": [{"anything-but": "x"}]})", kEvent));
  EXPECT_FALSE(Fits(R"({"missing": [{"anything-but": "x"}]})", kEvent));
  EXPECT_FALSE(Fits(R"({"empty": [{"anything-but": "x"}]})", kEvent));
  EXPECT_FALSE(
      Fits(R"({"detail": {"state": [{"anything-but": {"prefix": ["x", "Run"]}}]}})", kEvent));
  EXPECT_FALSE(Fits(R"({"detail": {"state": [{"anything-but": {"suffix": "ing"}}]}})", kEvent));
  EXPECT_FALSE(Fits(
      R"({"detail": {"state": [{"anything-but": {"equals-ignore-case": ["rUNNING"]}}]}})", kEvent));
  EXPECT_FALSE(Fits(
      R"({"detail": {"path": [{"anything-but": {"wildcard": ["*.class", "*.jar"]}}]}})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": {"n": [{"anything-but": {"wildcard": "*"}}]}})", kEvent));
  // One of several values is enough.
  EXPECT_TRUE(Fits(R"({"resources": [{"anything-but": "one"}]})", kEvent));
}

TEST(EventMatcher, ExistsLooksAtLeavesOnly) {
  EXPECT_TRUE(Fits(R"({"none": [{"exists": true}]})", kEvent));
  EXPECT_FALSE(Fits(R"({"detail": [{"exists": true}]})", kEvent));
  EXPECT_TRUE(Fits(R"({"detail": [{"exists": false}]})", kEvent));
  EXPECT_TRUE(Fits(R"({"empty": [{"exists": false}]})", kEvent));
  EXPECT_FALSE(Fits(R"({"source": [{"exists": false}]})", kEvent));
  EXPECT_TRUE(Fits(R"({"source": [{"exists": false}, {"prefix": "aws"}]})", kEvent));
}

TEST(EventMatcher, FieldsFitTogetherOnlyWithinOneElement) {
  constexpr std::string_view kArrays =
      R"({"e": [{"team": "A", "won": 1}, {"team": "B", "won": 2, "late": true}], "k": ["p", "q"]})";
  EXPECT_TRUE(Fits(R"({"e": {"team": ["B"], "won": [2]}})", kArrays));
  EXPECT_FALSE(Fits(R"({"e": {"team": ["A"], "won": [2]}})", kArrays));
  EXPECT_TRUE(Fits(R"({"e": {"team": ["A"], "won": [{"exists": false}, 1]}})", kArrays));
  EXPECT_TRUE(Fits(R"({"e": {"team": ["A"], "zero": [{"exists": false}]}})", kArrays));
  // Plain elements of one array do not exclude each other.
  EXPECT_TRUE(Fits(R"({"e": {"team": ["A"]}, "k": ["q"]})", kArrays));
  EXPECT_FALSE(Fits(R"({"a": {"x": ["1"], "y": ["4"]}})",
                    R"({"a": [[{"x": "1", "y": "2"}], [{"x": "3", "y": "4"}]]})"));
}

TEST(EventMatcher, DotsInNamesAndRepeatedNames) {
  EXPECT_TRUE(Fits(R"({"a.b": [1]})", R"({"a": {"b": 1}})"));
  EXPECT_TRUE(Fits(R"({"a": {"b": [1]}})", R"({"a.b": 1})"));
  EXPECT_FALSE(Fits(R"({"a": [1], "a": [2]})", R"({"a": 1})"));
  EXPECT_TRUE(Fits(R"({"a": [1]})", R"({"a": 2, "a": 1})"));
}

TEST(EventMatcher, OrNeedsOneOfItsObjects) {
  constexpr std::string_view kOr =
      R"({"source": ["s"], "$or": [{"m": [1], "n": [2]}, {"m": [{"numeric": [">", 5]}]}]})";
  EXPECT_TRUE(Fits(kOr, R"({"source": "s", "m": 1, "n": 2})"));
  EXPECT_FALSE(Fits(kOr, R"({"source": "s", "m": 1})"));
  EXPECT_TRUE(Fits(kOr, R"({"source": "s", "m": 6})"));
  EXPECT_FALSE(Fits(kOr, R"({"source": "t", "m": 6})"));
}

TEST(EventMatcher, EventsThatAreNoObjectsAreRefused) {
  const auto pattern = ParseEventPattern(R"({"a": [1]})");
  for (const char* event :
       {"", "[]", "5", "{", R"({"a": tru})", R"({"a": nul})", R"({"a": 01})", R"({"a": 1} x)"}) {
    const auto fits = Matches(*pattern, event);
    ASSERT_FALSE(fits.has_value()) << event;
    EXPECT_EQ(fits.error().code(), "EXPR-EVENT-001");
  }
}

// ---- against a second evaluator: every choice of leaves is tried
// ---------------------------------

bool Holds(const ValuePattern& pattern, std::string_view text) {
  using PatternKind = ValuePattern::Kind;
  const auto any = [&](auto test) {
    return std::any_of(pattern.texts.begin(), pattern.texts.end(), test);
  };
  const auto number = text.starts_with('"') ? std::nullopt : ComparableNumber(text);
  switch (pattern.kind) {
    case PatternKind::kExact:
      return text == pattern.texts[0];
    case PatternKind::kNumber:
      return number == pattern.numbers[0];
    case PatternKind::kRange:
      return number && *number >= pattern.numbers[0] && *number <= pattern.numbers[1];
    case PatternKind::kPrefix:
      return text.starts_with(pattern.texts[0]);
    case PatternKind::kSuffix:
      return text.starts_with('"') && text.ends_with(pattern.texts[0]);
    case PatternKind::kIgnoreCase:
      return CaselessText(pattern.texts[0]).Matches(text);
    case PatternKind::kWildcard:
      return MatchesWildcard(pattern.texts, text);
    case PatternKind::kExists:
      return true;
    case PatternKind::kNotText:
      return !any([&](const std::string& excluded) { return excluded == text; });
    case PatternKind::kNotPrefix:
      return !any([&](const std::string& excluded) { return text.starts_with(excluded); });
    case PatternKind::kNotNumber:
      return !number || std::find(pattern.numbers.begin(), pattern.numbers.end(), *number) ==
                            pattern.numbers.end();
    default:
      return false;
  }
}

bool Agree(const std::map<int, int>& so_far, ArrayPlaces places) {
  return std::all_of(places.begin(), places.end(), [&](const ArrayPlace& place) {
    const auto found = so_far.find(place.array);
    return found == so_far.end() || found->second == place.element;
  });
}

bool Choose(const PatternFields& fields, PatternFields::const_iterator at,
            const std::map<std::string, std::vector<EventField>>& leaves,
            const std::map<int, int>& so_far) {
  if (at == fields.end()) return true;
  static const std::vector<EventField> kNone;
  const auto known = leaves.find(at->first);
  const auto& here = known == leaves.end() ? kNone : known->second;
  for (const ValuePattern& pattern : at->second) {
    if (pattern.kind == ValuePattern::Kind::kAbsent) {
      const bool gone = std::none_of(here.begin(), here.end(), [&](const EventField& leaf) {
        return Agree(so_far, leaf.places);
      });
      if (gone && Choose(fields, std::next(at), leaves, so_far)) return true;
      continue;
    }
    for (const EventField& leaf : here) {
      if (!Holds(pattern, leaf.text) || !Agree(so_far, leaf.places)) continue;
      std::map<int, int> next = so_far;
      for (const ArrayPlace& place : leaf.places) next[place.array] = place.element;
      if (Choose(fields, std::next(at), leaves, next)) return true;
    }
  }
  return false;
}

class Drawer {
 public:
  explicit Drawer(unsigned seed) : random_(seed) {}
  int Below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }

  nlohmann::json Leaf() {
    switch (Below(8)) {
      case 0:
        return nullptr;
      case 1:
        return Below(2) == 0;
      case 2:
      case 3:
        return Below(4);
      default:
        return Word();
    }
  }
  std::string Word() {
    static constexpr const char* kWords[] = {"a", "ab", "abc", "B", "", "ba", "A"};
    return kWords[Below(7)];
  }
  std::string Name() { return std::string(1, static_cast<char>('p' + Below(3))); }

  nlohmann::json Event(int depth) {
    nlohmann::json object = nlohmann::json::object();
    for (int i = Below(4); i >= 0; --i) object[Name()] = Value(depth);
    return object;
  }
  nlohmann::json Value(int depth) {
    const int kind = depth > 0 ? Below(5) : 0;
    if (kind == 1 || kind == 2) return Event(depth - 1);
    if (kind != 3) return Leaf();
    nlohmann::json array = nlohmann::json::array();
    for (int i = Below(4); i > 0; --i) array.push_back(Value(depth - 1));
    return array;
  }

  nlohmann::json Operator() {
    switch (Below(9)) {
      case 0:
        return {{"prefix", Word()}};
      case 1:
        return {{"suffix", Word()}};
      case 2:
        return {{"equals-ignore-case", Word()}};
      case 3:
        return {{"wildcard", "*" + Word() + "a*"}};
      case 4:
        return {{"exists", Below(2) == 0}};
      case 5:
        return {{"anything-but", {Word(), "ab"}}};
      case 6:
        return {{"anything-but", {{"prefix", "a"}}}};
      case 7:
        return {{"numeric", {">", 0, "<", 1 + Below(3)}}};
      default:
        return {{"anything-but", {1, 2}}};
    }
  }
  nlohmann::json Pattern(int depth) {
    nlohmann::json object = nlohmann::json::object();
    for (int i = Below(3); i >= 0; --i) {
      if (depth > 0 && Below(2) == 0) {
        object[Name()] = Pattern(depth - 1);
        continue;
      }
      nlohmann::json values = nlohmann::json::array();
      for (int j = Below(3); j >= 0; --j) values.push_back(Below(2) == 0 ? Leaf() : Operator());
      object[Name()] = values;
    }
    if (depth > 0 && Below(5) == 0) object["$or"] = {Pattern(depth - 1), Pattern(depth - 1)};
    return object;
  }

 private:
  std::mt19937 random_;
};

TEST(EventMatcher, AgreesWithTryingEveryChoiceForManyRulesAtOnce) {
  constexpr unsigned kSeed = 20261125;
  Drawer draw(kSeed);
  int fits = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<EventPattern> patterns;
    std::vector<std::string> texts;
    for (int i = 0; i < 40; ++i) {
      texts.push_back(draw.Pattern(2).dump());
      auto parsed = ParseEventPattern(texts.back());
      ASSERT_TRUE(parsed.has_value()) << texts.back();
      patterns.push_back(*std::move(parsed));
    }
    const EventMatcher matcher(patterns);
    MatchScratch scratch;
    for (int i = 0; i < 40; ++i) {
      const std::string event = draw.Event(3).dump();
      const auto matched = matcher.Match(event, scratch);
      ASSERT_TRUE(matched.has_value()) << event;
      for (uint32_t rule = 0; rule < patterns.size(); ++rule) {
        PathTree paths;
        std::vector<std::string> names;
        for (const PatternFields& fields : patterns[rule].alternatives) {
          for (const auto& [path, unused] : fields) {
            if (paths.Add(path) == static_cast<int>(names.size())) names.push_back(path);
          }
        }
        EventFields loaded;
        ASSERT_TRUE(loaded.Load(event, paths).has_value());
        std::map<std::string, std::vector<EventField>> leaves;
        for (const EventField& leaf : loaded.fields()) {
          leaves[names[static_cast<size_t>(leaf.path)]].push_back(leaf);
        }
        const bool expected =
            std::any_of(patterns[rule].alternatives.begin(), patterns[rule].alternatives.end(),
                        [&](const PatternFields& fields) {
                          return Choose(fields, fields.begin(), leaves, {});
                        });
        const bool got = std::binary_search(matched->begin(), matched->end(), rule);
        ASSERT_EQ(got, expected) << "seed " << kSeed << ": " << texts[rule] << " on " << event;
        fits += expected ? 1 : 0;
      }
    }
  }
  EXPECT_GT(fits, 3000);
}

TEST(EventMatcher, LargeArraysEndInAnErrorAndNotInHours) {
  nlohmann::json event;
  for (const char* name : {"a", "b", "c", "d"}) {
    for (int i = 0; i < 300; ++i) event[name].push_back({{"v", 1}});
  }
  const auto pattern =
      ParseEventPattern(R"({"a": {"v": [1]}, "b": {"v": [1]}, "c": {"v": [1]}, "d": {"v": [2]}})");
  const auto fits = Matches(*pattern, event.dump());
  ASSERT_FALSE(fits.has_value());
  EXPECT_EQ(fits.error().code(), "EXPR-EVENT-002");
}

}  // namespace
}  // namespace firn::expr
