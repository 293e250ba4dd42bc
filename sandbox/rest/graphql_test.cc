// Records by GraphQL. What could go wrong: a record that the condition leaves out, a value under
// the wrong name, a page that repeats or skips a record.
#include <set>

#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

class GraphqlTest : public ApiRig {
 protected:
  std::string Insert(const std::string& object, std::vector<FieldText> fields) {
    const auto id = sandbox_->org().Insert(object, fields, Org::Change{});
    EXPECT_TRUE(id) << id.error().OneLine();
    return IdText(id.value_or(0));
  }
  json Ask(const std::string& query, const json& variables = json::object()) {
    const auto answer = Send("POST", "/services/data/v60.0/graphql",
                             json{{"query", query}, {"variables", variables}}.dump());
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Parse(answer);
  }
  std::string ErrorTypeOf(const std::string& query) {
    const json answer = Ask(query);
    EXPECT_TRUE(answer["data"].is_null()) << answer.dump();
    return answer["errors"].empty() ? "" : answer["errors"][0]["extensions"]["ErrorType"];
  }
};

TEST_F(GraphqlTest, RecordsCarryValuesParentsAndChildren) {
  const std::string account =
      Insert("Account", {{"Name", "Acme"}, {"Industry", "Energy"}, {"AnnualRevenue", "1250000"}});
  Insert("Contact", {{"LastName", "Ann"}, {"AccountId", account}});
  Insert("Contact", {{"LastName", "Bob"}, {"AccountId", account}});
  const json answer = Ask(R"(query { uiapi { query { Account(first: 5) { totalCount edges { node {
      Id ApiName name: Name { value displayValue } Industry { value label } AnnualRevenue { value
      displayValue } Site { value } Owner { ... on User { Username { value } } }
      Parent { Name { value } }
      Contacts(first: 1, orderBy: {LastName: {order: DESC}}) { totalCount pageInfo { hasNextPage }
        edges { node { LastName { value } Account { Name { value } AnnualRevenue { displayValue } } } } } } } } } } })");
  ASSERT_TRUE(answer["errors"].empty()) << answer.dump();
  const json& connection = answer["data"]["uiapi"]["query"]["Account"];
  EXPECT_EQ(connection["totalCount"], 1);
  const json& node = connection["edges"][0]["node"];
  EXPECT_EQ(node["Id"], account);
  EXPECT_EQ(node["ApiName"], "Account");
  EXPECT_EQ(node["name"], (json{{"value", "Acme"}, {"displayValue", nullptr}}));
  EXPECT_EQ(node["Industry"], (json{{"value", "Energy"}, {"label", "Energy"}}));
  EXPECT_EQ(node["AnnualRevenue"]["value"], 1250000.0);
  EXPECT_NE(node["AnnualRevenue"]["displayValue"].get<std::string>().find("1,250,000"),
            std::string::npos);
  EXPECT_TRUE(node["Site"]["value"].is_null());
  EXPECT_TRUE(node["Parent"].is_null());
  EXPECT_EQ(node["Owner"]["Username"]["value"], sandbox_->username());
  EXPECT_EQ(node["Contacts"]["totalCount"], 2);
  EXPECT_EQ(node["Contacts"]["pageInfo"]["hasNextPage"], true);
  ASSERT_EQ(node["Contacts"]["edges"].size(), 1U);
  EXPECT_EQ(node["Contacts"]["edges"][0]["node"]["LastName"]["value"], "Bob");
  EXPECT_EQ(node["Contacts"]["edges"][0]["node"]["Account"]["Name"]["value"], "Acme");
  EXPECT_EQ(node["Contacts"]["edges"][0]["node"]["Account"]["AnnualRevenue"],
            (json{{"displayValue", node["AnnualRevenue"]["displayValue"]}}));
}

