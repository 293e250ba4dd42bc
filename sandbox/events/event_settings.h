// What the org's administrator sets about events: which objects tell of their changes and where,
// which streams run, and the bounds of the bus. A value; kept as JSON in api.db.
// Source: Change Data Capture Developer Guide, 'Select Objects for Change Notifications', 'Change
// Data Capture Allocations'; Pub/Sub API guide, 'Subscribe RPC Method', 'PublishStream RPC Method';
// Streaming API Developer Guide, 'Clients and Timeouts'; read 2026-11.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::sandbox {

// A subscription whose position the org keeps (ManagedSubscribe).
struct ManagedSubscription {
  std::string id;  // 18 characters
  std::string developer_name;
  std::string topic;
  bool running = true;
  bool from_earliest = false;     // while nothing was committed
  bool recover_earliest = false;  // when what was committed is too old
  int64_t committed = 0;          // replay id; 0: nothing
};

// What a channel's member asks for beyond the events themselves; see events/channel_shape.h.
struct MemberOptions {
  std::vector<std::string> enriched_fields;
  std::string filter;
  [[nodiscard]] bool empty() const { return enriched_fields.empty() && filter.empty(); }
};

struct EventSettings {
  // Objects of the default channel, /data/ChangeEvents. The demo org's five.
  std::vector<std::string> selected = {"Account", "Contact", "Lead", "Opportunity", "Case"};
  // How many objects may be selected over all channels: 5 without the add-on. 0: no limit, as with
  // the add-on.
  int64_t entities_max = 0;
  // Custom channels, `Sales__chn`: objects, or platform events.
  std::map<std::string, std::vector<std::string>> channels;
  // By channel (`ChangeEvents` is the default one) and object.
  std::map<std::string, std::map<std::string, MemberOptions>> members;
  std::vector<std::string> streaming = {"LoginEventStream", "LogoutEventStream", "ApiEventStream"};
  std::vector<ManagedSubscription> managed;
  std::chrono::hours retention{72};
  int64_t overflow_changes = 100'000;  // of one transaction; more become one overflow event
  int64_t event_bytes_max = 1'000'000;
  std::chrono::milliseconds fetch_timeout{60'000};     // after the last event that was asked for
  std::chrono::milliseconds keepalive{270'000};        // of silence at most
  std::chrono::milliseconds publish_timeout{70'000};   // between requests of a publish stream
  std::chrono::milliseconds connect_timeout{110'000};  // a connect of the Streaming API is held
  std::chrono::milliseconds client_timeout{40'000};    // a client without a connect is forgotten

  // Whether changes of the object are told on any channel.
  [[nodiscard]] bool Tells(std::string_view object) const;
  // Whether the object is on the channel, `ChangeEvents` or a custom one.
  [[nodiscard]] bool OnChannel(const std::string& channel, std::string_view object) const;
};

[[nodiscard]] std::string EventSettingsJson(const EventSettings& settings);
// Changes what the JSON object names. Errors: BadInput (SBX-EVENTS-001) naming the key.
[[nodiscard]] Result<EventSettings> ChangedBy(EventSettings settings, std::string_view json);

}  // namespace firn::sandbox
