// What could go wrong in production: a key that is silently empty, or an error message that carries
// the secret itself.
#include "core/config/secret_ref.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "tests/support/test_folder.h"

namespace firn::config {
namespace {

TEST(SecretReference, IsOneReferenceAndNothingElse) {
  const auto ref = ParseSecretRef("${file:keys/prod.pem}", "f:1:1");
  ASSERT_TRUE(ref);
  EXPECT_EQ(ref->source, SecretRef::Source::kFile);
  EXPECT_EQ(ref->Text(), "${file:keys/prod.pem}");
  for (const char* text :
       {"plain", "", "${env:}", "x${env:A}", "${env:A}x}", "${vault:a}", "${env:A}${env:B}"}) {
    const auto refused = ParseSecretRef(text, "f:1:1");
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code(), "CONFIG-VALUE-003");
  }
}

TEST(LocalSecrets, ReadsVariablesAndFilesAndCutsOneLineBreak) {
  const TestFolder folder;
  std::ofstream(folder.path() + "/token") << "s3cret\n";
  setenv("FIRN_TEST_SECRET", "from-env", 1);
  const auto secrets = LocalSecrets(folder.path());
  EXPECT_EQ(secrets->Resolve({}, *ParseSecretRef("${file:token}", "f"))->Reveal(), "s3cret");
  EXPECT_EQ(secrets->Resolve({}, *ParseSecretRef("${env:FIRN_TEST_SECRET}", "f"))->Reveal(),
            "from-env");
}

TEST(LocalSecrets, SaysWhichReferenceCannotBeRead) {
  const auto secrets = LocalSecrets(".");
  const auto variable = secrets->Resolve({}, *ParseSecretRef("${env:FIRN_NOT_SET}", "f:2:3"));
  ASSERT_FALSE(variable);
  EXPECT_EQ(variable.error().code(), "CONFIG-SECRET-001");
  EXPECT_EQ(variable.error().where(), "f:2:3");
  EXPECT_EQ(secrets->Resolve({}, *ParseSecretRef("${file:no/such}", "f")).error().code(),
            "CONFIG-SECRET-001");
  EXPECT_EQ(secrets->Resolve({}, *ParseSecretRef("${aws-secret:a}", "f")).error().code(),
            "CONFIG-SECRET-003");
}

}  // namespace
}  // namespace firn::config
