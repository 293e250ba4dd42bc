#include "app/cli/explain.h"

#include <algorithm>

#include "app/cli/error_codes.h"
#include "app/engine/error_codes.h"
#include "core/base/error_codes.h"
#include "core/config/error_codes.h"
#include "core/expr/error_codes.h"
#include "core/identity/error_codes.h"
#include "core/net/error_codes.h"
#include "core/project/error_codes.h"
#include "core/record/error_codes.h"
#include "core/state/error_codes.h"
#include "ends/aws/error_codes.h"
#include "ends/kafka/error_codes.h"
#include "ends/lake/error_codes.h"
#include "ends/salesforce/error_codes.h"
#include "ends/telemetry/error_codes.h"
#include "patterns/events/error_codes.h"
#include "patterns/exports/error_codes.h"
#include "patterns/federation/error_codes.h"
#include "sandbox/error_codes.h"

namespace firn::cli {

std::vector<ErrorCode> AllErrorCodes() {
  std::vector<ErrorCode> all;
  for (const auto codes :
       {base::ErrorCodes(), config::ErrorCodes(), expr::ErrorCodes(), identity::ErrorCodes(),
        net::ErrorCodes(), project::ErrorCodes(), record::ErrorCodes(), state::ErrorCodes(),
        lake::ErrorCodes(), aws::ErrorCodes(), salesforce::ErrorCodes(), kafka::ErrorCodes(),
        events::ErrorCodes(), exports::ErrorCodes(), federation::ErrorCodes(),
        telemetry::ErrorCodes(), engine::ErrorCodes(), cli::ErrorCodes(), sandbox::ErrorCodes()}) {
    all.insert(all.end(), codes.begin(), codes.end());
  }
  std::sort(all.begin(), all.end(),
            [](const ErrorCode& a, const ErrorCode& b) { return a.code < b.code; });
  return all;
}

}  // namespace firn::cli
