// Date literals, groups and sub-selects against evaluators that work otherwise: literals by
// counting weeks, months and years of each day, groups and joins by loops over the facts. What
// could go wrong: a day too many at the edge of a range, a group that loses its nulls, an anti-join
// that a null ends.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

constexpr unsigned kSeed = 20261125;

class SoqlOracleTest : public ::testing::Test {
 protected:
  int Below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }
  int64_t Add(const std::string& object, const std::vector<FieldText>& fields) {
    auto id = org_->Insert(object, fields, {{}, true});
    EXPECT_TRUE(id) << id.error().OneLine();
    return id.value_or(0);
  }
  std::mt19937 random_{kSeed};
  TestOrg org_;
};

// The number of the unit that a day lies in, counted from some beginning.
int64_t UnitOf(const std::string& unit, int64_t day, int fiscal_start) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  const int64_t month = static_cast<int>(date.year()) * 12 +
                        static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  const int64_t fiscal_month = month - (fiscal_start - 1) + 1200;
  if (unit == "DAY") return day;
  if (unit == "WEEK") return (day + 4) / 7;  // 1970-01-04 was a Sunday
  if (unit == "MONTH") return month;
  if (unit == "QUARTER") return month / 3;
  if (unit == "YEAR") return month / 12;
  return unit == "FISCAL_QUARTER" ? fiscal_month / 3 : fiscal_month / 12;
}

