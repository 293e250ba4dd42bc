// Amazon Kinesis Data Streams and Amazon Data Firehose: records in batches. JSON protocols.
//
// Any thread may call. Sources: Kinesis API Reference (2013-12-02), "PutRecords" (500 records, 10
// MiB in all); Firehose API Reference (2015-08-04), "PutRecordBatch" (500 records, 4 MiB in all,
// 1,000 KiB each); read 2026-11.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "ends/aws/batch.h"
#include "ends/aws/client.h"

namespace firn::aws {

inline constexpr size_t kStreamRecordsMax = 500;
inline constexpr size_t kKinesisBatchBytesMax = 5'242'880;  // what every stream takes
inline constexpr size_t kFirehoseBatchBytesMax = 4'194'304;
inline constexpr size_t kFirehoseRecordBytesMax = 1'024'000;

struct StreamRecord {
  std::string data;
  std::string partition_key;  // Kinesis: 1 to 256 characters
};
[[nodiscard]] Result<EntryOutcomes> PutKinesisRecords(const Call& call, AwsClient& client,
                                                      const std::string& stream_arn,
                                                      std::span<const StreamRecord> records);
[[nodiscard]] Result<EntryOutcomes> PutFirehoseRecords(const Call& call, AwsClient& client,
                                                       const std::string& stream_name,
                                                       std::span<const StreamRecord> records);

}  // namespace firn::aws
