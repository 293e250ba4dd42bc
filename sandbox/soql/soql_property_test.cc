// SOQL against a second evaluator that knows nothing of it: queries are drawn together with plain
// C++ predicates over the records, and both must choose the same ones in the same order. What could
// go wrong: an index path that misses rows, null logic, an order that differs from the sort's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <optional>
#include <random>
#include <set>

#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

constexpr unsigned kSeed = 20261124;
constexpr int kRecords = 80;
constexpr int kQueries = 600;

// The second evaluator's record: nothing shared with the org's store.
struct Fact {
  std::string id;
  std::string name;
  std::optional<std::string> site;  // upper-case letters only, so that folding is trivial
  std::optional<int> employees;
  std::optional<double> revenue;  // whole numbers
  int64_t stamp = 0;              // seconds
  std::optional<std::string> parent_name;
  std::string parent_id;  // empty: none
  std::string key;
  std::optional<double> latitude;
  double longitude = 0;
};
using Predicate = std::function<bool(const Fact&)>;

struct Drawn {
  std::string text;
  Predicate holds;
};

std::string Instant(int64_t seconds) {
  std::string text;
  AppendInstant(seconds * 1000, text);
  return text + "Z";
}

class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}
  int Below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }

  Drawn Condition(const std::vector<Fact>& facts, int depth) {
    switch (depth > 0 ? Below(4) : 3) {
      case 0: {
        Drawn inner = Condition(facts, depth - 1);
        return {"(NOT (" + inner.text + "))",
                [holds = inner.holds](const Fact& fact) { return !holds(fact); }};
      }
      case 1:
      case 2: {
        const bool both = Below(2) == 0;
        Drawn a = Condition(facts, depth - 1);
        Drawn b = Condition(facts, depth - 1);
        return {"(" + a.text + (both ? " AND " : " OR ") + b.text + ")",
                [both, x = a.holds, y = b.holds](const Fact& fact) {
                  return both ? x(fact) && y(fact) : x(fact) || y(fact);
                }};
      }
      default:
        return Simple(facts);
    }
  }

 private:
  template <typename T>
  Drawn Compare(const std::string& field, const std::string& literal, T value,
                std::function<std::optional<T>(const Fact&)> get) {
    static const char* kOperators[] = {"=", "!=", "<", "<=", ">", ">="};
    const int op = Below(6);
    return {field + " " + kOperators[op] + " " + literal, [op, value, get](const Fact& fact) {
              const std::optional<T> own = get(fact);
              if (!own) return op == 1;
              switch (op) {
                case 0:
                  return *own == value;
                case 1:
                  return *own != value;
                case 2:
                  return *own < value;
                case 3:
                  return *own <= value;
                case 4:
                  return *own > value;
                default:
                  return *own >= value;
              }
            }};
  }

  static std::optional<std::string> Upper(std::optional<std::string> text) {
    if (text) std::transform(text->begin(), text->end(), text->begin(), ::toupper);
    return text;
  }

  Drawn Simple(const std::vector<Fact>& facts) {
    const Fact& sample = facts[Below(static_cast<int>(facts.size()))];
    switch (Below(10)) {
      case 0: {
        const std::string value = sample.site.value_or("QQ");
        return Compare<std::string>("Site", "'" + value + "'", *Upper(value),
                                    [](const Fact& fact) { return Upper(fact.site); });
      }
      case 1: {
        const int value = sample.employees.value_or(3);
        return Compare<int>("NumberOfEmployees", std::to_string(value), value,
                            [](const Fact& fact) { return fact.employees; });
      }
      case 2: {
        const double value = sample.revenue.value_or(5) + Below(2) * 0.5;
        return Compare<double>("AnnualRevenue", std::to_string(value), value,
                               [](const Fact& fact) { return fact.revenue; });
      }
      case 3: {
        const int64_t value = sample.stamp;
        return Compare<int64_t>("SystemModstamp", Instant(value), value, [](const Fact& fact) {
          return std::optional<int64_t>(fact.stamp);
        });
      }
      case 4:
        return Ids(facts);
      case 5:
        return {"Site = null", [](const Fact& fact) { return !fact.site; }};
      case 6: {
        const std::string value = sample.parent_name.value_or("none");
        return Compare<std::string>("Parent.Name", "'" + value + "'", *Upper(value),
                                    [](const Fact& fact) { return Upper(fact.parent_name); });
      }
      case 7: {
        const char letter = static_cast<char>('A' + Below(4));
        return {std::string("Site LIKE '%") + letter + "_'", [letter](const Fact& fact) {
                  return fact.site && fact.site->size() >= 2 &&
                         ::toupper((*fact.site)[fact.site->size() - 2]) == letter;
                }};
      }
      case 8: {
        const std::string value = sample.key;
        return {"ExternalKey__c = '" + value + "'",
                [value](const Fact& fact) { return fact.key == value; }};
      }
      default: {
        const std::string value = sample.site.value_or("B");
        const bool in = Below(2) == 0;
        return {std::string("Site ") + (in ? "IN" : "NOT IN") + " ('" + value + "', 'zz')",
                [value, in](const Fact& fact) {
                  const bool there = fact.site && Upper(fact.site) == Upper(value);
                  return there == in;
                }};
      }
    }
  }

  Drawn Ids(const std::vector<Fact>& facts) {
    std::vector<std::string> ids;
    std::string text;
    for (int i = 0, n = 1 + Below(12); i < n; ++i) {
      ids.push_back(facts[Below(static_cast<int>(facts.size()))].id);
      text += (i > 0 ? ", '" : "'") + ids.back().substr(0, Below(2) == 0 ? 15 : 18) + "'";
    }
    return {"Id IN (" + text + ")", [ids](const Fact& fact) {
              return std::find(ids.begin(), ids.end(), fact.id) != ids.end();
            }};
  }

  std::mt19937 random_;
};

