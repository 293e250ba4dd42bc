// StreamClients: the clients of the Streaming API that are there, by id. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "sandbox/streaming/stream_client.h"

namespace firn::sandbox {

class StreamClients {
 public:
  // Source: Streaming API Developer Guide, "Streaming API Allocations" (concurrent clients across
  // all topics, Performance and Unlimited Edition), read 2026-11.
  static constexpr size_t kClientsMax = 2000;

  // Nothing when there are too many.
  [[nodiscard]] std::shared_ptr<StreamClient> Make(ApiParts& parts,
                                                   StreamClient::Identity identity);
  [[nodiscard]] std::shared_ptr<StreamClient> Find(const std::string& id) const;
  void Forget(const std::string& id);
  [[nodiscard]] std::vector<std::shared_ptr<StreamClient>> All() const;
  // Ids of the users that are subscribed to the channel now.
  [[nodiscard]] std::set<std::string> UsersOf(const std::string& channel) const;
  void Clear();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<StreamClient>> clients_;
};

}  // namespace firn::sandbox
