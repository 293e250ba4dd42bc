// One request of the Streaming API on its way: what its messages are answered, and by whom. Private
// to the door.
#pragma once

#include <string>
#include <vector>

#include "sandbox/streaming/streaming_door.h"

namespace firn::sandbox {

struct StreamingDoor::Exchange {
  net::ServerRequest request;
  std::shared_ptr<net::Reply> reply;
  int version = 0;
  std::string token;
  std::optional<Session> session;
  std::vector<BayeuxMessage> messages;
  std::vector<std::string> answers;  // JSON
  bool new_client = false;           // a cookie goes with the answer
  RequestLine line;
  SteadyTime began{};

  void Say(const BayeuxMessage& message, const BayeuxReply& reply) {
    answers.push_back(ReplyJson(message, reply));
  }
};

}  // namespace firn::sandbox
