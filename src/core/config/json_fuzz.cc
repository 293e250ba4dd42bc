// Any bytes as a JSON file: never a crash; what is taken has no key twice.
#include <cstdint>
#include <cstdlib>
#include <set>

#include "core/config/json_document.h"

namespace {

void CheckKeys(const firn::config::Node& node) {
  std::set<std::string> keys;
  for (const firn::config::Entry& entry : node.entries) {
    if (!keys.insert(entry.key).second) std::abort();
    CheckKeys(entry.value);
  }
  for (const firn::config::Node& item : node.items) CheckKeys(item);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  firn::config::JsonOptions options;
  options.raw_keys = {"p"};
  const auto document =
      firn::config::ParseJson({reinterpret_cast<const char*>(data), size}, "f", options);
  if (document) CheckKeys(document->root);
  return 0;
}