TEST_F(GraphqlTest, ConditionsAreThoseOfSoql) {
  for (const char* name : {"A", "B", "C", "D's"}) {
    Insert("Account", {{"Name", name}, {"NumberOfEmployees", std::to_string(name[0] - 'A')}});
  }
  const auto names = [&](const std::string& where, const json& variables = json::object()) {
    const json answer =
        Ask("query q($n: String, $many: [String]) { uiapi { query { Account(where: " + where +
                ", orderBy: {Name: {order: ASC}}) { edges { node { Name { "
                "value } } } } } } }",
            variables);
    std::string text;
    for (const json& edge : answer["data"]["uiapi"]["query"]["Account"]["edges"]) {
      text += edge["node"]["Name"]["value"].get<std::string>() + " ";
    }
    return text;
  };
  EXPECT_EQ(names("{Name: {eq: \"A\"}}"), "A ");
  EXPECT_EQ(names("{Name: {eq: $n}}", {{"n", "D's"}}), "D's ");
  EXPECT_EQ(names("{Name: {in: $many}}", {{"many", {"A", "C"}}}), "A C ");
  EXPECT_EQ(names("{or: [{Name: {like: \"B%\"}}, {NumberOfEmployees: {gte: 3}}]}"), "B D's ");
  EXPECT_EQ(names("{not: {Name: {nin: [\"A\"]}}}"), "A ");
  EXPECT_EQ(names("{CreatedDate: {eq: {literal: TODAY}}, NumberOfEmployees: {lt: 2}}"), "A B ");
  EXPECT_EQ(names("{CreatedDate: {gt: {range: {last_n_days: 3}}}, Name: {ne: null}}"), "");
  EXPECT_EQ(names("{Owner: {Name: {eq: \"nobody\"}}}"), "");
}

TEST_F(GraphqlTest, PagesGoOnBehindTheirCursor) {
  MakeAccounts(25);
  std::set<std::string> seen;
  std::string after = "null";
  for (int page = 0; page < 3; ++page) {
    const json answer =
        Ask("{ uiapi { query { Account(first: 10, after: " + after +
            ") { edges { cursor node { Id } } pageInfo { hasNextPage hasPreviousPage endCursor } "
            "} } } }");
    const json& connection = answer["data"]["uiapi"]["query"]["Account"];
    for (const json& edge : connection["edges"]) seen.insert(edge["node"]["Id"].get<std::string>());
    EXPECT_EQ(connection["pageInfo"]["hasNextPage"], page < 2) << answer.dump();
    EXPECT_EQ(connection["pageInfo"]["hasPreviousPage"], page > 0);
    EXPECT_EQ(connection["edges"].back()["cursor"], connection["pageInfo"]["endCursor"]);
    after = connection["pageInfo"]["endCursor"].dump();
  }
  EXPECT_EQ(seen.size(), 25U);
}

TEST_F(GraphqlTest, FragmentsVariablesAndDirectivesAreHonoured) {
  Insert("Account", {{"Name", "Acme"}});
  const json answer =
      Ask("query one { uiapi { query { Account { edges { node { ...Names Phone @skip(if: true) { "
          "value } Site @include(if: $with) { value } } } } } } } fragment Names on Account { Name "
          "{ value } }",
          {{"with", true}});
  EXPECT_EQ(answer["data"]["uiapi"]["query"]["Account"]["edges"][0]["node"],
            (json{{"Name", {{"value", "Acme"}}}, {"Site", {{"value", nullptr}}}}));
}

TEST_F(GraphqlTest, WrongDocumentsAreAnsweredWithErrors) {
  EXPECT_EQ(ErrorTypeOf("{ uiapi { query { Account { edges { node { Nope { value } } } } } } }"),
            "ValidationError");
  EXPECT_EQ(ErrorTypeOf("{ uiapi { query { Nope { edges { node { Id } } } } } }"),
            "ValidationError");
  EXPECT_EQ(ErrorTypeOf("{ uiapi { query { Account(first: 0) { totalCount } } } }"),
            "ValidationError");
  EXPECT_EQ(ErrorTypeOf("{ uiapi { query { Account(where: {Name: {eq: 1, is: 2}}) { totalCount } } "
                        "} }"),
            "ValidationError");
  EXPECT_EQ(ErrorTypeOf("{ uiapi { query "), "InvalidSyntax");
  EXPECT_EQ(ErrorTypeOf("{ ...A } fragment A on Query { ...B ...B } fragment B on Query { ...A }"),
            "InvalidSyntax");
  EXPECT_EQ(ErrorTypeOf("mutation { uiapi { x } }"), "ValidationError");
  EXPECT_EQ(Send("GET", "/services/data/v60.0/graphql").status, 405);
  EXPECT_EQ(Send("POST", "/services/data/v60.0/graphql", "{}").status, 400);
  EXPECT_EQ(Send("POST", "/services/data/v55.0/graphql", R"({"query":"{a}"})").status, 404);
}

}  // namespace
}  // namespace firn::sandbox
