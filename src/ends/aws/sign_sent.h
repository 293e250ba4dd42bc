// Signing a request whose body is somebody else's: for a server that signs for its clients.
#pragma once

#include "ends/aws/sigv4.h"

namespace firn::aws {

// As SignRequest, with the payload hash that the header X-Amz-Content-Sha256 says (absent:
// UNSIGNED-PAYLOAD). `options.payload` is not looked at.
void SignAsSent(net::Request& request, const Credentials& credentials,
                const SigningOptions& options);

}  // namespace firn::aws
