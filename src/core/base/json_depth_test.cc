// What could go wrong in production: text that nests a million times over ends the program, or
// brackets inside of texts count and good text is refused.
#include "core/base/json_depth.h"

#include <gtest/gtest.h>

#include <string>

namespace firn {
namespace {

TEST(JsonDepth, CountsWhatIsOpenAtOnce) {
  EXPECT_FALSE(NestsDeeperThan(R"({"a":[1,[2]],"b":[[3]]})", 3));
  EXPECT_TRUE(NestsDeeperThan(R"({"a":[1,[2]],"b":[[[3]]]})", 3));
  EXPECT_FALSE(NestsDeeperThan("", 0));
  EXPECT_TRUE(NestsDeeperThan(std::string(1'000'000, '['), 200));
  EXPECT_FALSE(NestsDeeperThan(std::string(1'000'000, ']') + "[", 1));
}

TEST(JsonDepth, BracketsInsideOfTextsDoNotCount) {
  EXPECT_FALSE(NestsDeeperThan(R"(["[[[[","\"[[[[","\\"])", 1));
  EXPECT_TRUE(NestsDeeperThan(R"(["\\",[["a"]]])", 2));
}

}  // namespace
}  // namespace firn
