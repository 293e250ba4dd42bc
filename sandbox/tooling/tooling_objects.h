// The objects of the Tooling API that the org has, as object files. Pure; any thread.
#pragma once

#include <span>
#include <string_view>

namespace firn::sandbox {

// EntityDefinition and FieldDefinition first, then what is made of the event settings.
[[nodiscard]] std::span<const std::string_view> ToolingObjectFiles();

}  // namespace firn::sandbox
