#include "core/base/encoding.h"
#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

class UserRecordAccessTest : public ApiRig {
 protected:
  net::Response Query(const std::string& soql) {
    return Get("/services/data/v60.0/query?q=" + PercentEncode(soql));
  }
  std::string IdOf(const std::string& soql) {
    return Parse(Query(soql))["records"][0]["Id"].get<std::string>();
  }
};

TEST_F(UserRecordAccessTest, TellsWhatAUserMayDoWithRecords) {
  MakeAccounts(1);
  const std::string account = IdOf("SELECT Id FROM Account");
  const std::string admin = IdOf("SELECT Id FROM User WHERE Username = 'admin@firn.sandbox'");
  const std::string other = IdOf("SELECT Id FROM User WHERE Username = 'restricted@firn.sandbox'");
  const std::string select =
      "SELECT RecordId, HasReadAccess, HasTransferAccess, MaxAccessLevel FROM UserRecordAccess "
      "WHERE RecordId = '" +
      account + "' AND UserId = '";
  const json all = Parse(Query(select + admin + "'"));
  EXPECT_EQ(all["totalSize"], 1) << all;
  EXPECT_EQ(all["records"][0]["RecordId"], account);
  EXPECT_EQ(all["records"][0]["HasTransferAccess"], true);
  EXPECT_EQ(all["records"][0]["MaxAccessLevel"], "All");
  ASSERT_EQ(Send("POST", "/sandbox/access",
                 R"({"closed_profiles":["Read Only"],"private_objects":["Account"]})")
                    .status /
                100,
            2);
  const json none = Parse(Query(select + other + "'"));
  EXPECT_EQ(none["records"][0]["HasReadAccess"], false) << none;
  EXPECT_EQ(none["records"][0]["MaxAccessLevel"], "None");
  EXPECT_EQ(Parse(Query(select + other + "' AND HasReadAccess = true"))["totalSize"], 0);
  const json sorted = Parse(Query("SELECT RecordId FROM UserRecordAccess WHERE UserId = '" + admin +
                                  "' AND RecordId IN ('" + account + "', '" + admin +
                                  "') ORDER BY RecordId DESC LIMIT 1"));
  EXPECT_EQ(sorted["records"][0]["RecordId"], admin) << sorted;
}

TEST_F(UserRecordAccessTest, RefusesWhatItIsNotMadeFor) {
  const std::string from = "SELECT RecordId FROM UserRecordAccess";
  const std::string user = " WHERE UserId = '005000000000000AAA'";
  EXPECT_EQ(ErrorOf(Query(from)), "400 MALFORMED_QUERY");
  EXPECT_EQ(ErrorOf(Query(from + user)), "400 MALFORMED_QUERY");
  EXPECT_EQ(ErrorOf(Query(from + " WHERE RecordId = '001000000000000AAA'")), "400 MALFORMED_QUERY");
  EXPECT_EQ(ErrorOf(Query(from + user + " AND MaxAccessLevel = 'Read'")), "400 MALFORMED_QUERY");
  EXPECT_EQ(ErrorOf(Query(from + user + " AND RecordId = 'x'")),
            "400 INVALID_QUERY_FILTER_OPERATOR");
  std::string ids;
  for (int i = 0; i < 201; ++i) ids += std::string(i > 0 ? "," : "") + "'001000000000000AAA'";
  EXPECT_EQ(ErrorOf(Query(from + user + " AND RecordId IN (" + ids + ")")), "400 MALFORMED_QUERY");
  EXPECT_EQ(ErrorOf(Query("SELECT Name FROM UserRecordAccess" + user + " AND RecordId = '1'")),
            "400 INVALID_FIELD");
}

}  // namespace
}  // namespace firn::sandbox
