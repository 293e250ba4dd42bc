// What could go wrong: a price that comes back rounded, or other over REST than in an event; two
// numbers that are equal to the eye and not to a query; a sort that a fraction digit turns round; a
// total that loses cents.
#include "sandbox/decimal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <random>

#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

std::string Shown(const tl::expected<Value, NumberFault>& value) {
  if (!value) return value.error() == NumberFault::kRange ? "range" : "format";
  std::string text;
  AppendPlain(*value, text);
  return text;
}
std::string Kept(std::string_view text, int scale, int precision = 18) {
  return Shown(ParseDecimal(text, {precision, scale}));
}

TEST(Decimal, KeepsFractionDigitsBeyondTheScale) {
  EXPECT_EQ(Kept("237.631", 1, 4), "237.631") << "the example of the vendor's article";
  EXPECT_EQ(Kept("1.234", 2), "1.234");
  EXPECT_EQ(Kept("-0.005", 2), "-0.005");
  EXPECT_EQ(Kept("1.5e-5", 2), "1.5E-5");
  EXPECT_EQ(Kept("1.2300", 2), "1.23") << "noughts are no digits";
  EXPECT_EQ(Kept("5.50", 0), "5.5");
  EXPECT_EQ(Kept("0.000000000000000000000001", 2), "1.0E-24");
  EXPECT_EQ(Kept("0.0000000000000000000000001", 2), "0.0") << "the 25th fraction digit";
}

TEST(Decimal, KeepsAsManyDigitsAsADouble) {
  EXPECT_EQ(Kept("237.123456789012345678901234", 1), "237.12345678901235");
  EXPECT_EQ(Kept("0.30000000000000001", 2), "0.3");
  EXPECT_EQ(Kept("0.30000000000000004", 2), "0.30000000000000004");
  EXPECT_EQ(Kept("1234567890123456.78", 2), "1.23456789012345678E15") << "what fits is exact";
}

TEST(Decimal, EqualNumbersAreEqualBytesHoweverTheyAreWritten) {
  for (const char* text : {"1.005", "1.00500", "100.5e-2", "+1.005", "0001.005"}) {
    const auto value = ParseDecimal(text, {18, 2});
    ASSERT_TRUE(value) << text;
    EXPECT_TRUE(SameStored(*value, Value::Decimal(1005, 3))) << text;
  }
  EXPECT_TRUE(SameStored(*ParseDecimal("7.0", {18, 2}), Value::Decimal(700, 2)));
}

TEST(Decimal, RefusesWhatIsNoNumberOrHasTooManyDigitsBeforeThePoint) {
  for (const char* text : {"", ".", "-", "1e", "1.2.3", "0x1", "1 ", "e5", "1e5x", "--1"}) {
    EXPECT_EQ(Kept(text, 2), "format") << text;
  }
  for (const char* text : {"1000", "1000.001", "-1e3", "1e400", "999.9999999999999999999"}) {
    EXPECT_EQ(Kept(text, 1, 4), "range") << text;
  }
  EXPECT_EQ(Kept("999.94", 1, 4), "999.94");
}

RC_GTEST_PROP(Decimal, ADoubleOfAnyFieldComesBackAsItWasSent, ()) {
  const int scale = *rc::gen::inRange(0, 9);
  const auto mantissa = *rc::gen::inRange<int64_t>(-(1LL << 53), 1LL << 53);
  const double sent = std::ldexp(static_cast<double>(mantissa), -*rc::gen::inRange(23, 70));
  RC_PRE(std::fabs(sent) < 1e8 && (sent == 0 || std::fabs(sent) > 1e-7));
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, sent).ptr;
  const auto value = ParseDecimal({text, static_cast<size_t>(end - text)}, {18, scale});
  RC_ASSERT(value.has_value());
  RC_ASSERT(ToDouble(*value) == sent);
  RC_ASSERT(std::stod(Shown(value)) == sent);
  RC_ASSERT(SameStored(DecimalOf(sent, scale), *value));
}

