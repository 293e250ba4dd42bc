// The fields of firn.yaml below `lake` and `state`: where tables live, their other catalogs, and
// where Firn keeps its own state. Private to the room.
#pragma once

#include "core/config/field.h"

namespace firn::project::fields {

using config::Field;
using config::FieldType;

inline constexpr Field kRestCatalog[] = {
    {.name = "uri",
     .help = "address of the catalog, without `/v1`",
     .example = "https://catalog.example.com/api/catalog"},
    {.name = "warehouse",
     .help = "what the catalog calls the warehouse; of S3 Tables and Glue: the ARN or account",
     .example = "sales"},
    {.name = "credential",
     .type = FieldType::kSecret,
     .help = "`id:secret` of an OAuth 2 client",
     .example = "${env:CATALOG_CREDENTIAL}"},
    {.name = "token",
     .type = FieldType::kSecret,
     .help = "a bearer token that is sent as it is",
     .example = "${file:secrets/catalog.token}"},
    {.name = "subject_token",
     .type = FieldType::kSecret,
     .help = "a token that is exchanged for one of the catalog (RFC 8693)",
     .example = "${file:/run/secrets/id_token}"},
    {.name = "subject_token_type",
     .help = "what kind of token `subject_token` is",
     .default_value = "urn:ietf:params:oauth:token-type:access_token",
     .example = "urn:ietf:params:oauth:token-type:jwt"},
    {.name = "oauth2_server_uri",
     .help = "where tokens are asked for; absent: `/v1/oauth/tokens` of the catalog",
     .example = "https://login.example.com/oauth2/token"},
    {.name = "scope",
     .help = "scope of the tokens",
     .default_value = "catalog",
     .example = "PRINCIPAL_ROLE:ALL"},
    {.name = "audience",
     .help = "audience of the tokens",
     .example = "https://catalog.example.com"},
    {.name = "resource", .help = "resource of the tokens (RFC 8707)", .example = "urn:catalog"},
    {.name = "signing_name",
     .help = "sign requests for this service of AWS instead (SigV4): `s3tables`, `glue`",
     .example = "glue"},
    {.name = "signing_region",
     .help = "region of that service; absent: that of the environment",
     .example = "eu-central-1"},
    {.name = "vended_credentials",
     .type = FieldType::kBool,
     .help = "ask the catalog for credentials of the tables' files; without, the ones of whoever "
             "runs Firn are used",
     .default_value = "true",
     .example = "false"},
    {.name = "headers",
     .type = FieldType::kTextMap,
     .help = "further headers of each request",
     .example = "{Polaris-Realm: sales}"},
    {.name = "ca_file",
     .help = "PEM file of the authorities to trust instead of the system's",
     .example = "ca.pem"},
    {.name = "proxy", .help = "HTTP proxy, as of an org", .example = "none"},
};

inline constexpr Field kGlueMirror[] = {
    {.name = "region",
     .help = "region of the Data Catalog; absent: that of the environment",
     .example = "eu-central-1"},
};

inline constexpr Field kMirror[] = {
    {.name = "name", .help = "our name for it", .example = "glue", .required = true},
    {.name = "rest",
     .type = FieldType::kGroup,
     .help = "the second catalog is a REST catalog",
     .fields = kRestCatalog},
    {.name = "glue",
     .type = FieldType::kGroup,
     .help = "it is the Glue Data Catalog (`glue: {}`: of the environment's account and region)",
     .fields = kGlueMirror},
    {.name = "namespace",
     .help = "namespace over there, of Glue: the database; absent: the table's own",
     .example = "sales"},
    {.name = "tables",
     .type = FieldType::kTextList,
     .help = "`NAMESPACE.TABLE` or patterns; absent: all",
     .example = "[\"salesforce.*\"]"},
};

inline constexpr Field kLake[] = {
    {.name = "warehouse",
     .help = "folder or URI under which tables are stored; left out beside `rest`: wherever on S3 "
             "the catalog says",
     .default_value = "lake",
     .example = "lake"},
    {.name = "catalog",
     .help = "SQLite file of the embedded catalog; absent: `catalog.db` in the warehouse",
     .example = "lake/catalog.db"},
    {.name = "namespace",
     .help = "namespace of the tables; `{org}` stands for the org's id",
     .default_value = "salesforce",
     .example = "sf_{org}"},
    {.name = "rest",
     .type = FieldType::kGroup,
     .help = "an Iceberg REST catalog instead of the embedded one",
     .fields = kRestCatalog},
    {.name = "mirrors",
     .type = FieldType::kGroupList,
     .help = "second catalogs in which the tables are registered and kept current",
     .fields = kMirror},
};

inline constexpr Field kState[] = {
    {.name = "folder",
     .help = "folder of state.db, rejects and downloads; on a local disk",
     .default_value = ".firn",
     .example = ".firn"},
};

}  // namespace firn::project::fields
