#include "patterns/federation/error_codes.h"

namespace firn::federation {
namespace {

constexpr ErrorCode kCodes[] = {
    {"CAT-NAME-001", "a name of a namespace, table or view cannot be used",
     "it is empty, too long, holds a control character, or has too many levels",
     "choose another name; levels of a namespace are separated by %1F in a URL"},
    {"CAT-REQUEST-001", "the catalog server cannot read a request",
     "the body is no JSON, nested too deeply, or lacks a member that the call needs",
     "compare the request with the REST catalog specification"},
    {"CAT-REQUEST-002", "the catalog server has no such call",
     "the path or method is not one that `GET /v1/config` lists under `endpoints`",
     "check the URI that the client was given: it ends before `/v1`"},
    {"CAT-REQUEST-004", "the catalog server has that path, but not with that method",
     "the method is not one that `GET /v1/config` lists for it", "mend the client"},
    {"CAT-REQUEST-003", "an idempotency key was used for two requests",
     "a client must make a new key for every change, and repeat one only to repeat that change",
     "mend the client"},
    {"CAT-AUTH-001", "a request to the catalog server is not signed in",
     "it has no bearer token, or one that this catalog neither made nor trusts",
     "give the engine the client id and secret of a principal, and /v1/oauth/tokens as token URI"},
    {"CAT-AUTH-002", "an access token of the catalog server has expired", "tokens live for an hour",
     "ask for a new one; clients do so by themselves"},
    {"CAT-AUTH-004", "the principals file cannot be used",
     "a secret is empty, an issuer's keys cannot be read, or it names a principal that is missing",
     "mend the line that the message names"},
    {"CAT-AUTH-003", "a principal may not do that", "it has no such grant in the principals file",
     "grant it there, on the namespace or the table"},
    {"CAT-SERVE-001", "the access log cannot be opened", "its folder is missing or not writable",
     "name another file with --access-log"},
    {"CAT-NS-001", "there is no such namespace", "it was never made, or was dropped",
     "make it first, or check its name"},
    {"CAT-NS-002", "the namespace exists already", "somebody else made it, or an earlier try did",
     "use it as it is"},
    {"CAT-NS-003", "the namespace is not empty", "tables, views or namespaces are in it",
     "drop or rename them first"},
    {"CAT-NS-004", "a property is both set and removed", "the request names it twice",
     "send it once"},
    {"CAT-TABLE-001", "there is no such table", "it was never made, was dropped or renamed",
     "list the tables of the namespace"},
    {"CAT-TABLE-002", "the name is taken by a table", "a table of that name exists",
     "choose another name, or drop the table"},
    {"CAT-VIEW-001", "there is no such view", "it was never made, was dropped or renamed",
     "list the views of the namespace"},
    {"CAT-VIEW-002", "the name is taken by a view", "a view of that name exists",
     "choose another name, or drop the view"},
    {"CAT-VIEW-003", "a change of a view breaks a rule",
     "the update names a version or schema that is not there, or drops a dialect",
     "load the view again; set `replace.drop-dialect.allowed` to drop a dialect"},
    {"CAT-COMMIT-001", "a commit through the catalog server lost to another",
     "the table or view changed since the client loaded it", "load it again and retry"},
    {"CAT-LOCATION-001", "a location is not one the catalog server may use",
     "it lies outside the warehouse, has `..` in it, or the principal may not choose it",
     "leave the location out, or start the server with --allow-location"},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::federation
