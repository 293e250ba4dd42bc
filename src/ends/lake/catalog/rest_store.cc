#include "ends/lake/catalog/rest_store.h"

#include "core/base/file.h"
#include "ends/aws/client.h"
#include "ends/lake/catalog/remote_signer.h"

namespace firn::lake {
namespace {

constexpr std::string_view kS3 = "s3://";

// Other writers' spellings of the same scheme (Hadoop's).
std::string Plain(const std::string& uri) {
  for (const std::string_view scheme : {"s3a://", "s3n://"}) {
    if (uri.starts_with(scheme)) return std::string(kS3) + uri.substr(scheme.size());
  }
  return uri;
}

tl::unexpected<Error> Outside(const std::string& uri, Kind kind, std::string why) {
  return Fail(Error(kind, "LAKE-STORE-001",
                    "`" + uri.substr(0, 512) + "` is no place for files of this lake")
                  .Because(std::move(why)));
}

// `prefix` as the place itself or a folder above it.
bool Below(std::string_view uri, std::string_view prefix) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return uri.starts_with(prefix) && (uri.size() == prefix.size() || uri[prefix.size()] == '/');
}

Result<void> CheckParts(const std::string& uri) {
  for (size_t at = kS3.size(); at <= uri.size();) {
    const size_t end = std::min(uri.find('/', at), uri.size());
    const std::string part = uri.substr(at, end - at);
    if (part == "." || part == "..")
      return Outside(uri, Kind::kBadInput, "`.` and `..` are no parts of a name");
    at = end + 1;
  }
  for (const char c : uri) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      return Outside(uri, Kind::kBadInput, "it has a control character");
  }
  return {};
}

// The buckets of S3 Tables take no DeleteObject and no ListObjects (Amazon S3 User Guide, "S3 API
// operations supported by S3 Tables", read 2026-11).
bool InTableBucket(const std::string& given) {
  const std::string uri = Plain(given);
  if (!uri.starts_with(kS3)) return false;
  return uri.substr(0, uri.find('/', kS3.size())).ends_with("--table-s3");
}

std::string Setting(const FileSettings& settings, const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

aws::Environment EnvironmentWith(const FileSettings& settings) {
  const std::string endpoint = Setting(settings, "s3.endpoint");
  if (endpoint.empty()) return aws::Environment::OfProcess();
  return aws::Environment([endpoint](const std::string& name) -> std::optional<std::string> {
    if (name == "AWS_ENDPOINT_URL_S3") return endpoint;
    return aws::Environment::OfProcess().Get(name);
  });
}

// What an S3 client stands on, in the order in which it goes.
struct Account {
  std::shared_ptr<net::Transport> transport;
  std::shared_ptr<aws::CredentialSource> credentials;
  std::shared_ptr<aws::RequestSigner> signer;
  std::unique_ptr<aws::AwsClient> client;
};

// What says how files are reached, without keys and without what changes from answer to answer.
FileSettings WithoutKeys(FileSettings settings) {
  std::erase_if(settings, [](const auto& setting) {
    const std::string& name = setting.first;
    const bool of_files =
        name.starts_with("s3.") || name.starts_with("signer.") || name == "client.region";
    return !of_files || name == "s3.access-key-id" || name == "s3.secret-access-key" ||
           name.starts_with("s3.session-token");
  });
  return settings;
}

}  // namespace

Result<std::shared_ptr<RestStore>> RestStore::Open(const RestStoreOptions& options,
                                                   FileSettings defaults, FileAccess access) {
  std::shared_ptr<RestStore> store(new RestStore(options, std::move(defaults), std::move(access)));
  FIRN_TRY(store->transport_, net::NewHttpClient({}));
  if (!options.root.empty() && !options.root.starts_with(kS3))
    store->local_ = LocalStore(options.root);
  return store;
}

