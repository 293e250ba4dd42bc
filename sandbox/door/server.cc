#include "sandbox/door/server.h"

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/net/server.h"
#include "sandbox/api_request.h"
#include "sandbox/bulk/bulk_query.h"
#include "sandbox/bulk/classic_jobs.h"
#include "sandbox/bulk/ingest_jobs.h"
#include "sandbox/crypto.h"
#include "sandbox/data_cloud/lake_jobs.h"
#include "sandbox/data_cloud/lake_rate.h"
#include "sandbox/door/front_door.h"
#include "sandbox/door/proxy_door.h"
#include "sandbox/events/activity.h"
#include "sandbox/events/change_capture.h"
#include "sandbox/events/event_bus.h"
#include "sandbox/life/admin.h"
#include "sandbox/pubsub/door.h"
#include "sandbox/query_pages.h"
#include "sandbox/rest/rest.h"
#include "sandbox/sign_in/logout_pages.h"
#include "sandbox/sign_in/oauth.h"
#include "sandbox/sign_in/org_users.h"
#include "sandbox/sign_in/user_watch.h"
#include "sandbox/streaming/push_topics.h"
#include "sandbox/streaming/streaming_door.h"

namespace firn::sandbox {
namespace {

constexpr size_t kRequestsWaitingMax = 4096;
constexpr auto kFlushEvery = std::chrono::seconds(1);
constexpr auto kDropOldEvery = std::chrono::minutes(10);

const std::vector<std::string> kTlsNames = {"localhost",
                                            "login.salesforce.com",
                                            "test.salesforce.com",
                                            "*.salesforce.com",
                                            "*.my.salesforce.com",
                                            "*.sandbox.my.salesforce.com",
                                            "*.develop.my.salesforce.com",
                                            "*.c360a.salesforce.com",
                                            "api.pubsub.salesforce.com"};

// The CA and the server certificate of the org folder, made at the first start.
Result<net::ServerOptions> TlsOptions(const std::string& folder, UtcMicros now) {
  const std::string tls = folder + "/tls";
  if (!FileExists(tls + "/server.pem") || !FileExists(tls + "/server.key")) {
    FIRN_TRY(const TlsMaterial material, MintTls(kTlsNames, now));
    FIRN_CHECK(MakeFolders(tls, 0700));
    FIRN_CHECK(WriteFileDurably(folder + "/ca.pem", material.ca_pem));
    FIRN_CHECK(WriteFileDurably(tls + "/ca.key", material.ca_key_pem, 0600));
    FIRN_CHECK(WriteFileDurably(tls + "/server.key", material.key_pem, 0600));
    FIRN_CHECK(WriteFileDurably(tls + "/server.pem", material.chain_pem));
  }
  net::ServerOptions options;
  FIRN_TRY(options.certificate_pem, ReadFile(tls + "/server.pem"));
  FIRN_TRY(options.key_pem, ReadFile(tls + "/server.key"));
  return options;
}

// The day's limits as an administrator set them; the defaults for the rest.
Result<DailyLimits> KeptLimits(ApiDb& db) {
  DailyLimits limits;
  FIRN_TRY(const auto kept, db.Setting("limits"));
  const auto json = nlohmann::json::parse(kept.value_or("{}"), nullptr, false);
  if (!json.is_object()) return limits;
  limits.api_requests = json.value("api_requests", limits.api_requests);
  limits.bulk_query_jobs = json.value("bulk_query_jobs", limits.bulk_query_jobs);
  limits.bulk_query_bytes = json.value("bulk_query_bytes", limits.bulk_query_bytes);
  limits.delivered_events = json.value("delivered_events", limits.delivered_events);
  limits.published_events = json.value("published_events", limits.published_events);
  limits.bulk_batches = json.value("bulk_batches", limits.bulk_batches);
  limits.bulk_rows = json.value("bulk_rows", limits.bulk_rows);
  return limits;
}

class SandboxImpl final : public Sandbox {
 public:
  explicit SandboxImpl(SandboxOptions options)
      : options_(std::move(options)), clock_(*options_.clock) {}
  ~SandboxImpl() override;
  [[nodiscard]] Result<void> Open();

