// One request on its way through libcurl: what its callbacks fill and what its waiters read.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "core/net/client.h"

namespace firn::net {

class CurlLoop;

// Owned by whoever waits and by the loop while it runs. Fields above the mutex belong to the loop's
// thread once the transfer is added; those below are guarded by it.
struct Transfer {
  Call call;
  Request request;
  std::function<void(Result<Response>)> done;  // whole answers only
  bool streams = false;
  // Its reader drives the loop: nothing is received that it does not wait for. HTTP/1 alone, where
  // a pause is between two looks into the socket; HTTP/2 has frames under way.
  bool exact = false;
  size_t buffer_bytes = 1 << 20;
  void* easy = nullptr;                     // libcurl's handle, while it runs
  SteadyTime deadline = SteadyTime::max();  // of the steady clock, not of call.clock
  SteadyTime last_progress;
  int64_t moved_bytes = 0;   // as libcurl counted them last
  bool paused_down = false;  // the consumer is slow
  bool paused_up = false;    // the producer is slow
  bool header_done = false;
  Response response;
  std::optional<Error> own_error;  // why we ended it ourselves

  std::mutex mutex;
  std::condition_variable changed;
  // Download hand-over.
  bool header_ready = false;
  bool finished = false;
  bool reader_waits_for_room = false;  // the loop paused it and wants a Resume
  std::optional<Error> error;
  int status = 0;
  Headers headers;
  std::string buffer;
  // Memory of a reader that waits, empty-handed: what comes goes there first, and it is woken when
  // it is full or nothing more will come.
  char* into = nullptr;
  size_t into_room = 0;
  size_t into_filled = 0;
  // Upload hand-over.
  std::string upload;
  bool upload_ended = false;
  std::optional<Error> upload_error;
};
using TransferPtr = std::shared_ptr<Transfer>;

}  // namespace firn::net
