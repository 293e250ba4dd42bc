// events_server SCHEMA_FILE PAYLOAD_FILE EVENTS [CERTIFICATE KEY]: serves one topic with the same
// event over and over, and honours what subscribers ask for: requests add up, 100 outstanding at
// most. Prints the clear port, and the TLS port when there is a certificate; ends with its stdin.
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <mutex>
#include <sstream>
#include <thread>

#include "pubsub_api.grpc.pb.h"

namespace {

namespace wire = eventbus::v1;

constexpr int kOutstandingMax = 100;

std::string Read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class Server final : public wire::PubSub::Service {
 public:
  Server(std::string schema, std::string payload, int64_t events)
      : schema_(std::move(schema)), payload_(std::move(payload)), events_(events) {}

  grpc::Status GetTopic(grpc::ServerContext*, const wire::TopicRequest* request,
                        wire::TopicInfo* info) override {
    info->set_topic_name(request->topic_name());
    info->set_schema_id("schema-1");
    info->set_can_subscribe(true);
    return grpc::Status::OK;
  }
  grpc::Status GetSchema(grpc::ServerContext*, const wire::SchemaRequest* request,
                         wire::SchemaInfo* info) override {
    info->set_schema_id(request->schema_id());
    info->set_schema_json(schema_);
    return grpc::Status::OK;
  }
  grpc::Status Subscribe(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<wire::FetchResponse, wire::FetchRequest>* stream) override {
    std::mutex mutex;
    std::condition_variable asked;
    int credits = 0;
    bool gone = false;
    std::jthread reader([&] {
      wire::FetchRequest request;
      while (stream->Read(&request)) {
        const std::lock_guard lock(mutex);
        credits = std::min(kOutstandingMax, credits + request.num_requested());
        asked.notify_one();
      }
      const std::lock_guard lock(mutex);
      gone = true;
      asked.notify_one();
    });
    int64_t sent = 0;
    while (true) {
      int count = 0;
      {
        std::unique_lock lock(mutex);
        asked.wait(lock, [&] { return credits > 0 || gone; });
        if (gone) return grpc::Status::OK;
        count = static_cast<int>(std::min<int64_t>(credits, events_ - sent));
        credits -= count;
      }
      // All are told: what remains is silence, as on a quiet topic.
      if (count == 0) {
        std::unique_lock lock(mutex);
        asked.wait(lock, [&] { return gone; });
        return grpc::Status::OK;
      }
      wire::FetchResponse response;
      for (int i = 0; i < count; ++i) {
        ++sent;
        wire::ConsumerEvent* event = response.add_events();
        std::string place(8, '\0');
        for (int b = 0; b < 8; ++b) place[7 - b] = static_cast<char>(sent >> (8 * b));
        event->set_replay_id(place);
        event->mutable_event()->set_id("8d1f6a3e-0000-4000-8000-" +
                                       std::to_string(1000000000 + sent));
        event->mutable_event()->set_schema_id("schema-1");
        event->mutable_event()->set_payload(payload_);
      }
      response.set_latest_replay_id(response.events(count - 1).replay_id());
      if (!stream->Write(response)) return grpc::Status::OK;
    }
  }

 private:
  const std::string schema_;
  const std::string payload_;
  const int64_t events_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 6) return 2;
  Server service(Read(argv[1]), Read(argv[2]), std::atoll(argv[3]));
  grpc::ServerBuilder builder;
  int clear = 0;
  int tls = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &clear);
  if (argc == 6) {
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({Read(argv[5]), Read(argv[4])});
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &tls);
  }
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::printf("%d %d\n", clear, tls);
  std::fflush(stdout);
  std::cin.get();
  server->Shutdown(std::chrono::system_clock::now());
  return 0;
}
