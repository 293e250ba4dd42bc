// What could go wrong in production: between our client and the wire. The same paths as in the
// scripted tests, but through real sockets: a page that breaks off, stalls, or is cut in its gzip.
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "core/net/inflate.h"
#include "core/net/server.h"
#include "ends/salesforce/org.h"

namespace firn::salesforce {
namespace {

using Json = nlohmann::json;

net::ServerResponse Text(int status, std::string body, net::Headers headers = {}) {
  net::ServerResponse response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  return response;
}

std::string CsvPage(int page, int rows) {
  std::string csv = "\"Id\",\"Name\"\n";
  for (int i = 0; i < rows; ++i) {
    csv += "\"001" + std::to_string(page * 100'000 + i) + "\",\"Row " + std::to_string(i) + "\"\n";
  }
  return csv;
}

// An org of one job with three pages of `kRows` rows.
class LoopbackOrg : public ::testing::Test {
 protected:
  static constexpr int kRows = 5000;

  LoopbackOrg() {
    net::ServerOptions options;
    options.threads = 1;
    auto server =
        net::Listen(options, [this](net::ServerRequest request, const Call&, net::Reply reply) {
          std::move(reply).Answer(Serve(request));
        });
    FIRN_ASSERT(server.has_value());
    server_ = *std::move(server);
    net::ClientOptions client;
    client.proxy = "none";
    transport_ = *net::NewHttpClient(client);
  }

  Result<std::unique_ptr<Org>> Open() {
    OrgOptions options;
    options.name = "loopback";
    options.sign_in.kind = SignIn::Kind::kClientCredentials;
    options.sign_in.login_url = "http://127.0.0.1:" + std::to_string(server_->port());
    options.sign_in.client_id = "id";
    options.sign_in.client_secret = Secret("shh");
    options.backoff.first = std::chrono::milliseconds(5);
    options.bulk.page_idle_timeout = std::chrono::milliseconds(1500);
    options.bulk.poll_first = std::chrono::milliseconds(5);
    OrgParts parts;
    parts.transport = transport_.get();
    return Org::Open(Call{}, options, parts);
  }

  // Rows of all pages, each opened again by its locator when it breaks.
  Result<int64_t> Download(Org& org, int repeats_max) {
    int64_t rows = 0;
    std::string locator;
    for (int repeats = 0;;) {
      auto page = org.bulk().OpenResults(Call{}, "750x", locator, 0);
      Result<int64_t> read = page ? Lines(*page->body) : Fail(page.error());
      if (!read) {
        if (++repeats > repeats_max) return Fail(read.error());
        continue;
      }
      EXPECT_EQ(*read - 1, page->rows);
      rows += *read - 1;
      if (page->next_locator.empty()) return rows;
      locator = page->next_locator;
    }
  }

  static Result<int64_t> Lines(net::BodyStream& body) {
    int64_t lines = 0;
    for (;;) {
      FIRN_TRY(const std::string piece, body.Read(1 << 16));
      if (piece.empty()) return lines;
      lines += std::count(piece.begin(), piece.end(), '\n');
    }
  }

  std::atomic<int> tokens_{0};
  std::atomic<bool> revoke_{false};
  std::atomic<int> faults_{0};  // pages still to be spoilt
  enum class Fault { kDrop, kStall, kCutGzip } fault_ = Fault::kDrop;

 private:
  net::ServerResponse Serve(const net::ServerRequest& request) {
    const std::string url = "http://127.0.0.1:" + std::to_string(server_->port());
    if (request.path == "/services/oauth2/token") {
      return Text(200, Json{{"access_token", "T" + std::to_string(++tokens_)},
                            {"instance_url", url},
                            {"id", url + "/id/00D000000000062EAA/005000000000001AAA"}}
                           .dump());
    }
    if (request.path == "/services/data") return Text(200, R"([{"version":"66.0"}])");
    if (revoke_.exchange(false)) {
      return Text(401, R"([{"message":"Session expired or invalid",)"
                       R"("errorCode":"INVALID_SESSION_ID"}])");
    }
    if (request.path.ends_with("/limits")) {
      return Text(200, R"({"DailyApiRequests":{"Max":15000,"Remaining":15000}})");
    }
    return Page(request);
  }

  net::ServerResponse Page(const net::ServerRequest& request) {
    const size_t at = request.query.find("locator=L");
    const int page = at == std::string::npos ? 0 : std::atoi(request.query.c_str() + at + 9);
    net::ServerResponse response =
        Text(200, net::Gzip(CsvPage(page, kRows)),
             {{"Content-Encoding", "gzip"},
              {"Content-Type", "text/csv"},
              {"Sforce-NumberOfRecords", std::to_string(kRows)},
              {"Sforce-Locator", page < 2 ? "L" + std::to_string(page + 1) : "null"}});
    if (page == 1 && faults_ > 0) {
      --faults_;
      const auto half = static_cast<int64_t>(response.body.size() / 2);
      if (fault_ == Fault::kDrop) response.drop_after_bytes = half;
      if (fault_ == Fault::kStall) response.stall_after_bytes = half;
      if (fault_ == Fault::kCutGzip) response.body.resize(response.body.size() / 2);
    }
    return response;
  }

  std::unique_ptr<net::Server> server_;
  std::unique_ptr<net::Transport> transport_;
};

TEST_F(LoopbackOrg, PagesComeWhole) {
  const auto org = Open();
  ASSERT_TRUE(org) << org.error().OneLine();
  EXPECT_EQ(Download(**org, 0).value_or(-1), 3 * kRows);
}

TEST_F(LoopbackOrg, SessionRevokedInMidDownloadIsRenewedAndNothingIsLost) {
  const auto org = Open();
  ASSERT_TRUE(org);
  revoke_ = true;
  EXPECT_EQ(Download(**org, 0).value_or(-1), 3 * kRows);
  EXPECT_EQ(tokens_, 2);
}

TEST_F(LoopbackOrg, PageThatBreaksOffIsAnErrorAndComesWholeTheNextTime) {
  const auto org = Open();
  ASSERT_TRUE(org);
  faults_ = 1;
  EXPECT_EQ(Download(**org, 1).value_or(-1), 3 * kRows);
  faults_ = 1;
  const auto broken = Download(**org, 0);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind(), Kind::kUnreachable) << broken.error().OneLine();
}

TEST_F(LoopbackOrg, PageCutShortInsideItsGzipIsCorruptNotTheEnd) {
  const auto org = Open();
  ASSERT_TRUE(org);
  fault_ = Fault::kCutGzip;
  faults_ = 1;
  const auto broken = Download(**org, 0);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind(), Kind::kCorrupt) << broken.error().OneLine();
}

TEST_F(LoopbackOrg, StalledPageTimesOutAndTheNextIsAskedForSmaller) {
  const auto org = Open();
  ASSERT_TRUE(org);
  fault_ = Fault::kStall;
  faults_ = 1;
  EXPECT_EQ(Download(**org, 1).value_or(-1), 3 * kRows);
  EXPECT_EQ((*org)->bulk().records_per_page(), 25'000);
}

}  // namespace
}  // namespace firn::salesforce