Result<void> RestStore::CheckPlace(const std::string& given) const {
  const std::string uri = Plain(given);
  const bool root_on_s3 = options_.root.starts_with(kS3);
  if (uri.starts_with(kS3)) {
    FIRN_CHECK(CheckParts(uri));
    if (options_.root.empty() || (root_on_s3 && Below(uri, options_.root))) return {};
    return Outside(uri, Kind::kDenied, "the warehouse is `" + options_.root + "`");
  }
  FIRN_TRY(const std::string path, LocalPath(uri));
  if (options_.root.empty())
    return Fail(Error(Kind::kDenied, "LAKE-STORE-001",
                      "`" + uri.substr(0, 512) + "` is no place for files of this lake")
                    .Because("the catalog names a file of this machine, and no folder is allowed")
                    .Hint("if it is right, set `lake.warehouse` to the folder of its tables"));
  if (!root_on_s3 && Below(path, options_.root)) return {};
  return Outside(uri, Kind::kDenied, "the warehouse is `" + options_.root + "`");
}

// Whether files below `prefix` go by these settings already; then its keys are the new ones.
bool RestStore::TakeKeys(const std::string& prefix, const FileSettings& settings,
                         std::optional<aws::Credentials>& keys) {
  const std::lock_guard lock(mutex_);
  const auto found = granted_.find(prefix);
  if (found == granted_.end() || found->second.settings != settings) return false;
  const std::shared_ptr<VendedCredentials>& known = found->second.credentials;
  if ((known != nullptr) != keys.has_value()) return false;
  if (known) known->Take(*std::move(keys));
  return true;
}

Result<void> RestStore::Take(const Grant& grant, const FileAccess& access) {
  // `s3` alone stands for all of S3.
  const bool all = grant.prefix.starts_with("s3") && kS3.starts_with(grant.prefix);
  const std::string prefix = all ? std::string(kS3) : Plain(grant.prefix);
  if (!prefix.starts_with(kS3)) return {};
  FileSettings settings = WithoutKeys(defaults_);
  for (const auto& [name, value] : grant.settings) settings[name] = value;
  std::optional<aws::Credentials> keys;
  if (HasKeys(settings)) {
    FIRN_TRY(keys, KeysOf(settings));
  }
  settings = WithoutKeys(std::move(settings));
  if (TakeKeys(prefix, settings, keys)) return {};
  Granted granted{.credentials = nullptr, .store = nullptr, .settings = settings};
  Signing signing;
  if (keys) {  // they need no second call for each request
    granted.credentials =
        std::make_shared<VendedCredentials>(grant.prefix, *std::move(keys), access.renew);
    signing.credentials = granted.credentials;
  } else if (IsSignedRemotely(settings)) {
    FIRN_TRY(signing.signer, access.signer(settings));
  } else {
    FIRN_TRY(signing, OwnSigning());
  }
  // Its own root is the bucket: For() has chosen it by the prefix already, which may end in the
  // middle of a bucket's name.
  const size_t slash = prefix.find('/', kS3.size());
  const std::string root = slash == std::string::npos ? std::string(kS3) : prefix.substr(0, slash);
  FIRN_TRY(granted.store, NewStore(root, settings, std::move(signing)));
  const std::lock_guard lock(mutex_);
  granted_.insert_or_assign(prefix, std::move(granted));
  return {};
}

// By what the catalog says of all its files, else as whoever runs Firn.
Result<RestStore::Signing> RestStore::OwnSigning() {
  Signing signing;
  if (IsSignedRemotely(defaults_)) {
    FIRN_TRY(signing.signer, access_.signer(defaults_));
  } else if (HasKeys(defaults_)) {
    FIRN_TRY(aws::Credentials keys, KeysOf(defaults_));
    signing.credentials = aws::FixedCredentials(std::move(keys));
  } else {
    signing.credentials = aws::NewCredentialChain(*transport_, {});
  }
  return signing;
}

