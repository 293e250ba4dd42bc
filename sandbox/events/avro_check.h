// Whether bytes are a record of an Avro schema: what the bus asks of events that clients publish.
//
// The bytes are from outside: depth, lengths and counts are bounded by the bytes there are. Pure;
// any thread. Source: Avro 1.11 specification, 'Binary Encoding' and 'Schema Declaration'.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace firn::sandbox {

// Errors: BadInput (SBX-EVENTS-003) saying at which field the bytes leave the schema, or that bytes
// remain behind the record; Corrupt when the schema itself cannot be read.
[[nodiscard]] Result<void> CheckAvro(std::string_view schema_json, std::string_view bytes);

// The `name` of a type or field of a schema; empty when it has none that is text.
[[nodiscard]] std::string NameOf(const nlohmann::json& part);

}  // namespace firn::sandbox
