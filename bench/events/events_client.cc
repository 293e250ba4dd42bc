// events_client PORT EVENTS: subscribes with Firn's client, decodes every event and counts what it
// touches. Prints events, touched fields, wall and CPU seconds, peak bytes as JSON.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "ends/salesforce/pubsub.h"
#include "patterns/events/change/plan.h"

namespace {

using namespace firn;

class NoTokens final : public salesforce::TokenSource {
 public:
  Result<salesforce::Session> Get(const Call&) override {
    salesforce::Session session;
    session.access_token = Secret("bench");
    session.instance_url = "http://127.0.0.1";
    return session;
  }
  Result<salesforce::Session> Renew(const Call& call, const salesforce::Session&) override {
    return Get(call);
  }
};

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

Result<void> Run(const std::string& port, int64_t wanted) {
  Call call;
  NoTokens tokens;
  salesforce::PubSubOptions options;
  options.endpoint = "http://127.0.0.1:" + port;
  options.tenant_id = "00D000000000001EAA";
  FIRN_TRY(const auto pubsub, salesforce::PubSub::Open(options, tokens));
  FIRN_TRY(const auto schema, pubsub->Schema(call, "schema-1"));
  FIRN_TRY(const auto plan, events::ChangePlan::Compile(*schema));
  salesforce::SubscribeOptions wish;
  wish.topic = "/data/AccountChangeEvent";
  wish.start = {salesforce::ReplayPosition::From::kEarliest, ""};
  FIRN_TRY(const auto subscription, pubsub->Subscribe(wish));
  events::ChangeRecord record;
  int64_t events = 0;
  int64_t touched = 0;
  const auto begin = std::chrono::steady_clock::now();
  while (events < wanted) {
    FIRN_TRY(const auto batch,
             subscription->Next(call, call.clock->Steady() + std::chrono::seconds(10)));
    if (batch == nullptr) break;
    for (size_t i = 0; i < batch->size(); ++i) {
      FIRN_CHECK(plan.Decode(batch->at(i).payload, record));
      for (const events::Touch touch : record.touched) {
        touched += touch != events::Touch::kUntouched ? 1 : 0;
      }
    }
    events += static_cast<int64_t>(batch->size());
  }
  const double wall =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "{\"events\":%lld,\"touched\":%lld,\"seconds\":%.3f,\"cpu_seconds\":%.3f,"
      "\"rss_bytes\":%lld}\n",
      static_cast<long long>(events), static_cast<long long>(touched), wall,
      Seconds(usage.ru_utime) + Seconds(usage.ru_stime),
      static_cast<long long>(usage.ru_maxrss) * 1024);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto done = Run(argv[1], std::atoll(argv[2]));
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().OneLine().c_str());
  return 1;
}
