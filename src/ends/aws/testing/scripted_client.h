// A client of AWS over a scripted transport, with keys, a region and a clock of its own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/time_text.h"
#include "ends/aws/client.h"
#include "ends/aws/testing/scripted_transport.h"

namespace firn::aws {

class ScriptedClientTest : public testing::Test {
 protected:
  ScriptedClientTest() {
    call_.clock = &clock_;
    source_ = FixedCredentials({.access_key_id = "AK", .secret_access_key = Secret("SK")});
    ClientParts parts;
    parts.transport = &transport_;
    parts.credentials = source_.get();
    parts.environment = Environment([](const std::string&) { return std::nullopt; });
    parts.region = "eu-central-1";
    client_ = std::make_unique<AwsClient>(std::move(parts));
  }

  ManualClock clock_{*ParseInstant("2026-11-26T02:00:00Z")};
  Call call_;
  ScriptedTransport transport_;
  std::unique_ptr<CredentialSource> source_;
  std::unique_ptr<AwsClient> client_;
};

}  // namespace firn::aws
