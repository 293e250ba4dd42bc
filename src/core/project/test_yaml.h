// For tests: a folder of the test's own with a firn.yaml of one org, `prod`, and what the test
// adds.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "core/project/project.h"

namespace firn::project {

class YamlTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              (std::string("firn_") + info->test_suite_name() + "_" + info->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Result<Project> LoadWith(std::string_view text) {
    std::ofstream(folder_ / "firn.yaml") << kOrgs << text;
    return Load(folder_.string(), {});
  }

  std::filesystem::path folder_;

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
