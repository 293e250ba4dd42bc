// What a client that asks for it is told of a table's storage on S3: credentials of its own, or
// where its requests are signed. Used by the calls that answer tables; any thread.
// Source: REST catalog spec, `X-Iceberg-Access-Delegation`, `StorageCredential`, read 2026-11.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "patterns/federation/desk.h"
#include "patterns/federation/exchange.h"

namespace firn::federation {

// The members `config` and `storage-credentials` of an answer that carries a table.
struct Delegated {
  std::string config_json = "{}";
  std::string credentials_json;  // empty: none
};

// By the header of the request; nothing for a local warehouse. Errors: those of STS.
[[nodiscard]] Result<Delegated> DelegateAccess(Desk& desk, const Exchange& exchange,
                                               const EntryName& name,
                                               const lake::TableMetadata& metadata);
// The list for the call that renews credentials, whatever the header says. `places`: of the table.
[[nodiscard]] Result<nlohmann::ordered_json> StorageCredentials(Desk& desk,
                                                                const Exchange& exchange,
                                                                const EntryName& name,
                                                                const std::vector<S3Place>& places);
// Every place that a table's files lie in. Errors: those of ParseS3Uri.
[[nodiscard]] Result<std::vector<S3Place>> PlacesOf(const lake::TableMetadata& metadata);

}  // namespace firn::federation
