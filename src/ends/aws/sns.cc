#include "ends/aws/sns.h"

#include <pugixml.hpp>

#include "core/base/encoding.h"
#include "ends/aws/internal/json_api.h"

namespace firn::aws {
namespace {

constexpr Service kSns{"SNS", "sns", "sns"};

}  // namespace

Result<EntryOutcomes> PublishMessages(const Call& call, AwsClient& client,
                                      const std::string& topic_arn,
                                      std::span<const SnsMessage> messages) {
  FIRN_ASSERT(messages.size() <= kSnsBatchMessagesMax);
  FormFields form = {
      {"Action", "PublishBatch"}, {"Version", "2010-03-31"}, {"TopicArn", topic_arn}};
  for (size_t i = 0; i < messages.size(); ++i) {
    const std::string entry = "PublishBatchRequestEntries.member." + std::to_string(i + 1) + ".";
    form.emplace_back(entry + "Id", std::to_string(i));
    form.emplace_back(entry + "Message", messages[i].body);
    if (!messages[i].group_id.empty()) {
      form.emplace_back(entry + "MessageGroupId", messages[i].group_id);
    }
    if (!messages[i].deduplication_id.empty()) {
      form.emplace_back(entry + "MessageDeduplicationId", messages[i].deduplication_id);
    }
  }
  FIRN_TRY(const std::string body, client.CallQuery(call, kSns, FormEncode(form)));
  pugi::xml_document document;
  document.load_buffer(body.data(), body.size());
  const pugi::xml_node result = document.document_element().child("PublishBatchResult");
  if (!result) return Fail(UnreadableAnswer(kSns));
  return Reading(kSns, [&]() -> Result<EntryOutcomes> {
    EntryOutcomes outcomes(messages.size());
    std::vector<bool> told(messages.size());
    const auto place = [&](const pugi::xml_node& member) {
      return std::stoul("0" + std::string(member.child_value("Id")));
    };
    for (const pugi::xml_node& member : result.child("Successful").children("member")) {
      if (place(member) < told.size()) told[place(member)] = true;
    }
    for (const pugi::xml_node& member : result.child("Failed").children("member")) {
      if (place(member) >= told.size()) continue;
      told[place(member)] = true;
      outcomes[place(member)] =
          EntryError(kSns, member.child_value("Code"), member.child_value("Message"),
                     std::string_view(member.child_value("SenderFault")) == "true");
    }
    for (size_t i = 0; i < told.size(); ++i) {
      if (!told[i]) outcomes[i] = UnreadableAnswer(kSns);
    }
    return outcomes;
  });
}

}  // namespace firn::aws
