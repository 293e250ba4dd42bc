// Amazon S3, objects: read whole or in ranges, written once, in one piece or in parts, listed,
// removed.
//
// A new object is written with `If-None-Match: *`: the name is taken by one writer, and a call that
// is repeated because its answer was lost knows its own object again by a mark in the object's
// metadata. Path-style addresses. Any thread may call. Source: Amazon S3 API Reference
// (2006-03-01), "GetObject", "PutObject" (conditional writes), "CreateMultipartUpload",
// "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload", "ListObjectsV2", "DeleteObject";
// Amazon S3 User Guide, "Multipart upload limits" (10,000 parts of 5 MiB to 5 GiB); read 2026-11.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "ends/aws/client.h"

namespace firn::aws {

struct S3Name {
  std::string bucket;
  std::string key;
};

struct S3Info {
  int64_t bytes = 0;
  std::string etag;
  std::string mark;  // what the writer gave it; empty for others' objects
};

struct S3Range {
  int64_t offset = 0;
  int64_t bytes = 0;
};

// The whole object, or a range of it; at most `bytes_max` bytes. Errors: NotFound (AWS-CALL-005);
// LimitReached (NET-HTTP-004).
[[nodiscard]] Result<std::string> GetS3Object(const Call& call, AwsClient& client,
                                              const S3Name& name, std::optional<S3Range> range,
                                              uint64_t bytes_max);
[[nodiscard]] Result<S3Info> HeadS3Object(const Call& call, AwsClient& client, const S3Name& name);
// A new object. `mark`: unique for this write. Errors: Conflict (AWS-S3-001) when somebody else's
// object has the name.
[[nodiscard]] Result<void> CreateS3Object(const Call& call, AwsClient& client, const S3Name& name,
                                          const std::string& mark, std::string body);
// The same in parts. `read` gives the bytes of a part, which may be asked for again.
struct S3Upload {
  int64_t bytes = 0;
  int64_t part_bytes = 16LL << 20;  // raised where 10,000 parts would not do
  std::function<Result<std::string>(const S3Range& part)> read;
};
// An upload that fails is aborted, so that its parts cost nothing. Errors: as CreateS3Object and
// of `read`.
[[nodiscard]] Result<void> UploadS3Object(const Call& call, AwsClient& client, const S3Name& name,
                                          const std::string& mark, const S3Upload& upload);
// A missing one is fine.
[[nodiscard]] Result<void> DeleteS3Object(const Call& call, AwsClient& client, const S3Name& name);

struct S3Listed {
  std::string key;
  int64_t bytes = 0;
  UtcMicros modified;
};
// All objects whose key begins so, page after page, in the order of their keys.
[[nodiscard]] Result<void> ListS3Objects(const Call& call, AwsClient& client,
                                         const std::string& bucket, const std::string& prefix,
                                         const std::function<Result<void>(const S3Listed&)>& each);

}  // namespace firn::aws
