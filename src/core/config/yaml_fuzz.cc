// Any bytes: a tree or an error, in bounded time and memory; what parses can be bound.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/config/document.h"
#include "core/config/field.h"

namespace {
constexpr firn::config::Field kInner[] = {{.name = "id"},
                                          {.name = "n", .type = firn::config::FieldType::kInteger}};
constexpr firn::config::Field kFields[] = {
    {.name = "name"},
    {.name = "key", .type = firn::config::FieldType::kSecret},
    {.name = "orgs", .type = firn::config::FieldType::kGroupList, .fields = kInner},
    {.name = "wait", .type = firn::config::FieldType::kDuration}};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  firn::config::ParseLimits limits;
  limits.nodes_max = 5000;
  const auto document = firn::config::ParseYaml(text, "f", limits);
  if (!document) {
    if (document.error().where().empty()) std::abort();
    return 0;
  }
  firn::config::Problems problems;
  const auto no_environment = [](const std::string&) -> const char* { return nullptr; };
  (void)firn::config::Bind(*document, document->root, kFields, no_environment, &problems);
  return 0;
}
