// The fields of firn.yaml below `orgs`: how Firn signs in to an org and what it may use of it.
// Private to the room.
#pragma once

#include "core/config/field.h"

namespace firn::project::fields {

using config::Field;
using config::FieldType;

inline constexpr std::string_view kFlows[] = {"jwt", "client_credentials", "refresh_token"};
inline constexpr std::string_view kCompressions[] = {"gzip", "none"};

inline constexpr Field kAuth[] = {
    {.name = "flow",
     .type = FieldType::kWord,
     .help = "how Firn signs in",
     .default_value = "jwt",
     .example = "jwt",
     .words = kFlows},
    {.name = "client_id",
     .help = "consumer key of the connected or external client app",
     .example = "${env:FIRN_CLIENT_ID}",
     .required = true},
    {.name = "username",
     .help = "jwt: the user whose rights the session has",
     .example = "etl@example.com"},
    {.name = "audience",
     .help = "jwt: `aud` of the assertion, if it is not the login URL",
     .example = "https://login.salesforce.com"},
    {.name = "key",
     .type = FieldType::kSecret,
     .help = "jwt: private key (PEM) of the certificate that the app knows",
     .example = "${file:keys/prod.pem}"},
    {.name = "next_key",
     .type = FieldType::kSecret,
     .help = "jwt: the key that is tried when the org refuses the first, while a certificate is "
             "being rotated",
     .example = "${file:keys/prod-next.pem}"},
    {.name = "client_secret",
     .type = FieldType::kSecret,
     .help = "client_credentials, and refresh_token where the app asks for it",
     .example = "${env:FIRN_CLIENT_SECRET}"},
    {.name = "refresh_token",
     .type = FieldType::kSecret,
     .help = "refresh_token: the first one; rotated ones are kept in the state folder",
     .example = "${env:FIRN_REFRESH_TOKEN}"},
};

inline constexpr Field kLimits[] = {
    {.name = "share",
     .type = FieldType::kNumber,
     .help = "how much of the org's daily calls and job allotments may be used up by everybody "
             "before Firn stops",
     .unit = "of the day's allotment",
     .default_value = "0.8",
     .example = "0.5",
     .min = 0.01,
     .max = 1},
    {.name = "per_run_cap",
     .type = FieldType::kInteger,
     .help = "API calls that one run may make; 0: no cap beside the share",
     .unit = "calls",
     .default_value = "0",
     .example = "5000",
     .min = 0,
     .max = 1e9},
};

inline constexpr Field kOrg[] = {
    {.name = "id",
     .help = "your name for the org: first part of every state key, so never change it",
     .example = "prod",
     .required = true},
    {.name = "login_url",
     .help = "where to sign in: login.salesforce.com, test.salesforce.com, the My Domain, or the "
             "sandbox",
     .example = "https://example.my.salesforce.com",
     .required = true},
    {.name = "auth",
     .type = FieldType::kGroup,
     .help = "how to sign in",
     .example = "{flow: jwt, ..}",
     .required = true,
     .fields = kAuth},
    {.name = "api_version",
     .help = "pinned version of the APIs; changing it is a decision, not an accident",
     .default_value = "66.0",
     .example = "66.0"},
    {.name = "ca_file",
     .help = "PEM file of the authorities to trust instead of the system's",
     .example = "ca.pem"},
    {.name = "proxy",
     .help = "HTTP proxy; absent: HTTPS_PROXY and NO_PROXY count; `none`: no proxy",
     .example = "http://proxy.example.com:3128"},
    {.name = "pubsub_endpoint",
     .help = "`host:port` of the Pub/Sub API; `http://127.0.0.1:PORT` for a sandbox",
     .default_value = "api.pubsub.salesforce.com:7443",
     .example = "api.deu.pubsub.salesforce.com:7443"},
    {.name = "compression",
     .type = FieldType::kWord,
     .help =
         "how result pages travel: `gzip`, or `none` where the network is faster than inflating",
     .default_value = "gzip",
     .example = "none",
     .words = kCompressions},
    {.name = "limits",
     .type = FieldType::kGroup,
     .help = "how much of the org's allotments Firn may use",
     .fields = kLimits},
};

}  // namespace firn::project::fields
