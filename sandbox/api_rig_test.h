// A sandbox in this process and a client for it, for tests of the HTTP half.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "core/net/client.h"
#include "sandbox/door/server.h"
#include "tests/support/test_folder.h"

namespace firn::sandbox {

using nlohmann::json;

class ApiRig : public ::testing::Test {
 protected:
  void SetUp() override {
    net::ClientOptions client;
    client.proxy = "none";
    transport_ = net::NewHttpClient(client).value();
    Start();
  }
  void TearDown() override {
    sandbox_.reset();
    transport_.reset();
  }

  virtual SandboxOptions Options() {
    SandboxOptions options;
    options.tls = false;
    options.pubsub = false;
    options.bulk_page_rows = 100;
    return options;
  }
  // Starts, or starts again on the same folder.
  void Start() {
    sandbox_.reset();
    SandboxOptions options = Options();
    options.folder = folder_;
    auto started = Sandbox::Start(std::move(options));
    ASSERT_TRUE(started) << started.error().OneLine();
    sandbox_ = *std::move(started);
    if (token_.empty()) token_ = sandbox_->NewAccessToken().value();
  }
  // Plain accounts named `Account 0` .. in the order they are made.
  void MakeAccounts(int count) {
    for (int i = 0; i < count; ++i) {
      const auto id = sandbox_->org().Insert("Account", {{"Name", "Account " + std::to_string(i)}},
                                             Org::Change{});
      ASSERT_TRUE(id) << id.error().OneLine();
    }
  }

  Result<net::Response> Try(const std::string& method, const std::string& path,
                            const std::string& body = "", net::Headers headers = {}) {
    net::Request request;
    request.method = method;
    request.url = sandbox_->http_url() + path;
    request.body = body;
    request.headers = std::move(headers);
    request.idle_timeout = idle_timeout_;
    if (!request.headers.Get("Authorization")) {
      request.headers.Set("Authorization", "Bearer " + token_);
    }
    if (!body.empty() && !request.headers.Get("Content-Type")) {
      request.headers.Set("Content-Type", "application/json");
    }
    return transport_->Send(Call{}, request);
  }
  net::Response Send(const std::string& method, const std::string& path,
                     const std::string& body = "", net::Headers headers = {}) {
    auto response = Try(method, path, body, std::move(headers));
    EXPECT_TRUE(response) << response.error().OneLine();
    return response ? *std::move(response) : net::Response{};
  }
  net::Response Get(const std::string& path, net::Headers headers = {}) {
    return Send("GET", path, "", std::move(headers));
  }
  json GetJson(const std::string& path) { return Parse(Get(path)); }
  static json Parse(const net::Response& response) {
    return json::parse(response.body, nullptr, false);
  }
  // `404 NOT_FOUND`
  static std::string ErrorOf(const net::Response& response) {
    const json body = Parse(response);
    const bool array = body.is_array() && body.size() == 1;
    return std::to_string(response.status) + " " +
           (array ? body[0].value("errorCode", "") : "no error array");
  }
  // The job's id, once it is done.
  std::string RunJob(const std::string& soql, const json& more = json::object(),
                     const std::string& version = "v60.0") {
    json wish = {{"operation", "query"}, {"query", soql}};
    wish.update(more);
    const auto created = Send("POST", "/services/data/" + version + "/jobs/query", wish.dump());
    EXPECT_EQ(created.status, 200) << created.body;
    const std::string id = Parse(created).value("id", "");
    WaitForJob(id, version);
    return id;
  }
  json WaitForJob(const std::string& id, const std::string& version = "v60.0") {
    json job;
    for (int i = 0; i < 20'000; ++i) {
      job = GetJson("/services/data/" + version + "/jobs/query/" + id);
      const std::string state = job.value("state", "");
      if (state != "UploadComplete" && state != "InProgress") break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return job;
  }

  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  std::string token_;
  std::chrono::milliseconds idle_timeout_{60'000};
  std::unique_ptr<net::Transport> transport_;
  std::unique_ptr<Sandbox> sandbox_;
};

}  // namespace firn::sandbox
