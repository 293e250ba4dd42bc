// A transport that answers from a list and remembers what it was asked: for faults that no server
// at hand can be made to show.
#pragma once

#include <deque>
#include <vector>

#include "core/net/client.h"

namespace firn::aws {

class ScriptedTransport final : public net::Transport {
 public:
  void Add(int status, std::string body, net::Headers headers = {}) {
    answers_.push_back({status, std::move(headers), std::move(body), "1.1"});
  }
  [[nodiscard]] const std::vector<net::Request>& requests() const { return requests_; }

  Result<net::Response> Send(const Call& call, const net::Request& request) override {
    FIRN_CHECK(call.Check());
    requests_.push_back(request);
    if (answers_.empty()) {
      return Fail(Error(Kind::kUnreachable, "NET-HTTP-001", "nobody answers").RetryWithBackoff());
    }
    net::Response answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }
  Result<net::StreamedResponse> Open(const Call&, const net::Request&) override {
    return Fail(Kind::kInternal, "NET-HTTP-007", "not scripted");
  }
  void Start(const Call&, net::Request, std::function<void(Result<net::Response>)> done) override {
    done(Fail(Kind::kInternal, "NET-HTTP-007", "not scripted"));
  }

 private:
  std::deque<net::Response> answers_;
  std::vector<net::Request> requests_;
};

}  // namespace firn::aws
