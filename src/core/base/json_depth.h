// How deeply JSON text nests, seen before anything is built of it: a tree of a million levels is a
// stack of a million calls to whoever walks it. Pure; any thread.
#pragma once

#include <string_view>

namespace firn {

// Schemas nest; nothing else that is read does much. Deeper text is meant to exhaust something.
inline constexpr int kJsonDepthMax = 200;

// `text` need not be whole or valid.
[[nodiscard]] bool NestsDeeperThan(std::string_view text, int depth_max);

}  // namespace firn
