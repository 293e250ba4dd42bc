// The proxy must lead Salesforce's names here and nothing anywhere else: a test that reached the
// real Salesforce would change somebody's data.
#include "sandbox/door/proxy_door.h"

#include <gtest/gtest.h>

namespace firn::sandbox {
namespace {

TEST(ProxyDoor, LeadsSalesforceNamesAndThisMachineToTheSandbox) {
  for (const char* name : {"login.salesforce.com:443", "acme.MY.salesforce.com:443",
                           "salesforce.com:443", "localhost:8443", "127.0.0.1:443"}) {
    EXPECT_TRUE(LeadsToSandbox(name)) << name;
  }
}

TEST(ProxyDoor, RefusesEveryOtherName) {
  for (const char* name :
       {"example.com:443", "salesforce.com.example.com:443", "notsalesforce.com:443", ":443", ""}) {
    EXPECT_FALSE(LeadsToSandbox(name)) << name;
  }
}

}  // namespace
}  // namespace firn::sandbox
