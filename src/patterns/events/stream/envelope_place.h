// EnvelopePlace: the account and region of AWS that envelopes name, for rules that look at them. A
// value.
#pragma once

#include <string>

#include "core/project/services.h"
#include "ends/aws/environment.h"

namespace firn::events {

struct EnvelopePlace {
  std::string account = "000000000000";
  std::string region = "us-east-1";
};
// `AWS_ACCOUNT_ID` and the region, as AWS's own tools find them in environment and profile; what is
// not there, or no account id, stays as above. Source: AWS SDKs and Tools Reference Guide, "Account
// based endpoints", "AWS Region", read 2026-11.
[[nodiscard]] EnvelopePlace EnvelopePlaceOf(const aws::Environment& environment);
// The same, where the entry of firn.yaml does not say otherwise.
[[nodiscard]] EnvelopePlace EnvelopePlaceOf(const aws::Environment& environment,
                                            const project::FollowedStream& stream);

}  // namespace firn::events
