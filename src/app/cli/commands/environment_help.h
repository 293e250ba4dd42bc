// `firn help environment`: the variables that Firn reads, by what they are for. Main thread.
#pragma once

#include "app/cli/command.h"

namespace firn::cli {

void PrintEnvironment(Context& context);

}  // namespace firn::cli