  std::string http_url() const override {
    return "http://" + options_.address + ":" + std::to_string(http_->port());
  }
  std::string tls_url() const override {
    return secure_.port ? "https://localhost:" + std::to_string(secure_.port) : "";
  }
  std::string proxy_url() const override {
    return proxy_ ? "http://" + options_.address + ":" + std::to_string(proxy_->port()) : "";
  }
  std::string pubsub_endpoint() const override {
    return pubsub_ ? options_.address + ":" + std::to_string(pubsub_->port()) : "";
  }
  std::string pubsub_tls_endpoint() const override {
    const uint16_t port = pubsub_ ? pubsub_->tls_port() : 0;
    return port == 0 ? "" : "localhost:" + std::to_string(port);
  }
  std::string ca_file() const override { return secure_.port ? options_.folder + "/ca.pem" : ""; }
  std::string client_id() const override { return FirstApp().client_id; }
  std::string client_secret() const override { return FirstApp().client_secret.Reveal(); }
  std::string key_file() const override { return options_.folder + "/keys/demo.key"; }
  std::string username() const override { return administrator_.username; }
  Org& org() override { return *org_; }
  Result<void> AddFaults(std::string_view json) override { return faults_.Add(json); }
  void ClearFaults() override { faults_.Clear(); }
  Result<std::string> NewAccessToken() override {
    return NewToken(SessionStore::TokenKind::kAccess);
  }
  Result<std::string> NewRefreshToken() override {
    return NewToken(SessionStore::TokenKind::kRefresh);
  }
  void SetUsed(Allotment allotment, int64_t used) override { usage_->SetUsed(allotment, used); }
  bool stop_asked() const override { return parts_->stop_asked; }
  uint64_t requests() const override { return log_.total(); }

 private:
  [[nodiscard]] Result<void> OpenOrg();
  [[nodiscard]] Result<void> OpenStores();
  [[nodiscard]] Result<void> OpenJobs();
  void JoinParts();
  [[nodiscard]] Result<void> OpenDoors();
  void MakeHandler();
  [[nodiscard]] Result<void> OpenPubSub(const net::ServerOptions& secure);
  [[nodiscard]] App FirstApp() const {
    const auto apps = apps_->All();
    return apps.empty() ? App{} : apps.front();
  }
  [[nodiscard]] Result<std::string> NewToken(SessionStore::TokenKind kind);
  void KeepHouse(const std::stop_token& stop);
  // Opens the TLS door anew when its certificate shall change.
  [[nodiscard]] Result<void> ShowCertificate();

