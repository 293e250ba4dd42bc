// What a handler of the API gets: the parts it works with, and the request as the router read it.
//
// ApiParts is made once by the server and outlives every request; each part is thread-safe by
// itself. An ApiRequest lives for one request on one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/call.h"
#include "core/base/encoding.h"
#include "core/net/server.h"
#include "sandbox/answer.h"
#include "sandbox/api_db.h"
#include "sandbox/faults.h"
#include "sandbox/life/request_log.h"
#include "sandbox/org.h"
#include "sandbox/sandbox_clock.h"
#include "sandbox/sign_in/apps.h"
#include "sandbox/sign_in/passwords.h"
#include "sandbox/sign_in/sessions.h"
#include "sandbox/sign_in/signing_keys.h"
#include "sandbox/sign_in/users.h"
#include "sandbox/usage.h"

namespace firn::sandbox {

class BulkQueryJobs;
class ChangeCapture;
class EventBus;
class ClassicJobs;
class IngestJobs;
class LakeJobs;
class LakeRate;
class LakeStore;
class QueryPages;

struct ApiParts {
  std::string folder;
  Org& org;
  ApiDb& db;
  AppRegistry& apps;
  SessionStore& sessions;
  UsageMeter& usage;
  const UserDirectory& users;
  SandboxClock& clock;
  FaultBook& faults;
  RequestLog& log;
  QueryPages& pages;
  BulkQueryJobs& jobs;
  IngestJobs& ingest;
  ClassicJobs& classic;
  SigningKeys& keys;
  Passwords& passwords;
  EventBus& events;
  ChangeCapture& changes;
  LakeStore& lake;
  LakeJobs& lake_jobs;
  LakeRate& lake_rate;
  uint64_t bulk_page_rows = 50'000;     // of a result page when the client does not ask
  std::atomic<bool> stop_asked{false};  // by the admin endpoint
};

struct ApiRequest {
  const net::ServerRequest& http;
  const Call& call;
  std::string method;             // after `_HttpMethod`
  int version = 0;                // 60 of `v60.0`
  std::vector<std::string> path;  // decoded segments after the version; no empty ones
  FormFields query;               // decoded
  std::string body;               // inflated
  Session session;
  std::vector<FaultEffect> faults;  // those that shape a page

  // The first value of that name; empty when absent.
  [[nodiscard]] std::string Query(std::string_view name) const {
    for (const auto& [key, value] : query) {
      if (key == name) return value;
    }
    return "";
  }
  // `/services/data/v60.0`
  [[nodiscard]] std::string Root() const {
    return "/services/data/v" + std::to_string(version) + ".0";
  }
  [[nodiscard]] QueryOptions Options(bool all_rows) const {
    return {.all_rows = all_rows,
            .api_version = version,
            .see_hidden = false,
            .user_id = session.user_id};
  }
};

}  // namespace firn::sandbox
