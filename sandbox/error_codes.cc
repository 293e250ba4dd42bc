#include "sandbox/error_codes.h"

namespace firn::sandbox {
namespace {

// By area, then number. Both halves of the sandbox list their codes here.
constexpr ErrorCode kCodes[] = {
    {"SBX-ACCESS-001", "an access rule of the sandbox names what the org has not",
     "A rule names an object whose records have no owners, or a profile that is not there.",
     "Name an object with OwnerId, and a profile as `SELECT Name FROM Profile` lists it."},
    {"SBX-API-001", "the sandbox org refused a request as Salesforce would",
     "The request breaks a rule of the org; the vendor's own code and message stand beside it.",
     "Change the request as the vendor's code says, for example the field name in a query."},
    {"SBX-APPS-001", "the sandbox's list of connected apps is not readable",
     "`apps.json` in the org folder was edited and is no longer valid JSON of the expected form.",
     "Mend the file, or move it away: the sandbox then makes a new one with a new key pair."},
    {"SBX-APPS-002", "no such connected app or certificate in the sandbox",
     "The client id or the certificate's name is not in `apps.json` of the org folder.",
     "List what there is: `curl URL/sandbox/apps`."},
    {"SBX-BULK-001", "the result of a sandbox query job is not there",
     "The file below `results` in the org folder was removed.",
     "Create the job again; do not delete files of a running sandbox."},
    {"SBX-BULK-002", "the result file of a sandbox query job is cut short",
     "The file below `results` in the org folder is smaller than the job recorded.",
     "Create the job again; look whether the disk was full."},
    {"SBX-CRYPTO-001", "a key or certificate could not be made", "OpenSSL reported a failure.",
     "Report it: this should not happen."},
    {"SBX-CRYPTO-002", "a private key is not readable", "The text is not a PEM private key.",
     "Give a PEM file that begins with BEGIN PRIVATE KEY."},
    {"SBX-CRYPTO-003", "a certificate is not readable", "The text is not a PEM certificate.",
     "Give a PEM file that begins with BEGIN CERTIFICATE."},
    {"SBX-FAULT-001", "a fault for the sandbox cannot be understood",
     "The JSON breaks, or holds a key or effect that the sandbox does not know.",
     "See the list of effects and their keys in docs/guides/sandbox.md, section Faults."},
    {"SBX-GZIP-001", "an answer of the sandbox could not be compressed",
     "The deflate library reported a failure.", "Report it: this should not happen."},
    {"SBX-KEYS-001", "the sandbox's token signing keys are not readable",
     "`keys/signing.json` in the org folder is not the list of keys that the sandbox wrote.",
     "Remove the file: new keys are made, and tokens signed before are refused."},
    {"SBX-PROXY-001", "the sandbox's proxy port cannot be opened",
     "Another process listens on this port, or the address is not one of this machine.",
     "Choose another with `--proxy-port`, or 0 for any free one."},
    {"SBX-QUERY-001", "a result file of the sandbox cannot be read",
     "A file below `results` in the org folder is gone or damaged.",
     "Create the job again; do not touch the files of a running sandbox."},
    {"SBX-QUERY-002", "a sandbox query was stopped before its end",
     "The job was aborted, or the sandbox was stopped while it ran.",
     "Nothing to do: a job that was running starts again with the sandbox."},
    {"SBX-SCHEMA-001", "an object file of the sandbox has a mistake",
     "The YAML holds an unknown or missing key, or a value of the wrong kind, at the place named.",
     "Correct that line; sandbox/README.md explains the keys."},
    {"SBX-SCHEMA-002", "an object file lacks the Id field",
     "The first field of an object must be `Id`.", "Add it as the first field."},
    {"SBX-SCHEMA-003", "a formula of an object file is not understood",
     "The formula uses a function or operator that the sandbox does not compute.",
     "Use the functions that sandbox/README.md lists, or leave the formula out."},
    {"SBX-SEED-001", "the sandbox org has no such object",
     "Records were asked for an object that the org does not know.",
     "Check the name; `firn sandbox status` lists the objects."},
    {"SBX-STORE-001", "a stored row of the sandbox org cannot be decoded",
     "The org's database was damaged or written by another version.",
     "Make the org anew in an empty folder; the same seed makes the same records."},
    {"SBX-START-001", "the sandbox org has no active user",
     "The org's data holds no user who could sign in.", "Start with a new org folder."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::sandbox
