// HandOver: brings batches of events to the consumers of a topic on a thread of its own, so that
// the stream decodes and its tables merge while rules match and their outbox is written.
//
// One batch is with the consumers and one is being gathered: whoever gives the next one waits. The
// stream's thread gives and awaits; the cursor passes a batch only after Await said that every
// consumer took it. Internal to events.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "patterns/events/stream/consumer.h"

namespace firn::events {

class HandOver {
 public:
  // The consumers outlive it.
  explicit HandOver(std::vector<EventConsumer*> consumers) : consumers_(std::move(consumers)) {}
  ~HandOver();
  HandOver(const HandOver&) = delete;
  HandOver& operator=(const HandOver&) = delete;

  // Takes the events, `events` is empty afterwards. Errors: of a batch before this one: nothing of
  // this one was taken then, and nothing ever will be.
  [[nodiscard]] Result<void> Give(const Call& call, std::vector<Envelope>& events);
  // Until everything given was taken. Errors: what a consumer said.
  [[nodiscard]] Result<void> Await();

 private:
  void Work(const std::stop_token& stop);
  [[nodiscard]] Result<void> Bring() const;

  const std::vector<EventConsumer*> consumers_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool with_consumers_ = false;  // then batch_ and call_ are the thread's
  std::vector<Envelope> batch_;
  Call call_;
  Result<void> outcome_;  // of all batches so far
  std::jthread thread_;   // from the first batch on
};

}  // namespace firn::events
