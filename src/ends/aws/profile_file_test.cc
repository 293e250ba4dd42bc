// What could go wrong in production: another profile's keys, or a file that every SDK reads
// refused.
#include "ends/aws/profile_file.h"

#include <gtest/gtest.h>

namespace firn::aws {
namespace {

TEST(Profiles, AreReadFromBothFilesAndTheCredentialsFileWins) {
  Profiles profiles;
  ASSERT_TRUE(
      ReadProfiles("\xEF\xBB\xBF[default]\nregion = eu-central-1  # here\naws_access_key_id=A\n"
                   "[profile team a]\r\nrole_arn = arn:x\r\ns3 =\r\n  max = 5\r\n"
                   "[sso-session main]\nsso_region = us-east-1\n[services z]\ns3 =\n  q = 1\n",
                   ProfileFile::kConfig, "config", profiles));
  ASSERT_TRUE(ReadProfiles("[default]\naws_access_key_id = B\n[team a]\naws_access_key_id=C#D\n",
                           ProfileFile::kCredentials, "credentials", profiles));
  const Settings& standard = *profiles.Find("default");
  EXPECT_EQ(standard.at("region"), "eu-central-1");
  EXPECT_EQ(standard.at("aws_access_key_id"), "B");
  const Settings& team = *profiles.Find("team a");
  EXPECT_EQ(team.at("role_arn"), "arn:x");
  EXPECT_EQ(team.at("s3.max"), "5");
  EXPECT_EQ(team.at("aws_access_key_id"), "C#D");
  EXPECT_EQ(profiles.sso_sessions.at("main").at("sso_region"), "us-east-1");
  EXPECT_EQ(profiles.Find("services z"), nullptr);
}

TEST(Profiles, MistakesAreToldWithFileAndLineAndWithoutTheirText) {
  Profiles profiles;
  const auto read = ReadProfiles("[default]\n\nAKIASECRETTEXT\n", ProfileFile::kCredentials,
                                 "credentials", profiles);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code(), "AWS-PROFILE-001");
  EXPECT_EQ(read.error().where(), "credentials:3");
  EXPECT_EQ(read.error().OneLine().find("AKIA"), std::string::npos);
  EXPECT_FALSE(ReadProfiles("a = b\n", ProfileFile::kConfig, "config", profiles).has_value());
  EXPECT_FALSE(ReadProfiles("[x\n", ProfileFile::kConfig, "config", profiles).has_value());
}

}  // namespace
}  // namespace firn::aws
