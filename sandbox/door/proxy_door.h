// The third door: an HTTP proxy whose CONNECT to a Salesforce host ends at the sandbox's TLS port.
//
// For clients that hard-code `https://login.salesforce.com` and the like: with HTTPS_PROXY set to
// this door they reach the sandbox. CONNECT to any other host is refused: the sandbox never calls
// out. One thread moves the bytes of all tunnels; it is joined in the destructor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/error.h"

namespace firn::sandbox {

class ProxyDoor {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    uint16_t port = 0;         // 0: any free one
    uint16_t tls_port = 0;     // where CONNECT leads, on 127.0.0.1 or `address`
    uint16_t pubsub_port = 0;  // where CONNECT to the Pub/Sub API's host leads; 0: to `tls_port`
    size_t tunnels_max = 1024;
  };
  // Errors: Conflict (SBX-PROXY-001) when the port is taken.
  [[nodiscard]] static Result<std::unique_ptr<ProxyDoor>> Open(const Options& options);
  virtual ~ProxyDoor() = default;
  [[nodiscard]] virtual uint16_t port() const = 0;
};

// Whether a CONNECT target (`login.salesforce.com:443`) is a name of the sandbox.
[[nodiscard]] bool LeadsToSandbox(const std::string& authority);
// Whether it is the Pub/Sub API's: `api.pubsub.salesforce.com:7443`, or any `*.pubsub.*` of it.
[[nodiscard]] bool LeadsToPubSub(const std::string& authority);

}  // namespace firn::sandbox
