// Channel: carries requests of one signal to its collector. Used by one thread; private to the
// room.
#pragma once

#include <memory>
#include <string>

#include "core/base/call.h"
#include "ends/telemetry/reply.h"
#include "ends/telemetry/settings.h"

namespace firn::telemetry {

class Channel {
 public:
  virtual ~Channel() = default;
  // Sends a request once and waits for its answer, no longer than the settings' timeout or the
  // call. Headers never come back in what the collector said.
  [[nodiscard]] virtual Reply Send(const Call& call, const std::string& request) = 0;
};

struct ChannelOptions {
  Signal signal = Signal::kTraces;
  SignalSettings settings;
  std::string proxy;
  std::string user_agent;  // `firn/0.1.0`
};

// By the settings' protocol. Errors: BadConfig when the CA file cannot be used.
[[nodiscard]] Result<std::unique_ptr<Channel>> OpenChannel(const ChannelOptions& options);
[[nodiscard]] Result<std::unique_ptr<Channel>> OpenHttpChannel(const ChannelOptions& options);
[[nodiscard]] Result<std::unique_ptr<Channel>> OpenGrpcChannel(const ChannelOptions& options);

// Takes what a header holds out of a text.
[[nodiscard]] std::string WithoutSecrets(std::string text, const HeaderList& headers);

}  // namespace firn::telemetry
