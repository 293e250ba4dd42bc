#include "ends/aws/sts.h"

#include <pugixml.hpp>

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

}  // namespace firn::aws
