// A REST catalog of a test's own on this machine, that keeps its tables in memory and fails as it
// is told, and a lake that uses it.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/base/encoding.h"
#include "core/base/file.h"
#include "core/net/server.h"
#include "ends/lake/catalog/rest_lake.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/table_io.h"
#include "ends/lake/updates/table_updates.h"
#include "tests/support/test_folder.h"

namespace firn::lake {

class RestDesk : public testing::Test {
 protected:
  using Json = nlohmann::ordered_json;
  // What happens to the next request whose method and path begin so.
  struct Fault {
    std::string what;        // `POST /v1/namespaces/n/tables/t`
    int status = 0;          // answered so; 0: the answer is lost
    bool carry_out = false;  // before that
    net::Headers headers;
    std::function<void()> meanwhile = {};  // after it was carried out, or not
  };

  RestDesk() {
    store_ = LocalStore(folder_ + "/lake");
    call_.clock = &clock_;
    server_ =
        *net::Listen({}, net::OnPool([this](net::ServerRequest request,
                                            const Call&) { return Answer(std::move(request)); },
                                     4, 64));
    uri_ = "http://127.0.0.1:" + std::to_string(server_->port());
  }
  ~RestDesk() override { server_.reset(); }
  static std::string Name() {
    return testing::UnitTest::GetInstance()->current_test_info()->name();
  }

  RestCatalogOptions Options() const {
    RestCatalogOptions options;
    options.uri = uri_;
    options.proxy = "none";
    return options;
  }
  static net::ServerResponse Ok(const Json& json) {
    net::ServerResponse response;
    response.body = json.dump();
    return response;
  }
  LakeOptions Places() const {
    return {.warehouse = folder_ + "/lake", .catalog_path = folder_ + "/state/catalog.db"};
  }
  Result<std::unique_ptr<Lake>> Open() { return OpenRestLake(call_, Options(), Places()); }

  static record::Schema OneColumn() {
    record::Schema schema;
    schema.fields.push_back({1, "Id", true, {}, ""});
    return schema;
  }
  DataFile File(const std::string& name) {
    DataFile file;
    file.path = FileUri(folder_ + "/lake/" + name);
    file.record_count = 1;
    file.file_size_bytes = 1;
    EXPECT_TRUE(WriteFileDurably(folder_ + "/lake/" + name, "x"));
    return file;
  }

  std::vector<std::string> Seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  int Count(const std::string& what) {
    int count = 0;
    for (const std::string& one : Seen()) count += one == what ? 1 : 0;
    return count;
  }
  void Mend() {
    const std::lock_guard lock(mutex_);
    faults_.clear();
  }
  void Break(Fault fault) {
    const std::lock_guard lock(mutex_);
    faults_.push_back(std::move(fault));
  }

  // Changes the answers for good.
  Json config_ = {{"defaults", Json::object()}, {"overrides", Json::object()}};
  std::function<void(Json& answer)> on_table_;                  // of load, create and commit
  std::function<int(const net::ServerRequest& request)> door_;  // a status that refuses; 0: come in
  std::function<Json(const net::ServerRequest& request)> token_;
  // Answers in place of the catalog, where it has an answer.
  std::function<std::optional<net::ServerResponse>(const net::ServerRequest& request)> other_;
  bool etags_ = false;

  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  std::string uri_;
  std::shared_ptr<ObjectStore> store_;
  ManualClock clock_{UtcMicros(std::chrono::seconds(1'800'000'000))};  // sleeps take no time
  Call call_;
  std::map<std::string, std::string> keys_seen_;  // of commits: idempotency key -> answer

 private:
  struct Held {
    std::string location;
    TableMetadata metadata;
  };

  int64_t NowMs() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Now().time_since_epoch())
        .count();
  }

  net::ServerResponse Answer(net::ServerRequest request) {
    const std::string what = request.method + " " + request.path;
    std::optional<Fault> fault;
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(what);
      if (!faults_.empty() && what.starts_with(faults_.front().what)) {
        fault = std::move(faults_.front());
        faults_.pop_front();
      }
    }
    net::ServerResponse response;
    const int refused = door_ && request.path != "/v1/oauth/tokens" ? door_(request) : 0;
    if (refused != 0) return Error(refused, "NotAuthorizedException", "not you");
    if (!fault || fault->carry_out) response = Serve(request);
    if (!fault) return response;
    if (fault->meanwhile) fault->meanwhile();
    if (fault->status != 0) {
      response = Error(fault->status, "Broken", "as the test wants it");
      for (const auto& [name, value] : fault->headers.all()) response.headers.Add(name, value);
      return response;
    }
    response.drop_after_bytes = 0;
    if (response.body.empty()) response.body = "{}";
    return response;
  }

