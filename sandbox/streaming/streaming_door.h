// StreamingDoor: the Streaming API, `/cometd/NN.0`, the Bayeux protocol by long polling.
//
// Handle takes a request on any thread and never blocks: workers of its own read the messages, a
// connect without news is kept until there are some, its time is over or its session ends; the
// watch sees to that. Source: Streaming API Developer Guide, "How the Client Connects", "Streaming
// API Error Codes", "Handling Streaming API Errors"; Bayeux protocol 1.0; read 2026-11.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/queue.h"
#include "sandbox/api_request.h"
#include "sandbox/streaming/bayeux_message.h"
#include "sandbox/streaming/stream_channels.h"
#include "sandbox/streaming/stream_clients.h"

namespace firn::sandbox {

class StreamingDoor {
 public:
  StreamingDoor(ApiParts& parts, StreamClients& clients, StreamChannels channels);
  ~StreamingDoor();
  StreamingDoor(const StreamingDoor&) = delete;
  StreamingDoor& operator=(const StreamingDoor&) = delete;

  [[nodiscard]] static bool Owns(std::string_view path);
  void Handle(net::ServerRequest request, net::Reply reply);
  // Answers every connect that waits: a port is about to be closed.
  void ReleaseAll();
  // The same, and none waits from now on: the org goes down.
  void Close();

 private:
  // One request, with what its messages need to be answered.
  struct Exchange;
  struct Job {
    net::ServerRequest request;
    std::shared_ptr<net::Reply> reply;
  };
  void Work(const std::stop_token& stop);
  void Watch(const std::stop_token& stop);
  void Serve(Job job);
  // An answer: the request goes no further.
  [[nodiscard]] std::optional<Answer> Refuse(const Exchange& exchange);
  // Carries out the faults on demand.
  [[nodiscard]] std::optional<Answer> Strike(Exchange& exchange);
  void Dispatch(Exchange& exchange, const BayeuxMessage& message);
  void Handshake(Exchange& exchange, const BayeuxMessage& message);
  void Subscribe(Exchange& exchange, const BayeuxMessage& message);
  void Unsubscribe(Exchange& exchange, const BayeuxMessage& message);
  void Disconnect(Exchange& exchange, const BayeuxMessage& message);
  // True: the request is answered later, or was already.
  [[nodiscard]] bool Connect(const std::shared_ptr<Exchange>& exchange,
                             const BayeuxMessage& message);
  // The client that a message names, if its session still stands; else `exchange` has the answer.
  [[nodiscard]] std::shared_ptr<StreamClient> ClientOf(Exchange& exchange,
                                                       const BayeuxMessage& message);
  void Finish(Exchange& exchange, Answer answer);
  void Wake();

  ApiParts& parts_;
  StreamClients& clients_;
  StreamChannels channels_;
  BoundedQueue<Job> jobs_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool news_ = false;
  std::atomic<bool> closing_{false};
  std::vector<std::jthread> threads_;
};

}  // namespace firn::sandbox