// A number of `scale` fraction digits, small enough that a test can bring two to one scale.
struct Plain {
  int64_t number = 0;
  int scale = 0;
  [[nodiscard]] Value value() const { return Value::Decimal(number, scale); }
  [[nodiscard]] __int128 At12() const {
    __int128 out = number;
    for (int i = scale; i < 12; ++i) out *= 10;
    return out;
  }
};
Plain AnyPlain() {
  // Few digits are likelier to meet.
  const auto most = *rc::gen::element<int64_t>(5, 1000, 1'000'000'000'000'000);
  return {*rc::gen::inRange<int64_t>(-most, most), *rc::gen::inRange(0, 13)};
}

int ThreeWay(__int128 a, __int128 b) { return a < b ? -1 : a > b ? 1 : 0; }

RC_GTEST_PROP(Decimal, OrderIsThatOfTheNumbersWhateverTheirScales, ()) {
  const Plain a = AnyPlain();
  const Plain b = AnyPlain();
  const int order = ThreeWay(a.At12(), b.At12());
  RC_ASSERT(CompareNumbers(a.value(), b.value()) == order);
  const int scale = *rc::gen::inRange(0, 5);
  const DecimalKey left = KeyOf(a.value(), scale);
  const DecimalKey right = KeyOf(b.value(), scale);
  const int whole = ThreeWay(left.number, right.number);
  RC_ASSERT((whole != 0 ? whole : ThreeWay(left.between, right.between)) == order);
}

RC_GTEST_PROP(Decimal, ASumLosesNothing, ()) {
  NumberSum sum;
  __int128 exact = 0;
  const int count = *rc::gen::inRange(1, 40);
  for (int i = 0; i < count; ++i) {
    const Plain each{*rc::gen::inRange<int64_t>(-9999, 9999), *rc::gen::inRange(0, 9)};
    sum.Add(each.value());
    exact += each.At12();
  }
  const Value total = sum.Total();
  RC_ASSERT((Plain{total.number, total.scale}.At12() == exact));
  const double mean = static_cast<double>(exact) / 1e12 / count;
  RC_ASSERT(std::fabs(ToDouble(sum.Mean(static_cast<uint64_t>(count))) - mean) < 1e-9);
}

TEST(Decimal, RoundsHalvesAwayFromZeroWhereItShowsFewer) {
  EXPECT_TRUE(SameStored(RoundedTo(Value::Decimal(1005, 3), 2), Value::Decimal(101, 2)));
  EXPECT_TRUE(SameStored(RoundedTo(Value::Decimal(-1005, 3), 2), Value::Decimal(-101, 2)));
  EXPECT_TRUE(SameStored(RoundedTo(Value::Decimal(1, 24), 0), Value::Decimal(0, 0)));
  EXPECT_TRUE(SameStored(ProductOf(Value::Decimal(25, 1), Value::Decimal(333, 3), 2),
                         Value::Decimal(83, 2)));
  EXPECT_TRUE(SameStored(QuotientOf(Value::Decimal(2000, 2), Value::Decimal(300, 2), 2),
                         Value::Decimal(667, 2)));
  EXPECT_TRUE(QuotientOf(Value::Decimal(1, 0), Value::Decimal(0, 2), 2).null());
}

constexpr const char* kGauge = R"(object: Gauge__c
fields:
  - {name: Id, type: id}
  - {name: Name, type: string, length: 80, nameField: true}
  - {name: IsDeleted, type: boolean}
  - {name: SystemModstamp, type: datetime}
  - {name: Price__c, type: currency, precision: 18, scale: 2}
  - {name: Share__c, type: percent, precision: 5, scale: 0}
  - {name: Code__c, type: double, precision: 18, scale: 0, externalId: true, unique: true}
  - {name: Level__c, type: double, precision: 6, scale: 1, required: true, externalId: true}
  - {name: Twice__c, type: double, precision: 18, scale: 6, formula: "Price__c * 2"}
)";

class GaugeTest : public ::testing::Test {
 protected:
  std::string Add(const std::string& name, const std::string& price, const std::string& code,
                  const std::string& level = "0") {
    const auto id = org_->Insert(
        "Gauge__c", {{"Name", name}, {"Price__c", price}, {"Code__c", code}, {"Level__c", level}},
        {});
    return id ? IdText(*id) : PartsOf(id.error()).code;
  }
  TestOrg org_{{kGauge}};
};

TEST_F(GaugeTest, ValuesComeBackAsTheyWereSentAlsoAfterARestart) {
  Add("a", "1.234", "1");
  Add("b", "1.23", "2");
  Add("c", "-0.30000000000000004", "3.25");
  const std::string soql = "SELECT Name, Price__c, Code__c, Twice__c FROM Gauge__c ORDER BY Name";
  const std::string rows = "a|1.234|1.0|2.468\nb|1.23|2.0|2.46\nc|-0.30000000000000004|3.25|-0.6";
  EXPECT_EQ(org_.One(soql), rows);
  org_.Reopen();
  EXPECT_EQ(org_.One(soql), rows);
}