Result<std::shared_ptr<ObjectStore>> RestStore::NewStore(const std::string& root,
                                                         const FileSettings& settings,
                                                         Signing signing) {
  auto account = std::make_shared<Account>();
  account->transport = transport_;
  account->credentials = std::move(signing.credentials);
  account->signer = std::move(signing.signer);
  aws::ClientParts parts;
  parts.transport = account->transport.get();
  parts.credentials = account->credentials.get();
  parts.signer = account->signer.get();
  parts.environment = EnvironmentWith(settings);
  parts.region = Setting(settings, "client.region");
  if (parts.region.empty()) parts.region = Setting(settings, "s3.region");
  if (parts.region.empty()) {
    FIRN_TRY(parts.region, aws::FindRegion(parts.environment, parts.profile));
  }
  account->client = std::make_unique<aws::AwsClient>(std::move(parts));
  aws::AwsClient* client = account->client.get();
  return NewS3Store({.root = root,
                     .spool = options_.spool,
                     .client = std::shared_ptr<aws::AwsClient>(std::move(account), client),
                     .keeps = nullptr});
}

Result<std::shared_ptr<ObjectStore>> RestStore::OwnStore(const std::string& bucket) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = own_.find(bucket); found != own_.end()) return found->second;
  }
  FIRN_TRY(Signing signing, OwnSigning());
  FIRN_TRY(auto store, NewStore(bucket, defaults_, std::move(signing)));
  const std::lock_guard lock(mutex_);
  return own_.try_emplace(bucket, std::move(store)).first->second;
}

Result<std::shared_ptr<ObjectStore>> RestStore::For(const std::string& given) {
  FIRN_CHECK(CheckPlace(given));
  const std::string uri = Plain(given);
  if (!uri.starts_with(kS3)) return local_;
  {
    const std::lock_guard lock(mutex_);
    const Granted* best = nullptr;
    size_t length = 0;
    for (const auto& [prefix, granted] : granted_) {
      if (!uri.starts_with(prefix) || prefix.size() < length) continue;
      best = &granted;
      length = prefix.size();
    }
    if (best != nullptr) return best->store;
  }
  return OwnStore(uri.substr(0, uri.find('/', kS3.size())));
}

Result<std::string> RestStore::Read(const Call& call, const std::string& uri, uint64_t bytes_max) {
  FIRN_TRY(const auto store, For(uri));
  return store->Read(call, Plain(uri), bytes_max);
}

Result<void> RestStore::Write(const Call& call, const std::string& uri, std::string_view bytes) {
  FIRN_TRY(const auto store, For(uri));
  return store->Write(call, Plain(uri), bytes);
}

Result<void> RestStore::Settle(const Call& call, const std::vector<std::string>& uris) {
  std::map<std::shared_ptr<ObjectStore>, std::vector<std::string>> by_store;
  for (const std::string& uri : uris) {
    FIRN_TRY(auto store, For(uri));
    by_store[std::move(store)].push_back(Plain(uri));
  }
  for (const auto& [store, own] : by_store) FIRN_CHECK(store->Settle(call, own));
  return {};
}

Result<int64_t> RestStore::Size(const Call& call, const std::string& uri) {
  FIRN_TRY(const auto store, For(uri));
  return store->Size(call, Plain(uri));
}

Result<void> RestStore::Remove(const Call& call, const std::string& uri) {
  FIRN_TRY(const auto store, For(uri));
  if (InTableBucket(uri)) return {};  // the service removes what nothing refers to
  return store->Remove(call, Plain(uri));
}

Result<void> RestStore::List(const Call& call, const std::string& uri,
                             const std::function<Result<void>(const ObjectInfo&)>& each) {
  FIRN_TRY(const auto store, For(uri));
  if (InTableBucket(uri))
    return Fail(
        Error(Kind::kUnsupported, "LAKE-STORE-009", "a table bucket does not list its files")
            .At(uri)
            .Because("S3 Tables looks after unreferenced files by itself")
            .Hint("leave orphans out: `firn lake maintain --only compact`"));
  return store->List(call, Plain(uri), each);
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> RestStore::OpenInput(const Call& call,
                                                                          const std::string& uri) {
  FIRN_TRY(const auto store, For(uri));
  return store->OpenInput(call, Plain(uri));
}

Result<std::string> RestStore::SpoolPath(const std::string& uri) {
  FIRN_TRY(const auto store, For(uri));
  return DataFilePath(*store, Plain(uri));
}

Result<void> RestStore::Send(const Call& call, const std::string& uri) {
  FIRN_TRY(const auto store, For(uri));
  return PublishDataFile(call, *store, Plain(uri));
}

}  // namespace firn::lake
