#include "ends/aws/sts.h"

#include <pugixml.hpp>

#include "core/base/encoding.h"
#include "core/base/time_text.h"

namespace firn::aws {
namespace {

constexpr Service kSts{"STS", "sts", "sts"};

}  // namespace

Result<CallerIdentity> GetCallerIdentity(const Call& call, AwsClient& client) {
  FIRN_TRY(const std::string body,
           client.CallQuery(call, kSts, "Action=GetCallerIdentity&Version=2011-06-15"));
  pugi::xml_document document;
  document.load_buffer(body.data(), body.size());
  const pugi::xml_node result = document.document_element().child("GetCallerIdentityResult");
  CallerIdentity identity{result.child_value("Account"), result.child_value("Arn")};
  if (identity.arn.empty()) {
    return Fail(Error(Kind::kCorrupt, "AWS-CALL-004", "AWS's answer cannot be read").At("sts"));
  }
  return identity;
}

Result<Credentials> AssumeRoleWithin(const Call& call, AwsClient& client,
                                     const RoleSession& session) {
  FIRN_TRY(const std::string body,
           client.CallQuery(call, kSts,
                            FormEncode({{"Action", "AssumeRole"},
                                        {"Version", "2011-06-15"},
                                        {"RoleArn", session.role_arn},
                                        {"RoleSessionName", session.name},
                                        {"DurationSeconds", std::to_string(session.life.count())},
                                        {"Policy", session.policy}})));
  pugi::xml_document document;
  document.load_buffer(body.data(), body.size());
  const pugi::xml_node given =
      document.document_element().child("AssumeRoleResult").child("Credentials");
  Credentials credentials;
  credentials.access_key_id = given.child_value("AccessKeyId");
  credentials.secret_access_key = Secret(given.child_value("SecretAccessKey"));
  credentials.session_token = Secret(given.child_value("SessionToken"));
  const auto expires = ParseInstant(given.child_value("Expiration"));
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() || !expires)
    return Fail(Error(Kind::kCorrupt, "AWS-CALL-004", "AWS's answer cannot be read").At("sts"));
  credentials.expires = *expires;
  credentials.source = "the role `" + session.role_arn + "`";
  return credentials;
}

}  // namespace firn::aws
