#include "ends/lake/catalog/vended_credentials.h"

#include <charconv>

namespace firn::lake {
namespace {

constexpr auto kRenewBefore = std::chrono::minutes(5);

std::string Setting(const FileSettings& settings, const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

Error NotWhole(std::string why) {
  return Error(Kind::kCorrupt, "LAKE-REST-009", "the catalog's credentials for files are not whole")
      .Because(std::move(why));
}

}  // namespace

bool HasKeys(const FileSettings& settings) { return settings.contains("s3.access-key-id"); }

Result<aws::Credentials> KeysOf(const FileSettings& settings) {
  aws::Credentials keys;
  keys.access_key_id = Setting(settings, "s3.access-key-id");
  keys.secret_access_key = Secret(Setting(settings, "s3.secret-access-key"));
  keys.session_token = Secret(Setting(settings, "s3.session-token"));
  keys.source = "the catalog";
  if (keys.access_key_id.empty() || keys.secret_access_key.empty())
    return Fail(NotWhole("`s3.access-key-id` and `s3.secret-access-key` belong together"));
  const std::string end = Setting(settings, "s3.session-token-expires-at-ms");
  if (end.empty()) return keys;
  int64_t ms = 0;
  const auto [at, bad] = std::from_chars(end.data(), end.data() + end.size(), ms);
  constexpr int64_t kLatest = 253'402'300'799'000;  // the end of year 9999
  if (bad != std::errc() || at != end.data() + end.size() || ms < 0 || ms > kLatest)
    return Fail(NotWhole("`s3.session-token-expires-at-ms` is no time"));
  keys.expires = UtcMicros(std::chrono::milliseconds(ms));
  return keys;
}

Result<aws::Credentials> VendedCredentials::Get(const Call& call) {
  std::unique_lock lock(mutex_);
  // One thread asks for all; no lock is held while it does.
  arrived_.wait(lock, [this] { return !fetching_; });
  const UtcMicros now = call.clock->Now();
  const bool for_ever = kept_.expires == UtcMicros::max();
  if (!refused_ && (for_ever || kept_.expires - kRenewBefore > now)) return kept_;
  fetching_ = true;
  lock.unlock();
  auto fresh = Fetch(call);
  lock.lock();
  fetching_ = false;
  arrived_.notify_all();
  if (fresh) {
    kept_ = *std::move(fresh);
    refused_ = false;
    return kept_;
  }
  // Renewing early may fail where the old ones still serve for some minutes.
  if (!refused_ && kept_.expires > now) return kept_;
  return Fail(std::move(fresh).error().Doing("renewing the credentials for " + prefix_));
}

Result<aws::Credentials> VendedCredentials::Fetch(const Call& call) const {
  FIRN_TRY(const auto grants, renew_(call));
  const Grant* best = nullptr;
  for (const Grant& grant : grants) {
    const bool fits = prefix_.starts_with(grant.prefix) && HasKeys(grant.settings);
    if (fits && (best == nullptr || grant.prefix.size() > best->prefix.size())) best = &grant;
  }
  if (best == nullptr) return Fail(NotWhole("there are none for `" + prefix_ + "` any more"));
  return KeysOf(best->settings);
}

void VendedCredentials::Forget() {
  const std::lock_guard lock(mutex_);
  refused_ = true;
}

void VendedCredentials::Take(aws::Credentials credentials) {
  const std::lock_guard lock(mutex_);
  kept_ = std::move(credentials);
  refused_ = false;
}

}  // namespace firn::lake
