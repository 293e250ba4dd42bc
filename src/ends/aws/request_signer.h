// RequestSigner: whoever signs requests with keys that are not ours to see. Any thread.
#pragma once

#include <string>

#include "core/base/call.h"
#include "core/net/client.h"

namespace firn::aws {

class RequestSigner {
 public:
  virtual ~RequestSigner() = default;
  // Makes the request one that the service takes; its URL may change. `region`: where it goes.
  // Errors: those of the signer.
  [[nodiscard]] virtual Result<void> Sign(const Call& call, const std::string& region,
                                          net::Request& request) = 0;
  // The service refused what was signed: nothing that was kept is used again.
  virtual void Forget() = 0;
};

}  // namespace firn::aws
