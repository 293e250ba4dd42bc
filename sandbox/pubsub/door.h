// The gRPC door: serves the Pub/Sub API on a plain port and, with a certificate, on a TLS port.
//
// Owned by the server, opened after the other doors and closed before the org. Its threads are
// gRPC's own, two that move the streams on (Pump), and two for single calls. It never calls out.
// Errors: Conflict (SBX-PUBSUB-001) when a port is taken.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "sandbox/api_request.h"
#include "sandbox/events/event_bus.h"

namespace firn::sandbox {

class PubSubDoor {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    uint16_t port = 0;  // 0: any free one
    uint16_t tls_port = 0;
    std::string certificate_pem;  // with the chain; empty: no TLS port
    std::string key_pem;
  };
  [[nodiscard]] static Result<std::unique_ptr<PubSubDoor>> Open(ApiParts& parts, EventBus& bus,
                                                                const Options& options);
  virtual ~PubSubDoor() = default;  // ends every stream
  [[nodiscard]] virtual uint16_t port() const = 0;
  [[nodiscard]] virtual uint16_t tls_port() const = 0;  // 0: none
  [[nodiscard]] virtual size_t streams() const = 0;     // open now
};

}  // namespace firn::sandbox
