#include "app/engine/lake_access.h"

#include "ends/lake/catalog/rest_lake.h"

namespace firn::engine {
namespace {

Result<Secret> Optional(const Call& call, config::SecretResolver& secrets,
                        const config::SecretRef& ref) {
  if (ref.empty()) return Secret();
  return secrets.Resolve(call, ref);
}

}  // namespace

Result<lake::RestCatalogOptions> RestOptionsOf(const Call& call,
                                               const project::RestCatalogSettings& settings,
                                               config::SecretResolver& secrets) {
  lake::RestCatalogOptions options;
  options.uri = settings.uri;
  options.warehouse = settings.warehouse;
  options.headers = settings.headers;
  options.ca_file = settings.ca_file;
  options.proxy = settings.proxy;
  options.signing_name = settings.signing_name;
  options.signing_region = settings.signing_region;
  FIRN_TRY(options.token, Optional(call, secrets, settings.token));
  FIRN_TRY(options.subject_token, Optional(call, secrets, settings.subject_token));
  options.subject_token_type = settings.subject_token_type;
  FIRN_TRY(options.credential, Optional(call, secrets, settings.credential));
  options.oauth2_server_uri = settings.oauth2_server_uri;
  options.scope = settings.scope;
  options.audience = settings.audience;
  options.resource = settings.resource;
  options.vended_credentials = settings.vended_credentials;
  return options;
}

Result<std::unique_ptr<lake::Lake>> OpenLakeOf(const Call& call, const project::Project& project,
                                               config::SecretResolver& secrets,
                                               const OpenLakeSettings& settings) {
  lake::LakeOptions options;
  options.warehouse = project.lake.warehouse;
  options.catalog_path = project.lake.catalog;
  options.create = settings.create;
  if (!project.catalogs.rest) return lake::Lake::Open(options);
  FIRN_TRY(const auto rest, RestOptionsOf(call, *project.catalogs.rest, secrets));
  return lake::OpenRestLake(call, rest, options);
}

}  // namespace firn::engine