  static net::ServerResponse Error(int status, const std::string& type, const std::string& text) {
    net::ServerResponse response;
    response.status = status;
    response.body = Json{{"error", {{"message", text}, {"type", type}, {"code", status}}}}.dump();
    return response;
  }

  net::ServerResponse Serve(const net::ServerRequest& request) {
    const std::string& path = request.path;
    if (other_) {
      if (auto answer = other_(request)) return *std::move(answer);
    }
    if (path == "/v1/config") return Ok(config_);
    if (path == "/v1/oauth/tokens") return Ok(token_ ? token_(request) : Json::object());
    if (path == "/v1/namespaces" && request.method == "POST") return Ok(Json::object());
    if (path == "/v1/namespaces") return Ok({{"namespaces", Json::array({Json::array({"n"})})}});
    const std::string tables = "/v1/namespaces/n/tables";
    if (path == tables && request.method == "POST") return Create(request);
    if (path.starts_with(tables + "/")) return OfTable(request, path.substr(tables.size() + 1));
    return Error(404, "NoSuchNamespaceException", "no such namespace");
  }

  net::ServerResponse Create(const net::ServerRequest& request) {
    const Json body = Json::parse(request.body);
    const std::string name = body["name"];
    const std::lock_guard lock(mutex_);
    if (tables_.contains(name)) return Error(409, "AlreadyExistsException", "it exists");
    TableRequest wanted;
    wanted.schema_json = body["schema"].dump();
    wanted.properties = body["properties"].get<std::map<std::string, std::string>>();
    wanted.location = FileUri(folder_ + "/lake/n/" + name);
    wanted.uuid = NewUuid(*call_.random);
    wanted.now_ms = NowMs();
    return Store(name, *NewTableFromRequest(wanted));
  }

  net::ServerResponse OfTable(const net::ServerRequest& request, const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto held = tables_.find(name);
    if (held == tables_.end()) return Error(404, "NoSuchTableException", "no such table");
    if (request.method == "GET") {
      const std::string tag = "\"" + held->second.location + "\"";
      const bool same = etags_ && request.headers.Get("If-None-Match") == tag;
      net::ServerResponse response = same ? net::ServerResponse() : Told(held->second);
      if (same) response.status = 304;
      if (etags_) response.headers.Add("ETag", tag);
      return response;
    }
    if (request.method == "DELETE") {
      tables_.erase(held);
      net::ServerResponse response;
      response.status = 204;
      return response;
    }
    const std::string key = request.headers.GetOr("Idempotency-Key", "");
    if (!key.empty() && keys_seen_.contains(key)) return Ok(Json::parse(keys_seen_[key]));
    const Json body = Json::parse(request.body);
    const auto holds = CheckRequirements(body["requirements"].dump(), &held->second.metadata);
    if (!holds) return Error(409, "CommitFailedException", holds.error().what());
    auto next = ApplyUpdates(held->second.metadata, body["updates"].dump(), NowMs());
    if (!next) return Error(400, "BadRequestException", next.error().OneLine());
    net::ServerResponse response = Store(name, next->metadata);
    if (!key.empty()) keys_seen_[key] = response.body;
    return response;
  }

  net::ServerResponse Store(const std::string& name, TableMetadata metadata) {
    const auto location = WriteMetadata(call_, *store_, {metadata, MetadataJson(metadata), 0});
    tables_[name] = {*location, std::move(metadata)};
    return Told(tables_[name]);
  }
  net::ServerResponse Told(const Held& held) {
    Json answer = {{"metadata-location", held.location},
                   {"metadata", Json::parse(MetadataJson(held.metadata))},
                   {"config", Json::object()}};
    if (on_table_) on_table_(answer);
    return Ok(answer);
  }

  std::mutex mutex_;
  std::vector<std::string> seen_;
  std::deque<Fault> faults_;
  std::map<std::string, Held> tables_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace firn::lake
