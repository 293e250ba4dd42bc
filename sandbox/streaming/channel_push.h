// `sobjects/StreamingChannel/ID/push`: who listens to a generic channel, and events for them.
// Source: Streaming API Developer Guide, "Streaming Channel Push REST API", "Message Durability";
// read 2026-11.
#pragma once

#include "sandbox/api_request.h"

namespace firn::sandbox {

[[nodiscard]] Answer ChannelPush(ApiParts& parts, const ApiRequest& request);

}  // namespace firn::sandbox
