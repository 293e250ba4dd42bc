// Streaming a publication to Data Cloud: the requests that lie in its parts, one after the other,
// each noted once it was accepted, so that a call that was stopped is gone on with where it was.
//
// The API takes requests and works them in later (some minutes), and tells nobody of records that
// did not fit: the first request is therefore put to its check of records before any is sent.
// Source: Data 360 Developer Guide, "Streaming Ingestion", "Synchronous Record Validation", read
// 2026-11.
#pragma once

#include <functional>
#include <string>

#include "core/base/call.h"
#include "ends/salesforce/data_cloud.h"
#include "patterns/federation/publish/cloud_ledger.h"

namespace firn::federation {

struct CloudStream {
  salesforce::DataCloud& cloud;
  salesforce::IngestSpec target;
  std::string folder;                  // of the parts
  std::function<Result<void>()> save;  // the ledger
  std::function<void(const std::string& doing)> say;
};

// Sends what `ledger` says was not sent yet. Errors: those of DataCloud::Stream and Check; Corrupt
// (PUB-CLOUD-003) when a part is not as it was written.
[[nodiscard]] Result<void> SendRequests(const Call& call, const CloudStream& stream,
                                        CloudLedger& ledger);

}  // namespace firn::federation
