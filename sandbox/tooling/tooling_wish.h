// What a client of the Tooling API asks to make or change, read from the body of its request, and
// put into the event settings.
//
// Pure. Errors are api errors as the vendor words their like.
#pragma once

#include <string>
#include <string_view>

#include "sandbox/events/event_bus.h"

namespace firn::sandbox {

inline constexpr std::string_view kChannelObject = "PlatformEventChannel";
inline constexpr std::string_view kMemberObject = "PlatformEventChannelMember";
inline constexpr std::string_view kEnrichedObject = "EnrichedField";
inline constexpr std::string_view kManagedObject = "ManagedEventSubscription";
inline constexpr std::string_view kDefaultChannel = "ChangeEvents";
inline constexpr std::string_view kChannelSuffix = "__chn";

struct ToolingWish {
  std::string full_name;
  std::string label;
  // Of a channel.
  bool events = false;  // channelType `event`
  // Of a member.
  std::string channel;
  std::string object;  // that the selected entity is of: `Account`, `Order_Event__e`
  MemberOptions options;
  // Of a managed subscription.
  std::string topic;
  bool running = true;
  bool from_earliest = false;
  bool recover_earliest = false;
};

// `Account` of `AccountChangeEvent`, `Widget__c` of `Widget__ChangeEvent`; platform events as they
// are. Empty: it is neither.
[[nodiscard]] std::string ObjectOfEntity(std::string_view entity);

// Errors: api errors JSON_PARSER_ERROR, REQUIRED_FIELD_MISSING, FIELD_INTEGRITY_EXCEPTION.
[[nodiscard]] Result<ToolingWish> ReadToolingWish(std::string_view object, std::string_view body);
// Errors: api errors DUPLICATE_VALUE, FIELD_INTEGRITY_EXCEPTION.
[[nodiscard]] Result<void> AddToSettings(std::string_view object, const ToolingWish& wish,
                                         EventBus& bus, EventSettings& settings);
// The options of a member that is there.
void SetOptions(const ToolingWish& wish, EventSettings& settings);

}  // namespace firn::sandbox
