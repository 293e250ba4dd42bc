// `firn help config`: the keys of a project's files, all of them or those of one name. Private to
// cli.
#pragma once

#include <string_view>

#include "app/cli/command.h"

namespace firn::cli {

// Every key of every file, as Markdown.
void PrintConfigReference(Context& context);

// The keys named `key` and all below them: `daemon.otlp`, or `otlp` wherever it stands. Errors:
// CLI-USAGE-001 with the nearest name.
[[nodiscard]] Result<ExitCode> PrintConfigKeys(Context& context, std::string_view key);

}  // namespace firn::cli
