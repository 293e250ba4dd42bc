// S3 locations as paths: `s3://bucket/key` taken apart, compared, and turned into the policy that
// holds a client to one of them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::federation {

[[nodiscard]] bool IsS3Uri(std::string_view uri);  // s3, s3a or s3n

struct S3Place {
  std::string bucket;
  std::string key;  // without a slash at its ends; may be empty
  [[nodiscard]] std::string Uri() const {
    return "s3://" + bucket + (key.empty() ? "" : "/" + key);
  }
  // Whether `other` is this place or lies below it.
  [[nodiscard]] bool Holds(const S3Place& other) const;
};
// Errors: BadInput (LAKE-STORE-001): no bucket, `.` or `..` or an empty part, a control character.
[[nodiscard]] Result<S3Place> ParseS3Uri(std::string_view uri);

// A session policy (IAM JSON) that allows nothing but these places. `partition`: of ARNs, `aws`.
struct S3Grant {
  std::vector<S3Place> places;
  bool write = false;
  std::string partition = "aws";
};
[[nodiscard]] std::string SessionPolicy(const S3Grant& grant);

}  // namespace firn::federation
