// For tests: a folder of the test's own with a firn.yaml of one org, `prod`, and what the test
// adds.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "core/project/project.h"
#include "tests/support/test_folder.h"

namespace firn::project {

class YamlTest : public testing::Test {
 protected:
  Result<Project> LoadWith(std::string_view text) {
    std::ofstream(folder_ / "firn.yaml") << kOrgs << text;
    return Load(folder_.string(), {});
  }

  TestFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();

 private:
  static constexpr std::string_view kOrgs = R"(name: sales
orgs:
  - id: prod
    login_url: https://example.my.salesforce.com
    auth: {client_id: a, username: u, key: "${file:k.pem}"}
)";
};

// The code of an error, `none` without one.
template <typename T>
[[nodiscard]] std::string CodeOf(const Result<T>& result) {
  return result ? "none" : result.error().code();
}

}  // namespace firn::project
