// The admin endpoints that give the org its life: load, traffic, snapshot, queries of the page, log
// files. Any thread; blocking.
#pragma once

#include "sandbox/api_request.h"
#include "sandbox/life/life_parts.h"

namespace firn::sandbox {

// POST `/sandbox/load?format=csv|json|describe[&object=Account]` with the data as body.
[[nodiscard]] Answer HandleLoad(ApiParts& parts, LifeParts& life,
                                const net::ServerRequest& request);
// POST {"changes": 100, "seed": 1} makes them now, {"per_second": 20, "seed": 1} from now on;
// GET tells, DELETE stops.
[[nodiscard]] Answer HandleTraffic(LifeParts& life, const net::ServerRequest& request);
// POST {"to": folder}.
[[nodiscard]] Answer HandleSnapshot(ApiParts& parts, LifeParts& life,
                                    const net::ServerRequest& request);
// POST {"soql": ..}: the first 200 records as an administrator sees them.
[[nodiscard]] Answer HandlePageQuery(ApiParts& parts, const net::ServerRequest& request);
// POST: EventLogFile records of the running hour and day, now.
[[nodiscard]] Answer HandleEventLogs(LifeParts& life, const net::ServerRequest& request);

// POST {"swapped": bool}: the TLS door's certificate comes of a CA nobody knows, within a second.
[[nodiscard]] Answer HandleCertificate(LifeParts& life, const net::ServerRequest& request);
// POST: the org moves to another instance. Sessions end, Organization.InstanceName changes, and
// replay ids of before mean nothing any more.
[[nodiscard]] Answer HandleMigrate(ApiParts& parts, LifeParts& life,
                                   const net::ServerRequest& request);

// Gives the org the name of another instance, as a migration does. Errors: the store's.
[[nodiscard]] Result<void> RenameInstance(ApiParts& parts);

}  // namespace firn::sandbox