TEST_F(GaugeTest, QueriesCompareOrderAndAddWhatIsStored) {
  Add("a", "1.005", "1");
  Add("b", "1.01", "2");
  Add("c", "1", "3");
  Add("d", "1.0049999", "4");
  const auto names = [&](const std::string& more) {
    std::string text = org_.One("SELECT Name FROM Gauge__c" + more);
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
  };
  EXPECT_EQ(names(" WHERE Price__c = 1.005"), "a");
  EXPECT_EQ(names(" WHERE Price__c = 1.0050"), "a");
  EXPECT_EQ(names(" WHERE Price__c > 1 AND Price__c < 1.005"), "d");
  EXPECT_EQ(names(" WHERE Price__c IN (1.005, 1.0)"), "a c");
  EXPECT_EQ(names(" ORDER BY Price__c"), "c d a b");
  EXPECT_EQ(names(" ORDER BY Price__c DESC"), "b a d c");
  EXPECT_EQ(org_.One("SELECT SUM(Price__c), MIN(Price__c), MAX(Price__c), AVG(Price__c), "
                     "COUNT_DISTINCT(Price__c) FROM Gauge__c WHERE Name != 'c'"),
            "3.0199999|1.0049999|1.01|1.0066666333333334|3");
  EXPECT_EQ(org_.One("SELECT FORMAT(Price__c) FROM Gauge__c WHERE Name = 'a'"), "$1.01")
      << "the scale is how it is shown";
  EXPECT_EQ(names(" WHERE Name IN ('a', 'b') GROUP BY Name HAVING SUM(Price__c) < 1.006"), "a");
}

TEST_F(GaugeTest, IndexesFindAndOrderWhatLiesBetweenTwoWholeKeys) {
  Add("a", "", "7", "2.5");
  Add("b", "", "7.5", "2.55");
  Add("c", "", "7.25", "2.6");
  Add("d", "", "8", "-2.55");
  EXPECT_EQ(Add("e", "", "7.50"), "DUPLICATE_VALUE");
  EXPECT_EQ(org_.One("SELECT Name FROM Gauge__c WHERE Code__c = 7.5"), "b");
  EXPECT_EQ(org_.One("SELECT Name FROM Gauge__c WHERE Code__c IN (7, 7.25)"), "a\nc");
  EXPECT_EQ(org_.One("SELECT Name FROM Gauge__c ORDER BY Level__c"), "d\na\nb\nc");
  EXPECT_EQ(org_.One("SELECT Name FROM Gauge__c ORDER BY Level__c DESC"), "c\nb\na\nd");
  const auto found = org_->FindByExternalId("Gauge__c", "Code__c", "7.25");
  ASSERT_TRUE(found) << found.error().OneLine();
  EXPECT_EQ(found->size(), 1U);
}

TEST_F(GaugeTest, AnyMixOfFractionDigitsIsOrderedAndComparedAsItsNumbersAre) {
  constexpr unsigned kSeed = 20261126;
  std::mt19937 random(kSeed);
  const auto draw = [&] {
    return Plain{static_cast<int64_t>(random() % 800) - 400, static_cast<int>(random() % 7)};
  };
  std::vector<std::pair<double, std::string>> facts;
  for (int i = 0; i < 200; ++i) {
    const Value price = draw().value();
    std::string text;
    AppendPlain(price, text);
    const std::string name = std::to_string(1000 + i);
    Add(name, text, std::to_string(i), text);
    facts.emplace_back(ToDouble(price), name);
  }
  std::sort(facts.begin(), facts.end());
  std::string wanted;
  for (const auto& [price, name] : facts) wanted += (wanted.empty() ? "" : "\n") + name;
  for (const char* order : {"Price__c, Name", "Level__c", "Level__c, Id"}) {
    EXPECT_EQ(org_.One(std::string("SELECT Name FROM Gauge__c ORDER BY ") + order), wanted)
        << "seed " << kSeed << ": " << order;
  }
  for (int i = 0; i < 50; ++i) {
    const Value bound = draw().value();
    std::string literal;
    AppendPlain(bound, literal);
    const auto below = std::count_if(
        facts.begin(), facts.end(), [&](const auto& fact) { return fact.first < ToDouble(bound); });
    const auto same = std::count_if(facts.begin(), facts.end(), [&](const auto& fact) {
      return fact.first == ToDouble(bound);
    });
    for (const std::string field : {"Price__c", "Level__c"}) {
      const std::string count = "SELECT COUNT() FROM Gauge__c WHERE " + field;
      EXPECT_EQ(org_.One(count + " < " + literal), std::to_string(below)) << literal;
      EXPECT_EQ(org_.One(count + " = " + literal), std::to_string(same)) << literal;
    }
  }
}

TEST_F(GaugeTest, AWholeNumberFieldTakesNoFraction) {
  const auto code = [&](const std::string& value) {
    const auto id =
        org_->Insert("Account", {{"Name", "a"}, {"NumberOfEmployees", value}}, Org::Change{});
    return id ? std::string("ok") : PartsOf(id.error()).code;
  };
  EXPECT_EQ(code("5.0"), "ok");
  EXPECT_EQ(code("5.5"), "JSON_PARSER_ERROR");
}

}  // namespace
}  // namespace firn::sandbox
