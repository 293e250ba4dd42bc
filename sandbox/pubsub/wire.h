// Between gRPC's types and ours: metadata in, status and trailers out. Private to the door.
#pragma once

#include <grpcpp/grpcpp.h>
#include <pubsub_api.grpc.pb.h>

#include <string>
#include <utility>

#include "sandbox/events/replay_id.h"
#include "sandbox/pubsub/caller.h"
#include "sandbox/pubsub/rpc_error.h"
#include "sandbox/pubsub/subscription.h"

namespace firn::sandbox {

[[nodiscard]] inline CallMetadata MetadataOf(const grpc::CallbackServerContext& context) {
  const auto text = [&](const char* key) {
    const auto found = context.client_metadata().find(key);
    return found == context.client_metadata().end()
               ? std::string()
               : std::string(found->second.data(), found->second.size());
  };
  return {text("accesstoken"), text("instanceurl"), text("tenantid")};
}

// The status to finish with. Sets the trailers `error-code` and `rpc-id`.
[[nodiscard]] inline grpc::Status StatusOf(grpc::CallbackServerContext& context,
                                           const RpcError& error, const std::string& rpc_id) {
  if (error.status == RpcStatus::kOk) return grpc::Status::OK;
  context.AddTrailingMetadata("rpc-id", rpc_id);
  if (!error.code.empty()) {
    context.AddTrailingMetadata("error-code", std::string(kErrorCodePrefix) + error.code);
  }
  return {static_cast<grpc::StatusCode>(error.status), error.message + " rpcId: " + rpc_id};
}

// Moves a batch into a FetchResponse or a ManagedFetchResponse.
template <typename Response>
void FillResponse(EventBatch batch, const std::string& rpc_id, Response& response) {
  response.Clear();
  for (LogEvent& event : batch.events) {
    auto* consumer = response.add_events();
    consumer->set_replay_id(ReplayIdBytes(event.replay_id));
    auto* inner = consumer->mutable_event();
    inner->set_id(std::move(event.id));
    inner->set_schema_id(std::move(event.schema_id));
    inner->set_payload(std::move(event.payload));
  }
  response.set_latest_replay_id(ReplayIdBytes(batch.latest));
  response.set_rpc_id(rpc_id);
  response.set_pending_num_requested(batch.pending);
}

}  // namespace firn::sandbox
