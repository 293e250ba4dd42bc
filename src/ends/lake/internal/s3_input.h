// An S3 object as a file that Arrow reads at random: each read is a range of it. Internal to lake.
#pragma once

#include <memory>

#include "core/base/call.h"
#include "ends/aws/client.h"
#include "ends/aws/s3_object.h"

namespace arrow::io {
class RandomAccessFile;
}

namespace firn::lake::internal {

// `bytes`: the object's size. The call's clock and stop go with every read; its deadline does not:
// a file may stay open for long.
[[nodiscard]] std::shared_ptr<arrow::io::RandomAccessFile> NewS3Input(
    const Call& call, std::shared_ptr<aws::AwsClient> client, aws::S3Name name, int64_t bytes);

}  // namespace firn::lake::internal