class SoqlPropertyTest : public ::testing::Test {
 protected:
  SoqlPropertyTest() {
    std::mt19937 random(kSeed);
    const auto below = [&](int bound) { return static_cast<int>(random() % bound); };
    for (int i = 0; i < kRecords; ++i) {
      Fact fact;
      fact.name = "N" + std::to_string(below(20));
      fact.key = "key-" + std::to_string(i);
      std::vector<FieldText> fields = {{"Name", fact.name}, {"ExternalKey__c", fact.key}};
      if (below(3) > 0) {
        std::string site;
        for (int k = 0, n = 1 + below(3); k < n; ++k) {
          site += static_cast<char>((below(2) == 0 ? 'a' : 'A') + below(4));
        }
        fields.push_back({"Site", site});
        fact.site = site;
      }
      if (below(3) > 0) {
        fact.employees = below(9);
        fields.push_back({"NumberOfEmployees", std::to_string(*fact.employees)});
      }
      if (below(3) > 0) {
        fact.revenue = below(40) - 10;
        fields.push_back({"AnnualRevenue", std::to_string(static_cast<int>(*fact.revenue))});
      }
      if (!facts_.empty() && below(2) == 0) {
        const Fact& parent = facts_[below(static_cast<int>(facts_.size()))];
        fact.parent_name = parent.name;
        fact.parent_id = parent.id;
        fields.push_back({"ParentId", parent.id});
      }
      if (below(4) > 0) {
        fact.latitude = below(160) - 80;
        fact.longitude = below(340) - 170;
        fields.push_back({"BillingLatitude", std::to_string(*fact.latitude)});
        fields.push_back({"BillingLongitude", std::to_string(fact.longitude)});
      }
      fact.stamp = 1'790'000'000 + below(40) * 1000;
      fields.push_back({"SystemModstamp", Instant(fact.stamp)});
      auto id = org_->Insert("Account", fields, {{}, true});
      EXPECT_TRUE(id) << id.error().OneLine();
      fact.id = IdText(*id);
      facts_.push_back(fact);
    }
  }
  TestOrg org_;
  std::vector<Fact> facts_;
};

