// Any bytes as a path, a template and an event: never a crash, and a template that is taken makes
// the same input of an event every time.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/expr/input_transform.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A path, a newline, a template, a newline, an event.
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto line = [&rest] {
    const std::string_view found = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(found.size() < rest.size() ? found.size() + 1 : rest.size());
    return found;
  };
  const std::string path(line());
  const std::string_view text = line();
  const auto transform = firn::expr::InputTransform::Parse({{"a", path}}, text, "t");
  if (!transform) return 0;
  firn::expr::JsonText event;
  event.Load(rest);
  const auto first = transform->Apply(event, {"arn", "name", "time"});
  const auto second = transform->Apply(event, {"arn", "name", "time"});
  if (first.has_value() != second.has_value()) std::abort();
  if (first && *first != *second) std::abort();
  return 0;
}
