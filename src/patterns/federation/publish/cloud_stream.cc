#include "patterns/federation/publish/cloud_stream.h"

#include "core/base/fault_point.h"
#include "core/base/file.h"

namespace firn::federation {
namespace {

constexpr uint64_t kPartBytesMax = 64ULL << 20;

// The bodies of a part, without the ends of their lines.
Result<std::vector<std::string>> BodiesOf(const std::string& path, const CloudPart& part) {
  FIRN_TRY(const std::string text, ReadFile(path, kPartBytesMax));
  if (static_cast<int64_t>(text.size()) != part.bytes || !text.ends_with('\n'))
    return Fail(Error(Kind::kCorrupt, "PUB-CLOUD-003", "a part of a publication is damaged")
                    .At(path)
                    .Hint("begin anew: the same command with --restart"));
  std::vector<std::string> bodies;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    bodies.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return bodies;
}

}  // namespace

Result<void> SendRequests(const Call& call, const CloudStream& stream, CloudLedger& ledger) {
  while (ledger.parts_streamed < ledger.parts.size()) {
    const CloudPart& part = ledger.parts[ledger.parts_streamed];
    FIRN_TRY(const auto bodies, BodiesOf(stream.folder + "/" + part.file, part));
    const bool first = ledger.parts_streamed == 0 && ledger.requests_streamed == 0;
    const bool upserts = stream.target.operation == salesforce::IngestOperation::kUpsert;
    if (first && upserts) FIRN_CHECK(stream.cloud.Check(call, stream.target, bodies.front()));
    while (ledger.requests_streamed < bodies.size()) {
      FIRN_CHECK(call.Check());
      stream.say("streaming part " + std::to_string(ledger.parts_streamed + 1) + " of " +
                 std::to_string(ledger.parts.size()));
      FIRN_CHECK(stream.cloud.Stream(call, stream.target, bodies[ledger.requests_streamed]));
      FIRN_FAULT_POINT("federation.cloud.request_sent");
      ++ledger.requests_streamed;
      FIRN_CHECK(stream.save());
      FIRN_FAULT_POINT("federation.cloud.request_recorded");
    }
    ++ledger.parts_streamed;
    ledger.requests_streamed = 0;
    FIRN_CHECK(stream.save());
  }
  return {};
}

}  // namespace firn::federation
