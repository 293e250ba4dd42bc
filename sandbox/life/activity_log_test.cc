// What could go wrong in production: an audit job reads LoginHistory, SetupAuditTrail and the event
// log files of an org, and what it finds there is not what clients did.
#include "sandbox/life/activity_log.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

class ActivityLogTest : public ApiRig {
 protected:
  json Rows(const std::string& soql) {
    return Parse(Send("POST", "/sandbox/query", json{{"soql", soql}}.dump()))["records"];
  }
  void SignIn(const std::string& secret) {
    net::Request request;
    request.method = "POST";
    request.url = sandbox_->http_url() + "/services/oauth2/token";
    request.body = FormEncode({{"grant_type", "client_credentials"},
                               {"client_id", sandbox_->client_id()},
                               {"client_secret", secret}});
    request.headers.Set("User-Agent", "an-auditor/1");
    ASSERT_TRUE(transport_->Send(Call{}, request));
  }
};

TEST_F(ActivityLogTest, SignInsStandInLoginHistory) {
  SignIn(sandbox_->client_secret());
  const json rows = Rows(
      "SELECT UserId, LoginType, LoginSubType, Status, Application, Browser,"
      " SourceIp, OptionsIsPost FROM LoginHistory");
  ASSERT_EQ(rows.size(), 1U) << rows.dump();
  EXPECT_EQ(rows[0]["LoginType"], "Remote Access 2.0");
  EXPECT_EQ(rows[0]["LoginSubType"], "OauthClientCredentials");
  EXPECT_EQ(rows[0]["Status"], "Success");
  EXPECT_EQ(rows[0]["Application"], "demo");
  EXPECT_EQ(rows[0]["Browser"], "an-auditor/1");
  EXPECT_EQ(rows[0]["SourceIp"], "127.0.0.1");
  EXPECT_EQ(rows[0]["OptionsIsPost"], true);
}

TEST_F(ActivityLogTest, ChangesOfTheSetupStandInTheAuditTrail) {
  Send("POST", "/sandbox/apps", R"({"name": "loader"})");
  Send("POST", "/sandbox/fields", R"({"object": "Account", "field": "Fax", "hidden": true})");
  const json rows = Rows("SELECT Action, Section, Display FROM SetupAuditTrail ORDER BY Id");
  ASSERT_EQ(rows.size(), 2U) << rows.dump();
  EXPECT_EQ(rows[0]["Action"], "createdConnectedApplication");
  EXPECT_EQ(rows[0]["Display"], "Created connected app loader");
  EXPECT_EQ(rows[1]["Action"], "changedFieldSecurity");
}

TEST_F(ActivityLogTest, RequestsOfAnHourAndADayBecomeLogFiles) {
  SignIn(sandbox_->client_secret());
  EXPECT_EQ(Get("/services/data/v60.0/sobjects/Account/describe").status, 200);
  EXPECT_EQ(Get("/services/data/v60.0/nothing").status, 404);
  ASSERT_EQ(Send("POST", "/sandbox/event_logs").status, 204);
  const json rows = Rows(
      "SELECT EventType, Interval, Sequence, LogFileLength, LogFileFieldNames, LogFile FROM"
      " EventLogFile ORDER BY Interval, EventType");
  std::vector<std::string> kinds;
  for (const json& row : rows) {
    kinds.push_back(row["Interval"].get<std::string>() + " " + row["EventType"].get<std::string>());
  }
  EXPECT_EQ(kinds,
            (std::vector<std::string>{"Daily ApiTotalUsage", "Daily Login", "Daily RestApi",
                                      "Hourly ApiTotalUsage", "Hourly Login", "Hourly RestApi"}));
  EXPECT_EQ(rows[0]["Sequence"], 0);
  EXPECT_EQ(rows[3]["Sequence"], 1);
  EXPECT_TRUE(rows[5]["LogFileFieldNames"].get<std::string>().starts_with("EVENT_TYPE,TIMESTAMP,"));
  // Nothing is told twice.
  ASSERT_EQ(Send("POST", "/sandbox/event_logs").status, 204);
  EXPECT_EQ(Rows("SELECT Id FROM EventLogFile").size(), rows.size());
}

TEST_F(ActivityLogTest, LogFilesAreMadeWhenTheClockLeavesTheHour) {
  Get("/services/data/v60.0/limits");
  sandbox_.reset();  // the last lines reach their file
  Start();
  ASSERT_EQ(Send("POST", "/sandbox/clock", R"({"advance_seconds": 3700})").status, 200);
  sandbox_.reset();
  Start();
  const json rows = Rows("SELECT EventType FROM EventLogFile WHERE Interval = 'Hourly'");
  EXPECT_GE(rows.size(), 2U) << rows.dump();
}

TEST(EventLines, ValuesAreQuotedAndColumnsCountTheSame) {
  RequestLine line;
  line.path = "/services/data/v60.0/sobjects/Account/001";
  line.method = "GET";
  line.client = "say \"hi\",\nme";
  line.status = 200;
  line.cost = 1;
  const auto lines = LinesOf(line, {"00D000000000001AAA", "127.0.0.1", "agent", "id"});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].type, "RestApi");
  EXPECT_NE(lines[1].csv.find("\"say \"\"hi\"\", me\""), std::string::npos);
  EXPECT_EQ(std::count(lines[0].csv.begin(), lines[0].csv.end(), '\n'), 1);
  for (const char* type : {"RestApi", "ApiTotalUsage", "BulkApi2", "Login", "Logout", "API"}) {
    const std::string names = FieldNamesOf(type);
    const std::string types = FieldTypesOf(type);
    EXPECT_FALSE(names.empty());
    EXPECT_EQ(std::count(names.begin(), names.end(), ','),
              std::count(types.begin(), types.end(), ','));
  }
  line.path = "/services/oauth2/token";
  EXPECT_TRUE(LinesOf(line, {}).empty());
}

TEST(EventLines, SoapCallIsToldWithItsMethodAndVersion) {
  RequestLine line;
  line.path = "/services/Soap/u/60.0";
  line.status = 500;
  EventContext context;
  context.soap_method = "login";
  const auto lines = LinesOf(line, context);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].type, "API");
  EXPECT_NE(lines[0].csv.find("\"P\",\"60.0\",\"login\""), std::string::npos) << lines[0].csv;
  EXPECT_NE(lines[0].csv.find("\"F\""), std::string::npos);
}

}  // namespace
}  // namespace firn::sandbox