TEST_F(SoqlPropertyTest, ChoosesWhatABruteForceWouldChoose) {
  Maker maker(kSeed);
  for (int i = 0; i < kQueries; ++i) {
    const Drawn drawn = maker.Condition(facts_, 1 + maker.Below(3));
    std::vector<Fact> expected;
    std::copy_if(facts_.begin(), facts_.end(), std::back_inserter(expected), drawn.holds);
    std::string order = " ORDER BY Id";
    const bool descending = maker.Below(2) == 0;
    switch (maker.Below(3)) {
      case 0:
        order = std::string(" ORDER BY NumberOfEmployees ") + (descending ? "DESC" : "ASC") +
                " NULLS LAST, Id";
        std::stable_sort(expected.begin(), expected.end(), [&](const Fact& a, const Fact& b) {
          if (a.employees.has_value() != b.employees.has_value()) return a.employees.has_value();
          if (!a.employees) return false;
          return descending ? *a.employees > *b.employees : *a.employees < *b.employees;
        });
        break;
      case 1:
        order = std::string(" ORDER BY SystemModstamp") + (descending ? " DESC, Id DESC" : ", Id");
        std::stable_sort(expected.begin(), expected.end(),
                         [](const Fact& a, const Fact& b) { return a.stamp < b.stamp; });
        if (descending) std::reverse(expected.begin(), expected.end());
        break;
      default:
        break;
    }
    const int limit = maker.Below(3) == 0 ? 1 + maker.Below(10) : kRecords;
    if (expected.size() > static_cast<size_t>(limit)) expected.resize(limit);
    std::string wanted;
    for (const auto& fact : expected) wanted += (wanted.empty() ? "" : "\n") + fact.id;
    const std::string soql =
        "SELECT Id FROM Account WHERE " + drawn.text + order + " LIMIT " + std::to_string(limit);
    ASSERT_EQ(org_.One(soql), wanted) << "seed " << kSeed << ": " << soql;
    if (limit == kRecords) {
      ASSERT_EQ(org_.One("SELECT COUNT() FROM Account WHERE " + drawn.text),
                std::to_string(expected.size()))
          << "seed " << kSeed << ": " << soql;
    }
  }
}

// Records that point to others, or do not: a semi-join or an anti-join. Every account has a
// contact.
TEST_F(SoqlPropertyTest, JoinsChooseTheChildrenThatALoopFinds) {
  for (const Fact& fact : facts_) {
    ASSERT_TRUE(org_->Insert("Contact", {{"LastName", "c"}, {"AccountId", fact.id}}, {{}, true}));
  }
  Maker maker(kSeed + 1);
  for (int i = 0; i < kQueries / 3; ++i) {
    const Drawn inner = maker.Condition(facts_, maker.Below(2));
    const bool in = maker.Below(2) == 0;
    std::string wanted;
    for (const Fact& fact : facts_) {
      if ((!fact.parent_id.empty() && inner.holds(fact)) != in) continue;
      wanted += (wanted.empty() ? "" : "\n") + fact.id;
    }
    const std::string soql =
        std::string("SELECT AccountId FROM Contact WHERE LastName = 'c' AND ") + "AccountId " +
        (in ? "IN" : "NOT IN") + " (SELECT Id FROM Account WHERE ParentId != null AND " +
        inner.text + ") ORDER BY AccountId";
    ASSERT_EQ(org_.One(soql), wanted) << "seed " << kSeed + 1 << ": " << soql;
  }
}

TEST_F(SoqlPropertyTest, SubSelectsHoldTheChildrenThatALoopFinds) {
  Maker maker(kSeed + 2);
  for (int i = 0; i < kQueries / 6; ++i) {
    const Drawn child = maker.Condition(facts_, 1);
    const size_t limit = 1 + static_cast<size_t>(maker.Below(4));
    std::string wanted;
    for (const Fact& parent : facts_) {
      std::string children;
      size_t count = 0;
      for (const Fact& fact : facts_) {
        if (fact.parent_id != parent.id || !child.holds(fact) || count == limit) continue;
        ++count;
        children += fact.id + ' ';
      }
      wanted += parent.id + ": " + children + '\n';
    }
    const std::string soql = "SELECT Id, (SELECT Id FROM ChildAccounts WHERE " + child.text +
                             " ORDER BY Id LIMIT " + std::to_string(limit) +
                             ") FROM Account ORDER BY Id";
    auto cursor = org_->Query(soql, {});
    ASSERT_TRUE(cursor) << cursor.error().OneLine() << ": " << soql;
    std::string got;
    while ((*cursor)->Next().value()) {
      std::string json;
      AppendJson((*cursor)->row()[1], json);
      std::string children;
      const std::string mark = "\"Id\":\"";
      for (size_t at = json.find(mark); at != std::string::npos; at = json.find(mark, at + 1)) {
        children += json.substr(at + mark.size(), 18) + ' ';
      }
      got += IdText((*cursor)->row()[0].number) + ": " + children + '\n';
    }
    ASSERT_EQ(got, wanted) << "seed " << kSeed + 2 << ": " << soql;
  }
}

