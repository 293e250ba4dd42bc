#include "ends/aws/kinesis.h"

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "ends/aws/internal/json_api.h"

namespace firn::aws {
namespace {

using nlohmann::json;

constexpr Service kKinesis{"KINESIS", "kinesis", "kinesis"};
constexpr Service kFirehose{"FIREHOSE", "firehose", "firehose"};

// Failed records are throttled or internal failures: the service refuses bad ones as a whole call.
Result<EntryOutcomes> Outcomes(const Service& service, const json& results, size_t records) {
  if (!results.is_array() || results.size() != records) return Fail(UnreadableAnswer(service));
  return Reading(service, [&]() -> Result<EntryOutcomes> {
    EntryOutcomes outcomes(records);
    for (size_t i = 0; i < records; ++i) {
      const std::string code = results[i].value("ErrorCode", "");
      if (code.empty()) continue;
      outcomes[i] = EntryError(service, code, results[i].value("ErrorMessage", ""), false);
    }
    return outcomes;
  });
}

}  // namespace

Result<EntryOutcomes> PutKinesisRecords(const Call& call, AwsClient& client,
                                        const std::string& stream_arn,
                                        std::span<const StreamRecord> records) {
  FIRN_ASSERT(records.size() <= kStreamRecordsMax);
  json entries = json::array();
  for (const StreamRecord& record : records) {
    entries.push_back({{"Data", Base64(record.data)}, {"PartitionKey", record.partition_key}});
  }
  FIRN_TRY(const json answer,
           AskJson(call, client, kKinesis, "Kinesis_20131202.PutRecords",
                   {{"StreamARN", stream_arn}, {"Records", std::move(entries)}}));
  return Outcomes(kKinesis, answer.value("Records", json()), records.size());
}

Result<EntryOutcomes> PutFirehoseRecords(const Call& call, AwsClient& client,
                                         const std::string& stream_name,
                                         std::span<const StreamRecord> records) {
  FIRN_ASSERT(records.size() <= kStreamRecordsMax);
  json entries = json::array();
  for (const StreamRecord& record : records) entries.push_back({{"Data", Base64(record.data)}});
  FIRN_TRY(const json answer,
           AskJson(call, client, kFirehose, "Firehose_20150804.PutRecordBatch",
                   {{"DeliveryStreamName", stream_name}, {"Records", std::move(entries)}}));
  return Outcomes(kFirehose, answer.value("RequestResponses", json()), records.size());
}

}  // namespace firn::aws
