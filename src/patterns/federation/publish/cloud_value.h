// Values as Data Cloud takes them, before they are put into CSV or JSON. Pure; any thread.
// Source: Data 360 Developer Guide, "Get Started with Ingestion API", "Valid Date Format in
// Records": dates `yyyy-MM-dd`, instants `yyyy-MM-ddTHH:mm:ss.SSSZ`; read 2026-11.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/record/schema.h"

namespace firn::federation {

// Whether Data Cloud has a type for it.
[[nodiscard]] bool HasCloudType(record::TypeId id);

struct CloudValue {
  std::string text;
  bool cut = false;  // an instant lost what it had beyond milliseconds
};
// `text`: the cell as lake::RowText writes it. The error says why it cannot be sent, not which cell
// it is: BadInput (PUB-CLOUD-002).
[[nodiscard]] Result<CloudValue> CloudValueOf(std::string text, const record::Field& field);

}  // namespace firn::federation