// Kilometres over a sphere, by another formula than the evaluator need use.
double Kilometres(double lat1, double lon1, double lat2, double lon2) {
  const double radians = std::acos(-1.0) / 180;
  const double a = lat1 * radians, b = lat2 * radians, turn = (lon2 - lon1) * radians;
  const double cosine = std::sin(a) * std::sin(b) + std::cos(a) * std::cos(b) * std::cos(turn);
  return std::acos(std::clamp(cosine, -1.0, 1.0)) * 6371.0;
}

TEST_F(SoqlPropertyTest, DistanceChoosesWhatLiesWithin) {
  Maker maker(kSeed + 3);
  for (int i = 0; i < kQueries / 6; ++i) {
    const double lat = maker.Below(170) - 85, lon = maker.Below(350) - 175;
    std::vector<double> known;
    for (const Fact& fact : facts_) {
      if (fact.latitude) known.push_back(Kilometres(lat, lon, *fact.latitude, fact.longitude));
    }
    std::sort(known.begin(), known.end());
    // Between two neighbours that are far apart, so that the earth's radius does not decide.
    const size_t at = static_cast<size_t>(maker.Below(static_cast<int>(known.size()) - 1));
    if (known[at + 1] - known[at] < known[at + 1] * 0.02) continue;
    const double radius = (known[at] + known[at + 1]) / 2;
    std::string wanted;
    for (const Fact& fact : facts_) {
      if (!fact.latitude) continue;
      if (Kilometres(lat, lon, *fact.latitude, fact.longitude) >= radius) continue;
      wanted += (wanted.empty() ? "" : "\n") + fact.id;
    }
    const std::string soql = "SELECT Id FROM Account WHERE DISTANCE(BillingAddress, GEOLOCATION(" +
                             std::to_string(lat) + ", " + std::to_string(lon) + "), 'km') < " +
                             std::to_string(radius) + " ORDER BY Id";
    ASSERT_EQ(org_.One(soql), wanted) << "seed " << kSeed + 3 << ": " << soql;
  }
}

TEST_F(SoqlPropertyTest, TypeofTakesTheBranchOfTheRecordsOwnType) {
  Maker maker(kSeed + 4);
  std::string wanted;
  for (int i = 0; i < kRecords / 2; ++i) {
    std::vector<FieldText> fields = {
        {"Subject", "T"}, {"Status", "Not Started"}, {"Priority", "Normal"}};
    std::string name;
    switch (maker.Below(3)) {
      case 0: {
        const Fact& fact = facts_[maker.Below(kRecords)];
        fields.push_back({"WhatId", fact.id});
        name = "\"Name\":\"" + fact.name + "\"";
        break;
      }
      case 1: {
        const auto id = org_->Insert("Opportunity",
                                     {{"Name", "O" + std::to_string(i)},
                                      {"StageName", "Prospecting"},
                                      {"CloseDate", "2027-01-01"}},
                                     {});
        ASSERT_TRUE(id) << id.error().OneLine();
        fields.push_back({"WhatId", IdText(*id)});
        name = "\"StageName\":\"Prospecting\"";
        break;
      }
      default:
        break;
    }
    const auto id = org_->Insert("Task", fields, {});
    ASSERT_TRUE(id) << id.error().OneLine();
    wanted += IdText(*id) + " " + name + "\n";
  }
  auto cursor = org_->Query(
      "SELECT Id, TYPEOF What WHEN Account THEN Name WHEN Opportunity THEN StageName END FROM Task "
      "ORDER BY Id",
      {});
  ASSERT_TRUE(cursor) << cursor.error().OneLine();
  std::string got;
  while ((*cursor)->Next().value()) {
    std::string json;
    AppendJson((*cursor)->row()[1], json);
    std::string name;
    for (const char* key : {"\"Name\":", "\"StageName\":"}) {
      const size_t at = json.find(key);
      if (at != std::string::npos)
        name = json.substr(at, json.find('"', at + std::strlen(key) + 1) - at + 1);
    }
    got += IdText((*cursor)->row()[0].number) + " " + name + "\n";
  }
  EXPECT_EQ(got, wanted);
}

}  // namespace
}  // namespace firn::sandbox
