#include "ends/salesforce/org.h"

#include <optional>

#include "ends/salesforce/internal/bulk_internal.h"
#include "ends/salesforce/internal/connection.h"
#include "ends/salesforce/internal/rest_internal.h"

namespace firn::salesforce {

struct Org::Body {
  OrgOptions options;
  std::string org_id;
  std::unique_ptr<TokenSource> tokens;
  std::unique_ptr<BudgetStore> own_store;  // when the caller gave none
  std::unique_ptr<Budget> budget;
  std::unique_ptr<Connection> connection;
  std::unique_ptr<RestClient> rest;
  std::unique_ptr<BulkClient> bulk;
  VersionCheck version;
  std::vector<std::string> warnings;
};

namespace {

Error VersionRefused(const std::string& org, const VersionCheck& check) {
  Error error =
      Error(Kind::kUnsupported, "SF-REST-004", "the org does not offer API version " + check.pinned)
          .At("org `" + org + "`");
  if (!check.warnings.empty()) error = std::move(error).Because(check.warnings.front());
  if (check.offered.empty()) return error;
  return std::move(error).Hint("set `api_version: \"" + check.offered.back().version + "\"`");
}

}  // namespace

Org::Org() : body_(std::make_unique<Body>()) {}
Org::~Org() = default;

Result<std::unique_ptr<Org>> Org::Open(const Call& call, OrgOptions options,
                                       const OrgParts& parts) {
  FIRN_ASSERT(parts.transport != nullptr);
  std::unique_ptr<Org> org(new Org());
  Body& body = *org->body_;
  const std::string version = NormalVersion(options.api_version);
  body.options = std::move(options);
  const std::string& name = body.options.name;
  FIRN_TRY(body.tokens,
           NewTokenSource(name, body.options.sign_in, *parts.transport, parts.token_store));
  FIRN_TRY(const Session session, body.tokens->Get(call));
  body.org_id = session.org_id.empty() ? name : session.org_id;
  if (session.served_by == "next key") {
    body.warnings.push_back("the next key of org `" + name +
                            "` served; the current one was refused");
  }
  FIRN_TRY(auto offered, FetchVersions(call, *parts.transport, session.instance_url, name));
  body.version = CheckVersion(version, std::move(offered), call.clock->Now());
  if (!body.version.is_offered) return Fail(VersionRefused(name, body.version));
  body.warnings.insert(body.warnings.end(), body.version.warnings.begin(),
                       body.version.warnings.end());

  BudgetStore* store = parts.budget_store;
  if (store == nullptr) {
    body.own_store = NewMemoryBudgetStore();
    store = body.own_store.get();
  }
  body.budget = NewBudget(body.org_id, body.options.budget, *store);
  Counter* calls = nullptr;
  if (parts.metrics != nullptr) {
    calls = &parts.metrics->GetCounter("api_calls_total", {{"org", name}},
                                       "Calls to the APIs of an org");
  }
  body.connection = std::make_unique<Connection>(
      Connection::Parts{name, parts.transport, body.tokens.get(), body.budget.get(), calls,
                        body.options.backoff, body.options.request_timeout});
  body.rest = NewRestClient({body.connection.get(), parts.describe_cache, version, body.org_id});
  body.bulk = NewBulkClient({body.connection.get(), body.options.bulk, version});
  FIRN_TRY(const Limits limits, Doing(body.rest->FetchLimits(call), "reading the org's limits"));
  return org;
}

const OrgOptions& Org::options() const { return body_->options; }
const std::string& Org::org_id() const { return body_->org_id; }
Result<Session> Org::CurrentSession(const Call& call) { return body_->tokens->Get(call); }
TokenSource& Org::tokens() { return *body_->tokens; }
const VersionCheck& Org::version() const { return body_->version; }
const std::vector<std::string>& Org::warnings() const { return body_->warnings; }
RestClient& Org::rest() { return *body_->rest; }
BulkClient& Org::bulk() { return *body_->bulk; }
Budget& Org::budget() { return *body_->budget; }

}  // namespace firn::salesforce
