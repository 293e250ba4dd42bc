// SOQL against a second evaluator that knows nothing of it: queries are drawn together with plain
// C++ predicates over the records, and both must choose the same ones in the same order. What could
// go wrong: an index path that misses rows, null logic, an order that differs from the sort's.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <random>

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
  std::string key;
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
        fields.push_back({"ParentId", parent.id});
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

}  // namespace
}  // namespace firn::sandbox