TEST_F(SoqlOracleTest, DateLiteralsHoldTheUnitsTheyName) {
  const std::string org = org_.One("SELECT Id FROM Organization");
  ASSERT_TRUE(org_->Update(*ParseId(org), {{"FiscalYearStartMonth", "7"}}, {{}, true}));
  const int64_t today = 1'795'488'962 / 86'400;  // of the test org's clock
  std::vector<int64_t> days;
  std::set<int64_t> near;
  for (int i = 0; i < 250; ++i) near.insert(today - 900 + Below(1800));
  for (int i = -20; i <= 20; ++i) near.insert(today + i);
  for (const int64_t day : near) {
    std::string text;
    AppendDate(day, text);
    Add("Opportunity", {{"Name", text}, {"StageName", "Prospecting"}, {"CloseDate", text}});
    days.push_back(day);
  }
  for (const std::string unit :
       {"DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "FISCAL_QUARTER", "FISCAL_YEAR"}) {
    for (int round = 0; round < 6; ++round) {
      const int n = 1 + Below(4);
      const std::string count = ":" + std::to_string(n);
      const bool day = unit == "DAY";
      const std::pair<std::string, std::pair<int, int>> forms[] = {
          {day ? "TODAY" : "THIS_" + unit, {0, 0}},
          {day ? "YESTERDAY" : "LAST_" + unit, {-1, -1}},
          {day ? "TOMORROW" : "NEXT_" + unit, {1, 1}},
          {"LAST_N_" + unit + "S" + count, {-n, day ? 0 : -1}},
          {"NEXT_N_" + unit + "S" + count, {1, n}},
          {"N_" + unit + "S_AGO" + count, {-n, -n}}};
      const auto& [literal, reach] = forms[round];
      const int64_t now = UnitOf(unit, today, 7);
      for (const std::string op : {"=", "!=", "<", "<=", ">", ">="}) {
        int64_t expected = 0;
        for (const int64_t each : days) {
          const int64_t offset = UnitOf(unit, each, 7) - now;
          const bool before = offset < reach.first;
          const bool after = offset > reach.second;
          const bool holds = op == "="    ? !before && !after
                             : op == "!=" ? before || after
                             : op == "<"  ? before
                             : op == "<=" ? !after
                             : op == ">"  ? after
                                          : !before;
          expected += holds ? 1 : 0;
        }
        const std::string soql =
            "SELECT COUNT() FROM Opportunity WHERE CloseDate " + op + " " + literal;
        ASSERT_EQ(org_.One(soql), std::to_string(expected)) << soql;
      }
    }
  }
}

TEST_F(SoqlOracleTest, GroupsAreWhatALoopWouldGather) {
  struct Fact {
    std::string industry;  // empty: null
    std::optional<int> employees;
    std::optional<int> revenue;
  };
  std::vector<Fact> facts;
  for (int i = 0; i < 120; ++i) {
    static const char* kIndustries[] = {"", "Energy", "Banking", "Retail"};
    Fact fact{kIndustries[Below(4)], {}, {}};
    std::vector<FieldText> fields = {{"Name", "a"}};
    if (!fact.industry.empty()) fields.push_back({"Industry", fact.industry});
    if (Below(3) > 0) {
      fact.employees = Below(5);
      fields.push_back({"NumberOfEmployees", std::to_string(*fact.employees)});
    }
    if (Below(3) > 0) {
      fact.revenue = Below(100) - 50;
      fields.push_back({"AnnualRevenue", std::to_string(*fact.revenue)});
    }
    Add("Account", fields);
    facts.push_back(fact);
  }
  for (int round = 0; round < 20; ++round) {
    const int floor = Below(5);
    const int least = Below(30);
    struct Sum {
      int rows = 0, revenues = 0;
      int64_t sum = 0;
      std::set<int> distinct;
    };
    std::map<std::string, Sum> groups;
    for (const Fact& fact : facts) {
      if (!fact.employees || *fact.employees < floor) continue;
      Sum& sum = groups[fact.industry];
      ++sum.rows;
      sum.distinct.insert(*fact.employees);
      if (!fact.revenue) continue;
      ++sum.revenues;
      sum.sum += *fact.revenue;
    }
    std::string expected;
    for (const auto& [industry, sum] : groups) {
      if (sum.rows <= least) continue;
      std::string total;
      if (sum.revenues > 0) AppendDecimal(sum.sum * 100, 2, total);
      expected += (expected.empty() ? "" : "\n") + industry + "|" + std::to_string(sum.rows) + "|" +
                  std::to_string(sum.revenues) + "|" + std::to_string(sum.distinct.size()) + "|" +
                  total;
    }
    const std::string soql =
        "SELECT Industry, COUNT(Id), COUNT(AnnualRevenue), COUNT_DISTINCT(NumberOfEmployees), "
        "SUM(AnnualRevenue) FROM Account WHERE NumberOfEmployees >= " +
        std::to_string(floor) + " GROUP BY Industry HAVING COUNT(Id) > " + std::to_string(least) +
        " ORDER BY Industry";
    ASSERT_EQ(org_.One(soql), expected) << soql;
  }
}

TEST_F(SoqlOracleTest, SubSelectsJoinAsLoopsWould) {
  std::vector<std::string> accounts;
  for (int i = 0; i < 30; ++i) accounts.push_back(IdText(Add("Account", {{"Name", "a"}})));
  std::vector<std::pair<std::string, std::string>> contacts;  // last name, account or nothing
  for (int i = 0; i < 60; ++i) {
    const std::string name(1, static_cast<char>('a' + Below(6)));
    const std::string account = Below(4) == 0 ? "" : accounts[Below(30)];
    std::vector<FieldText> fields = {{"LastName", name}};
    if (!account.empty()) fields.push_back({"AccountId", account});
    Add("Contact", fields);
    contacts.emplace_back(name, account);
  }
  for (int round = 0; round < 24; ++round) {
    const std::string name(1, static_cast<char>('a' + Below(7)));
    const bool in = Below(2) == 0;
    std::set<std::string> joined;
    for (const auto& [last, account] : contacts) {
      if (last >= name && !account.empty()) joined.insert(account);
    }
    std::string expected;
    for (const auto& account : accounts) {
      if (joined.contains(account) == in) expected += (expected.empty() ? "" : "\n") + account;
    }
    const std::string soql = "SELECT Id FROM Account WHERE Id " + std::string(in ? "" : "NOT ") +
                             "IN (SELECT AccountId FROM Contact WHERE LastName >= '" + name +
                             "') ORDER BY Id";
    ASSERT_EQ(org_.One(soql), expected) << soql;
  }
}

}  // namespace
}  // namespace firn::sandbox
