#include "sandbox/streaming/stream_clients.h"

#include <algorithm>

namespace firn::sandbox {

std::shared_ptr<StreamClient> StreamClients::Make(ApiParts& parts,
                                                  StreamClient::Identity identity) {
  identity.id = NewUuid(SystemRandom());
  std::erase(identity.id, '-');
  const std::string id = identity.id;
  auto client = std::make_shared<StreamClient>(parts, std::move(identity), parts.clock.Steady());
  const std::lock_guard lock(mutex_);
  if (clients_.size() >= kClientsMax) return nullptr;
  clients_[id] = client;
  return client;
}

std::shared_ptr<StreamClient> StreamClients::Find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : found->second;
}

void StreamClients::Forget(const std::string& id) {
  std::shared_ptr<StreamClient> held;  // let go outside of the lock
  const std::lock_guard lock(mutex_);
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  held = std::move(found->second);
  clients_.erase(found);
}

std::vector<std::shared_ptr<StreamClient>> StreamClients::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<StreamClient>> all;
  all.reserve(clients_.size());
  for (const auto& [id, client] : clients_) all.push_back(client);
  return all;
}

std::set<std::string> StreamClients::UsersOf(const std::string& channel) const {
  std::set<std::string> users;
  for (const auto& client : All()) {
    if (client->Follows(channel)) users.insert(client->identity().user_id);
  }
  return users;
}

void StreamClients::Clear() {
  std::map<std::string, std::shared_ptr<StreamClient>> gone;
  const std::lock_guard lock(mutex_);
  gone.swap(clients_);
}

}  // namespace firn::sandbox