  SandboxOptions options_;
  SandboxClock clock_;
  FaultBook faults_;
  RequestLog log_;
  std::unique_ptr<Org> org_;
  std::unique_ptr<OrgUsers> users_;
  User administrator_;
  std::unique_ptr<ApiDb> db_;
  std::unique_ptr<AppRegistry> apps_;
  std::unique_ptr<SessionStore> sessions_;
  std::unique_ptr<UsageMeter> usage_;
  std::unique_ptr<QueryPages> pages_;
  std::unique_ptr<BulkQueryJobs> jobs_;
  std::unique_ptr<EventBus> events_;
  std::unique_ptr<ChangeCapture> changes_;
  std::unique_ptr<UserWatch> user_watch_;
  std::unique_ptr<PushTopics> push_topics_;
  std::unique_ptr<Activity> activity_;
  std::unique_ptr<IngestJobs> ingest_;
  std::unique_ptr<ClassicJobs> classic_;
  std::unique_ptr<LakeStore> lake_;
  std::unique_ptr<LakeJobs> lake_jobs_;
  LakeRate lake_rate_;
  std::unique_ptr<ApiParts> parts_;
  std::unique_ptr<SigningKeys> keys_;
  std::unique_ptr<AuthCodes> codes_;
  std::unique_ptr<Passwords> passwords_;
  std::unique_ptr<ActivityLog> audit_;
  std::unique_ptr<Traffic> traffic_;
  std::unique_ptr<ToolingDoor> tooling_;
  std::unique_ptr<LifeParts> life_;
  std::unique_ptr<OAuth> oauth_;
  std::unique_ptr<SoapLogin> soap_login_;
  std::unique_ptr<SoapDoor> soap_;
  std::unique_ptr<LogoutPages> logout_;
  std::unique_ptr<FrontDoorPages> bridge_;
  std::unique_ptr<FrontDoor> door_;
  StreamClients stream_clients_;
  std::unique_ptr<StreamingDoor> streaming_;
  std::unique_ptr<net::Server> http_;
  std::unique_ptr<net::Server> tls_;
  std::unique_ptr<PubSubDoor> pubsub_;
  net::Handler handler_;
  net::ServerOptions secure_;
  std::atomic<bool> certificate_shown_swapped_{false};
  std::unique_ptr<ProxyDoor> proxy_;
  std::mutex house_mutex_;
  std::condition_variable_any house_wake_;
  std::jthread house_;
};

SandboxImpl::~SandboxImpl() {
  // The upkeep first: it may open the TLS door anew.
  if (house_.joinable()) {
    house_.request_stop();
    house_.join();
  }
  proxy_.reset();
  pubsub_.reset();
  // A drained port waits for what is under way: for connects that wait themselves.
  if (streaming_) streaming_->Close();
  tls_.reset();
  http_.reset();
  handler_ = {};
  streaming_.reset();
  traffic_.reset();
  jobs_.reset();
  ingest_.reset();
  classic_.reset();
  lake_jobs_.reset();
  if (activity_) {
    if (auto told = activity_->Flush(); !told) {
      log::Err("sandbox_activity_not_told", {{"error", told.error().OneLine()}});
    }
  }
  if (user_watch_) org_->RemoveSink(user_watch_.get());
  if (push_topics_) org_->RemoveSink(push_topics_.get());
  push_topics_.reset();  // as the next: holds statements of the org's connection
  if (changes_) org_->RemoveSink(changes_.get());
  changes_.reset();  // holds statements of the org's connection
  if (!usage_) return;
  if (auto flushed = audit_->Flush(); !flushed) {
    log::Err("sandbox_audit_not_saved", {{"error", flushed.error().OneLine()}});
  }
  if (auto flushed = usage_->Flush(); !flushed) {
    log::Err("sandbox_usage_not_saved", {{"error", flushed.error().OneLine()}});
  }
}

Result<void> SandboxImpl::Open() {
  FIRN_CHECK(MakeFolders(options_.folder, 0700));
  FIRN_CHECK(OpenOrg());
  FIRN_CHECK(OpenStores());
  FIRN_CHECK(OpenDoors());
  house_ = std::jthread([this](const std::stop_token& stop) { KeepHouse(stop); });
  return {};
}

Result<void> SandboxImpl::OpenOrg() {
  const bool fresh = !FileExists(options_.folder + "/org.db");
  FIRN_TRY(org_, Org::Open({.folder = options_.folder,
                            .seed = options_.seed,
                            .clock = &clock_,
                            .object_yaml = options_.object_yaml}));
  if (fresh && options_.scale.value_or(0) > 0) {
    FIRN_CHECK(org_->Seed({.scale = *options_.scale, .object = "", .rows = {}, .progress = {}}));
  }
  users_ = std::make_unique<OrgUsers>(*org_);
  const auto administrator = users_->Administrator();
  if (!administrator) {
    return Fail(Kind::kCorrupt, "SBX-START-001", "the org has no active user who could sign in");
  }
  administrator_ = *administrator;
  return {};
}

Result<void> SandboxImpl::OpenStores() {
  const std::string& folder = options_.folder;
  FIRN_TRY(db_, ApiDb::Open(folder));
  FIRN_TRY(const auto offset, db_->Setting("clock_offset_us"));
  if (offset) clock_.SetOffset(std::chrono::microseconds(std::atoll(offset->c_str())));
  FIRN_TRY(apps_, AppRegistry::Open(folder, administrator_.username, clock_, *options_.random));
  FIRN_TRY(sessions_, SessionStore::Open(*db_, clock_, *options_.random, org_->org_id()));
  keys_ = std::make_unique<SigningKeys>(folder, org_->org_id(), clock_);
  codes_ = std::make_unique<AuthCodes>(*db_, clock_, *options_.random);
  audit_ = std::make_unique<ActivityLog>(folder, *org_, clock_);
  traffic_ = std::make_unique<Traffic>(*org_);
  passwords_ = std::make_unique<Passwords>(*db_, *options_.random);
  FIRN_TRY(usage_, UsageMeter::Open(*db_, clock_));
  FIRN_TRY(const DailyLimits kept, KeptLimits(*db_));
  usage_->SetLimits(options_.limits.value_or(kept));
  if (FileExists(folder + "/faults.json")) {
    FIRN_TRY(const std::string faults, ReadFile(folder + "/faults.json"));
    FIRN_CHECK(Doing(faults_.Add(faults), "reading " + folder + "/faults.json"));
  }
  return OpenJobs();
}

// What works on its own once it is there.
Result<void> SandboxImpl::OpenJobs() {
  const std::string& folder = options_.folder;
  FIRN_TRY(pages_, QueryPages::Open(folder, *db_, clock_, *options_.random));
  FIRN_TRY(jobs_, BulkQueryJobs::Open({.folder = folder,
                                       .threads = options_.job_threads,
                                       .job_time_min = options_.job_time_min},
                                      {*org_, *db_, clock_, *usage_}));
  FIRN_TRY(events_, EventBus::Open({*org_, *db_, clock_}));
  changes_ = std::make_unique<ChangeCapture>(*events_, *usage_);
  activity_ = std::make_unique<Activity>(*events_);
  log_.OnLine([this](const RequestLine& line) { activity_->NoteRequest(line); });
  FIRN_CHECK(org_->AddSink(changes_.get()));
  push_topics_ = std::make_unique<PushTopics>(*events_);
  FIRN_CHECK(org_->AddSink(push_topics_.get()));
  FIRN_CHECK(push_topics_->Load());
  events_->SetAudience(
      [this](const std::string& channel) { return stream_clients_.UsersOf(channel); });
  user_watch_ = std::make_unique<UserWatch>(*sessions_);
  FIRN_CHECK(org_->AddSink(user_watch_.get()));
  FIRN_TRY(ingest_, IngestJobs::Open({.folder = folder,
                                      .threads = options_.job_threads,
                                      .job_time_min = options_.job_time_min},
                                     {*org_, *db_, clock_, *usage_, faults_}));
  FIRN_TRY(classic_, ClassicJobs::Open({.folder = folder, .threads = options_.job_threads},
                                       {*org_, *db_, clock_, *usage_}));
  FIRN_TRY(lake_, LakeStore::Open(folder));
  FIRN_TRY(lake_jobs_, LakeJobs::Open(*lake_, clock_, *options_.random));
  org_->OnLock([faults = &faults_](const ObjectInfo& object, int64_t id) {
    return faults->StrikeRow(object.name, id);
  });
  return {};
}

void SandboxImpl::JoinParts() {
  parts_.reset(new ApiParts{options_.folder,
                            *org_,
                            *db_,
                            *apps_,
                            *sessions_,
                            *usage_,
                            *users_,
                            clock_,
                            faults_,
                            log_,
                            *pages_,
                            *jobs_,
                            *ingest_,
                            *classic_,
                            *keys_,
                            *passwords_,
                            *events_,
                            *changes_,
                            *lake_,
                            *lake_jobs_,
                            lake_rate_,
                            options_.bulk_page_rows});
}

Result<void> SandboxImpl::OpenDoors() {
  JoinParts();
  ingest_->Start([parts = parts_.get()](const FaultEffect& effect) { CarryOut(*parts, effect); });
  tooling_ = std::make_unique<ToolingDoor>(*parts_);
  life_.reset(new LifeParts{*audit_, *traffic_, *tooling_});
  life_->on_org_migrated = [this] {
    if (auto moved = events_->MigrateInstance(); !moved) {
      log::Err("sandbox_org_not_migrated", {{"error", moved.error().OneLine()}});
    }
  };
  const SignInParts sign_in{
      *apps_,
      *sessions_,
      *users_,
      clock_,
      *options_.random,
      *keys_,
      *codes_,
      *passwords_,
      org_->org_id(),
      [this](const net::ServerRequest& request, const SignInAttempt& attempt) {
        activity_->NoteSignIn(attempt, request.headers.GetOr("User-Agent", ""));
        audit_->SignedIn(request, attempt);
      },
      [this](const net::ServerRequest& request, const SignOutNote& note) {
        if (note.browser) activity_->NoteSignOut(note, *users_);
        audit_->SignedOut(request, note.user_id);
      }};
  oauth_ = std::make_unique<OAuth>(sign_in);
  soap_login_ = std::make_unique<SoapLogin>(sign_in);
  soap_ = std::make_unique<SoapDoor>(*parts_, *soap_login_);
  logout_ = std::make_unique<LogoutPages>(sign_in);
  bridge_ = std::make_unique<FrontDoorPages>(sign_in);
  door_ = std::make_unique<FrontDoor>(*parts_, *life_,
                                      FrontDoor::Pages{*oauth_, *soap_, *logout_, *bridge_});
  MakeHandler();
  net::ServerOptions plain;
  plain.address = options_.address;
  plain.port = options_.http_port;
  // The vendor's own limit answers within the API's manners (414, 431): the door checks it.
  plain.header_bytes_max = 1 << 17;
  plain.streams_body = StreamsBody;
  FIRN_TRY(http_, net::Listen(plain, handler_));
  if (!options_.tls) return OpenPubSub({});
  FIRN_TRY(secure_, TlsOptions(options_.folder, options_.clock->Now()));
  secure_.address = options_.address;
  secure_.port = options_.tls_port;
  secure_.header_bytes_max = plain.header_bytes_max;
  secure_.streams_body = plain.streams_body;
  FIRN_TRY(tls_, net::Listen(secure_, handler_));
  secure_.port = tls_->port();
  FIRN_CHECK(OpenPubSub(secure_));
  if (!options_.proxy) return {};
  FIRN_TRY(proxy_, ProxyDoor::Open({.address = options_.address,
                                    .port = options_.proxy_port,
                                    .tls_port = tls_->port(),
                                    .pubsub_port = pubsub_ ? pubsub_->tls_port() : uint16_t{0}}));
  return {};
}

// Long polls are the streaming door's own; a thread of the pool answers everything else.
void SandboxImpl::MakeHandler() {
  streaming_ = std::make_unique<StreamingDoor>(*parts_, stream_clients_,
                                               StreamChannels(*parts_, *push_topics_));
  const net::Handler others = net::OnPool(
      [door = door_.get()](net::ServerRequest request, const Call& call) {
        DropEmptySegments(request);
        return door->Serve(request, call);
      },
      options_.request_threads, kRequestsWaitingMax);
  handler_ = [others, streaming = streaming_.get()](net::ServerRequest request, Call call,
                                                    net::Reply reply) {
    if (StreamingDoor::Owns(request.path)) {
      streaming->Handle(std::move(request), std::move(reply));
    } else {
      others(std::move(request), std::move(call), std::move(reply));
    }
  };
}

// `secure` holds the certificate of the TLS door, if there is one.
Result<void> SandboxImpl::OpenPubSub(const net::ServerOptions& secure) {
  if (!options_.pubsub) return {};
  PubSubDoor::Options options;
  options.address = options_.address;
  options.port = options_.pubsub_port;
  options.tls_port = options_.pubsub_tls_port;
  options.certificate_pem = secure.certificate_pem;
  options.key_pem = secure.key_pem;
  FIRN_TRY(pubsub_, PubSubDoor::Open(*parts_, *events_, options));
  return {};
}

Result<void> SandboxImpl::ShowCertificate() {
  const bool swapped = life_->certificate_swapped;
  if (!secure_.port || swapped == certificate_shown_swapped_) return {};
  net::ServerOptions options = secure_;
  if (swapped) {
    FIRN_TRY(const TlsMaterial other, MintTls(kTlsNames, options_.clock->Now()));
    options.certificate_pem = other.chain_pem;
    options.key_pem = other.key_pem;
  }
  streaming_->ReleaseAll();
  tls_.reset();
  FIRN_TRY(tls_, net::Listen(options, handler_));
  certificate_shown_swapped_ = swapped;
  return {};
}

Result<std::string> SandboxImpl::NewToken(SessionStore::TokenKind kind) {
  const App app = FirstApp();
  Session session;
  session.user_id = administrator_.id;
  session.client_id = app.client_id;
  session.length = app.session_length;
  for (const std::string& scope : app.scopes) {
    session.scopes += (session.scopes.empty() ? "" : " ") + scope;
  }
  return sessions_->Issue(kind, session);
}

void SandboxImpl::KeepHouse(const std::stop_token& stop) {
  auto dropped_at = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    {
      // Real time: a test's clock may stand still or leap.
      std::unique_lock lock(house_mutex_);
      house_wake_.wait_for(lock, stop, kFlushEvery, [] { return false; });
    }
    auto done = usage_->Flush();
    if (done) done = activity_->Flush();
    if (done) done = audit_->Flush();
    if (done) done = ShowCertificate();
    if (std::chrono::steady_clock::now() - dropped_at > kDropOldEvery) {
      dropped_at = std::chrono::steady_clock::now();
      if (done) done = pages_->DropOld();
      if (done) done = jobs_->DropOld();
      if (done) done = events_->DropOld();
      if (done) done = ingest_->DropOld();
      if (done) done = classic_->DropOld();
      if (done) done = lake_jobs_->DropOld();
    }
    if (!done) log::Err("sandbox_upkeep_failed", {{"error", done.error().OneLine()}});
  }
}

}  // namespace

Result<std::unique_ptr<Sandbox>> Sandbox::Start(SandboxOptions options) {
  auto sandbox = std::make_unique<SandboxImpl>(std::move(options));
  FIRN_CHECK(sandbox->Open());
  return sandbox;
}

}  // namespace firn::sandbox
