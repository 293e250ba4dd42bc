#include "patterns/events/outbox/dead_letter_sender.h"

#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "core/project/arn.h"

namespace firn::events {
namespace {

constexpr size_t kLettersAStep = 100;
constexpr auto kQueueDown = std::chrono::seconds(30);

}  // namespace

aws::SqsMessage MessageOf(const DeadLetter& letter) {
  aws::SqsMessage message;
  message.body = letter.event_json;
  const auto put = [&](const char* name, std::string value) {
    if (!value.empty()) message.attributes[name] = std::move(value);
  };
  put("RULE_ARN", letter.rule_arn);
  put("TARGET_ARN", letter.target_arn);
  put("ERROR_CODE", letter.code);
  put("ERROR_MESSAGE", letter.message);
  put("EXHAUSTED_RETRY_CONDITION", letter.condition);
  put("RETRY_ATTEMPTS", std::to_string(std::max(0, letter.tries - 1)));
  return message;
}

Result<void> DeadLetterSender::Send(const Call& call, const std::string& queue_arn,
                                    const std::vector<DeadLetter>& letters,
                                    std::vector<int64_t>* sent) {
  const auto arn = project::ParseArn(queue_arn);
  if (!arn) return Fail(Kind::kBadInput, "EVENT-LETTER-002", "the dead letters' queue is none");
  FIRN_TRY(aws::AwsClient * client, aws_->ForRegion(arn->region));
  std::string& url = urls_[queue_arn];
  if (url.empty()) {
    FIRN_TRY(url, aws::GetQueueUrl(call, *client, {arn->resource, arn->account}));
  }
  std::vector<aws::SqsMessage> messages;
  size_t bytes = 0;
  for (const DeadLetter& letter : letters) {
    aws::SqsMessage message = MessageOf(letter);
    bytes += message.Bytes();
    if (!messages.empty() &&
        (messages.size() == aws::kSqsBatchMessagesMax || bytes > aws::kSqsBatchBytesMax)) {
      break;
    }
    messages.push_back(std::move(message));
  }
  FIRN_TRY(const auto outcomes, aws::SendMessages(call, *client, url, messages));
  FIRN_FAULT_POINT("events.letter.queued");
  for (size_t i = 0; i < outcomes.size(); ++i) {
    // What the queue will never take stays in the local store only.
    if (!outcomes[i] || IsFinal(*outcomes[i])) sent->push_back(letters[i].id);
    if (outcomes[i]) {
      log::Warn("a dead letter was refused by its queue",
                {{"queue", queue_arn}, {"code", outcomes[i]->code()}});
    }
  }
  return {};
}

Result<int> DeadLetterSender::Step(const Call& call) {
  FIRN_TRY(const std::vector<DeadLetter> waiting, outbox_->LettersToQueue(kLettersAStep));
  std::map<std::string, std::vector<DeadLetter>> by_queue;
  for (const DeadLetter& letter : waiting) by_queue[letter.queue_arn].push_back(letter);
  std::vector<int64_t> sent;
  for (const auto& [queue, letters] : by_queue) {
    const auto wait = not_before_.find(queue);
    if (wait != not_before_.end() && call.clock->Steady() < wait->second) continue;
    const auto done = Send(call, queue, letters, &sent);
    FIRN_CHECK(call.Check());
    if (done) continue;
    not_before_[queue] = call.clock->Steady() + kQueueDown;
    log::Warn("dead letters wait for their queue",
              {{"queue", queue}, {"error", done.error().OneLine()}});
  }
  if (!sent.empty()) FIRN_CHECK(outbox_->MarkQueued(sent));
  return static_cast<int>(sent.size());
}

}  // namespace firn::events
