#include "app/cli/commands/sandbox_ports.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/base/file.h"

namespace firn::cli {
namespace {

using nlohmann::json;
using sandbox::Sandbox;
using sandbox::SandboxOptions;

struct Door {
  const char* name;
  uint16_t SandboxOptions::* port;
  std::string (*address)(const Sandbox&);
};

constexpr Door kDoors[] = {
    {"http", &SandboxOptions::http_port, [](const Sandbox& org) { return org.http_url(); }},
    {"tls", &SandboxOptions::tls_port, [](const Sandbox& org) { return org.tls_url(); }},
    {"proxy", &SandboxOptions::proxy_port, [](const Sandbox& org) { return org.proxy_url(); }},
    {"pubsub", &SandboxOptions::pubsub_port,
     [](const Sandbox& org) { return org.pubsub_endpoint(); }},
    {"pubsub_tls", &SandboxOptions::pubsub_tls_port,
     [](const Sandbox& org) { return org.pubsub_tls_endpoint(); }},
};

std::string FileIn(const std::string& folder) { return folder + "/ports.json"; }

// Behind the last colon of a URL or `host:port`; 0: none.
uint16_t PortOf(const std::string& address) {
  uint16_t port = 0;
  const size_t colon = address.rfind(':');
  if (colon != std::string::npos)
    std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  return port;
}

// Whether one was filled in. A file that is damaged or missing keeps nothing.
bool FillIn(SandboxOptions* options) {
  const auto text = ReadFile(FileIn(options->folder));
  const json kept = text ? json::parse(*text, nullptr, false) : json();
  if (!kept.is_object()) return false;
  bool filled = false;
  for (const Door& door : kDoors) {
    uint16_t& port = options->*door.port;
    const auto found = kept.find(door.name);
    if (port != 0 || found == kept.end() || !found->is_number_unsigned()) continue;
    port = found->get<uint16_t>();
    filled = filled || port != 0;
  }
  return filled;
}

Result<void> Keep(const std::string& folder, const Sandbox& org) {
  json ports = json::object();
  for (const Door& door : kDoors) ports[door.name] = PortOf(door.address(org));
  return WriteFileDurably(FileIn(folder), ports.dump() + "\n");
}

}  // namespace

Result<std::unique_ptr<Sandbox>> StartOnKeptPorts(const SandboxOptions& options) {
  SandboxOptions wanted = options;
  const bool filled = FillIn(&wanted);
  auto started = Sandbox::Start(std::move(wanted));
  if (!started && filled && started.error().kind() == Kind::kConflict) {
    started = Sandbox::Start(options);
  }
  if (started) FIRN_CHECK(Keep(options.folder, **started));
  return started;
}

}  // namespace firn::cli
