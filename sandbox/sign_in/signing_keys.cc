#include "sandbox/sign_in/signing_keys.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/base/file.h"
#include "sandbox/crypto.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kKeysMax = 8;

}  // namespace

Result<void> SigningKeys::ReadyLocked() {
  if (!keys_.empty()) return {};
  if (!FileExists(path())) return AddLocked();
  FIRN_TRY(const std::string text, ReadFile(path()));
  const json file = json::parse(text, nullptr, false);
  for (const json& one : file.is_array() ? file : json::array()) {
    if (one.is_object()) keys_.push_back({one.value("id", ""), one.value("pem", "")});
  }
  if (!keys_.empty()) return {};
  return Fail(
      Error(Kind::kBadConfig, "SBX-KEYS-001", "the org's signing keys are not readable")
          .At(path())
          .Hint("remove the file: new keys are made, and tokens signed before are refused"));
}

Result<void> SigningKeys::AddLocked() {
  FIRN_TRY(const KeyAndCertificate made, MintAppKey("firn-signing", clock_.Now()));
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Now().time_since_epoch())
          .count();
  std::string id = "CORE_ATJWT." + org_id_.substr(0, 15) + "." + std::to_string(millis);
  const auto taken = [&](const Key& key) { return key.id == id; };
  while (std::any_of(keys_.begin(), keys_.end(), taken)) id += "0";
  keys_.insert(keys_.begin(), {id, made.key_pem});
  if (keys_.size() > kKeysMax) keys_.pop_back();
  return SaveLocked();
}

Result<void> SigningKeys::SaveLocked() {
  json file = json::array();
  for (const Key& key : keys_) file.push_back({{"id", key.id}, {"pem", key.pem}});
  FIRN_CHECK(MakeFolders(folder_ + "/keys", 0700));
  return WriteFileDurably(path(), file.dump(2) + "\n", 0600);
}

Result<std::string> SigningKeys::Sign(const Claims& claims) {
  Key key;
  {
    std::lock_guard lock(mutex_);
    FIRN_CHECK(ReadyLocked());
    key = keys_.front();
  }
  ordered_json header;
  if (claims.access_token) {
    header = {{"tnk", "core/firn/" + org_id_}, {"ver", "1.0"}, {"kid", key.id},
              {"tty", "sfdc-core-token"},      {"typ", "JWT"}, {"alg", "RS256"}};
  } else {
    header = {{"kid", key.id}, {"typ", "JWT"}, {"alg", "RS256"}};
  }
  const std::string input = Base64Url(header.dump()) + "." + Base64Url(claims.json);
  FIRN_TRY(const std::string signature, SignRs256(key.pem, input));
  return input + "." + Base64Url(signature);
}

Result<std::string> SigningKeys::Jwks() {
  std::lock_guard lock(mutex_);
  FIRN_CHECK(ReadyLocked());
  ordered_json keys = ordered_json::array();
  for (const Key& key : keys_) {
    FIRN_TRY(const RsaPublic half, RsaPublicOf(key.pem));
    keys.push_back({{"kty", "RSA"},
                    {"alg", "RS256"},
                    {"use", "sig"},
                    {"kid", key.id},
                    {"n", Base64Url(half.modulus)},
                    {"e", Base64Url(half.exponent)}});
  }
  return ordered_json{{"keys", keys}}.dump();
}

Result<std::string> SigningKeys::Rotate() {
  std::lock_guard lock(mutex_);
  FIRN_CHECK(ReadyLocked());
  FIRN_CHECK(AddLocked());
  return keys_.front().id;
}

Result<size_t> SigningKeys::DropOld() {
  std::lock_guard lock(mutex_);
  FIRN_CHECK(ReadyLocked());
  const size_t dropped = keys_.size() - 1;
  keys_.resize(1);
  FIRN_CHECK(SaveLocked());
  return dropped;
}

Result<std::vector<std::string>> SigningKeys::Ids() {
  std::lock_guard lock(mutex_);
  FIRN_CHECK(ReadyLocked());
  std::vector<std::string> ids;
  for (const Key& key : keys_) ids.push_back(key.id);
  return ids;
}

Result<bool> SigningKeys::Verifies(std::string_view token) {
  const size_t first = token.find('.');
  const size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos) return false;
  const auto header_text = FromBase64Url(token.substr(0, first));
  const auto signature = FromBase64Url(token.substr(second + 1));
  const json header = header_text ? json::parse(*header_text, nullptr, false)
                                  : json(nlohmann::json::value_t::discarded);
  const auto kid = header.is_object() ? header.find("kid") : header.end();
  if (!signature || !header.is_object() || kid == header.end() || !kid->is_string()) return false;
  std::lock_guard lock(mutex_);
  FIRN_CHECK(ReadyLocked());
  for (const Key& key : keys_) {
    if (key.id != kid->get<std::string>()) continue;
    FIRN_TRY(const std::string pem, PublicKeyPem(key.pem));
    return VerifyRs256(pem, token.substr(0, second), *signature);
  }
  return false;
}

}  // namespace firn::sandbox
