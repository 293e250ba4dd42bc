#include "patterns/exports/error_codes.h"

namespace firn::exports {
namespace {

constexpr ErrorCode kCodes[] = {
    {"EXPORT-PLAN-001", "the org has no such object, or hides it from this user",
     "The name is misspelt, or the integration user has no permission on the object.",
     "Use the API name (`Invoice__c`, not `Invoice`). `firn org describe` lists what the user "
     "sees; give its profile or permission set read access to the object."},
    {"EXPORT-PLAN-002", "no object of the org fits the given names and globs",
     "Neither the command line nor `objects` in firn.yaml matches a queryable object.",
     "Name objects on the command line, or add them under `objects` in firn.yaml."},
    {"EXPORT-PLAN-003", "a condition was given for several objects",
     "`--where` is one SOQL condition and can only belong to one object.",
     "Name one object, or write each object's `where` into firn.yaml."},
    {"EXPORT-PLAN-004", "the object cannot be queried",
     "Salesforce's describe says that this object takes no SOQL queries.", "Leave the object out."},
    {"EXPORT-PLAN-005", "the mode of the export does not go with what was asked for",
     "An incremental export takes records in the recycle bin as deletes; `--sweep` and `--refresh` "
     "are parts of an incremental export.",
     "Choose `--mode`, or `mode` of the object in firn.yaml, to fit; `deletes: soft` keeps the "
     "rows of deleted records."},
    {"EXPORT-PLAN-006", "the object has no such field, or hides it from this user",
     "`--field` or `--without`, or `include`, `exclude` or `refresh_fields` of an object in "
     "firn.yaml, names a field that the org does not show and never showed before. Nothing is "
     "exported: what `exclude` means to keep back would be given away.",
     "Use the API name. `firn org describe OBJECT` lists the fields that the user sees. To keep a "
     "field out that only some orgs have or that is hidden from the user, write a pattern: "
     "`\"Salary__c*\"` may fit nothing. A field that was there before and is gone is no error: it "
     "is reported as a warning."},
    {"EXPORT-PLAN-007", "firn.yaml keeps the object out of every export",
     "The last rule under `objects` that fits the object says `skip: true`.",
     "Remove the rule, or name other objects."},
    {"EXPORT-PLAN-008", "a mirror names a table that is not there",
     "`tables` of a mirror in firn.yaml names no table of the lake and none that an export would "
     "make, and one with nearly the same name is there. The mirror would leave that out.",
     "Correct the name, as `firn lake list` shows it."},
    {"EXPORT-RUN-001", "the run is done already", "There is nothing left to resume.",
     "Run `firn export show RUN` to see its report, or `firn export run` to start a new one."},
    {"EXPORT-RUN-002", "the run was made against another org",
     "The org behind this name in firn.yaml has been changed since the run was started.",
     "Point the name at the old org to resume, or start a new run."},
    {"EXPORT-RUN-003", "there is no run to resume", "Every run of this org is done.",
     "Run `firn export list` to see the runs, or `firn export run` to start a new one."},
    {"EXPORT-PAGE-001", "a result page announces another number of rows than before",
     "The same page of the same job gave two different answers. Results of a job do not change, so "
     "one of the answers was damaged.",
     "Run `firn export resume`. If it stays, start a new run: it makes a new job."},
    {"EXPORT-COMMIT-001", "the table got newer rows after this run was started",
     "Another run has replaced the table since. Committing this run's rows would take the table "
     "back in time.",
     "Leave this run as it is, or start a new one."},
    {"EXPORT-COMMIT-002", "the committed snapshot does not carry this run's id",
     "The table was committed, but its newest metadata does not show the snapshot. A bug of firn.",
     "Look at `firn lake history TABLE` and report it."},
    {"EXPORT-FORGET-001", "staged rows cannot be removed",
     "`firn lake forget` removes rows of windows that were not merged yet, and the file system "
     "refused.",
     "Remove the folder that the message names, then run the command again."},
    {"EXPORT-BLOB-001", "a fetched file cannot get its name",
     "The file of a blob field was fetched, but could not be renamed in the folder beside the "
     "table.",
     "Check the permissions of the folder, then `firn export resume`."},
    {"EXPORT-STATE-002", "a list of Ids that a run kept is damaged",
     "The file of deleted Ids in the state folder was changed or cut short.",
     "Start a new run: `firn export run OBJECT --mode incremental`."},
    {"EXPORT-VERIFY-001", "a row has no 18-character Id",
     "Rows are compared by their Ids, and the org gave one whose Id is missing or has another "
     "length.",
     "Ask for the Id by `firn org query` and compare; if the org's answer has it, report a bug."},
    {"EXPORT-VERIFY-002", "rows cannot be filtered",
     "Arrow refused to filter a batch. A bug of firn, or memory that ran out.",
     "Run it again with more memory; report it if it stays."},
    {"EXPORT-VERIFY-003", "no export of the object has been committed yet",
     "`--deep` compares tables that exports of this project made; there is none of this object.",
     "Run `firn export run OBJECT` first, or check the spelling with `firn export list`."},
    {"EXPORT-CHECK-001", "rows of the object cannot be counted by windows",
     "The object has no SystemModstamp, LastModifiedDate, CreatedDate or LoginTime, or its table "
     "was not made by an export that tells a watermark.",
     "Compare every row with `firn export verify --deep`."},
    {"EXPORT-STATE-001", "a row of the ledger cannot be read",
     "State.db holds a row that this version of firn does not understand.",
     "Run `firn export run` again; keep the file if you want to report it."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::exports
