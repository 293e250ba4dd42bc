// The kinds of targets, one maker each; private to the room.
#pragma once

#include "patterns/events/target/target.h"

namespace firn::events {

using MadeTarget = Result<std::unique_ptr<Target>>;

[[nodiscard]] MadeTarget NewQueueTarget(const project::RuleTarget& target,
                                        const TargetParts& parts);
[[nodiscard]] MadeTarget NewTopicTarget(const project::RuleTarget& target,
                                        const TargetParts& parts);
[[nodiscard]] MadeTarget NewEventBusTarget(const project::RuleTarget& target,
                                           const TargetParts& parts);
[[nodiscard]] MadeTarget NewFunctionTarget(const project::RuleTarget& target,
                                           const TargetParts& parts);
[[nodiscard]] MadeTarget NewStateMachineTarget(const project::RuleTarget& target,
                                               const TargetParts& parts);
[[nodiscard]] MadeTarget NewItemTarget(const project::RuleTarget& target, const TargetParts& parts);
[[nodiscard]] MadeTarget NewStreamTarget(const project::RuleTarget& target,
                                         const TargetParts& parts);
[[nodiscard]] MadeTarget NewLogTarget(const project::RuleTarget& target, const TargetParts& parts);
[[nodiscard]] MadeTarget NewBucketTarget(const project::RuleTarget& target,
                                         const TargetParts& parts);
[[nodiscard]] MadeTarget NewHttpTarget(const project::RuleTarget& target, const TargetParts& parts);
[[nodiscard]] MadeTarget NewLakeTarget(const project::RuleTarget& target, const TargetParts& parts);
[[nodiscard]] MadeTarget NewPlatformEventTarget(const project::RuleTarget& target,
                                                const TargetParts& parts);
[[nodiscard]] MadeTarget NewKafkaTarget(const project::RuleTarget& target,
                                        const TargetParts& parts);
[[nodiscard]] MadeTarget NewCommandTarget(const project::RuleTarget& target,
                                          const TargetParts& parts);

// A text, or what a path that begins with `$` finds in the event: a string without its quotes,
// other values as JSON. Nothing when the event has no such part.
[[nodiscard]] std::optional<std::string> TextOrPath(const std::string& text,
                                                    const RuleEvent& event);
// A JSON string without quotes and escapes; other values as they stand.
[[nodiscard]] std::string TextOfJson(const std::string& value);
// An input that no call of the target can carry.
[[nodiscard]] Error TooLarge(const std::string& where, size_t bytes, size_t bytes_max);

}  // namespace firn::events
