#include "patterns/events/error_codes.h"

namespace firn::events {

namespace {

// Streams and tables, then rules, targets and dead letters.
constexpr ErrorCode kCodes[] = {
    {"EVENT-RULE-001", "a text is no event that rules could look at",
     "It is no JSON object, or lacks `source`, `detail-type` or `detail`.",
     "Write events as EventBridge shows them: `firn events put --help` has an example."},
    {"EVENT-OUTBOX-001", "another process delivers this project's events",
     "One process at a time brings events to targets, so that none gets them twice.",
     "Wait until it has finished, or stop it; reading commands work beside it."},
    {"EVENT-OUTBOX-002", "no events have come to rules here yet",
     "The state folder has no outbox: nothing was taken, so there is nothing to show.",
     "Run `firn events put FILE` to take events from a file."},
    {"EVENT-TARGET-001", "an input is too large for its target",
     "The service has a limit for one message, and the event, or what the rule makes of it, is "
     "larger.",
     "Send a part of the event with InputPath or InputTransformer; the event lies in the dead "
     "letters: `firn events dlq list`."},
    {"EVENT-TARGET-002", "an event lacks what its target needs",
     "A path of the rule (InputPath, HttpParameters) finds nothing in the event.",
     "Narrow the pattern to events that have it (`{\"exists\": true}`), or mend the path."},
    {"EVENT-TARGET-003", "there is no lake for a target",
     "A rule sends events to a table, and this command has no lake.",
     "Run it in a project folder with a `lake`."},
    {"EVENT-TARGET-004", "an event got too old for its target",
     "The target could not be reached for as long as the rule's RetryPolicy allows.",
     "Mend the target, then `firn events dlq redrive`."},
    {"EVENT-TARGET-005", "a target is not in the project any more",
     "Deliveries to a target waited for a day, and no rule has it.",
     "Put the rule back, or look at the events with `firn events dlq show`."},
    {"EVENT-HTTP-001", "an API destination did not take an event",
     "It did not answer in time, or answered with the status shown. 401, 407, 409, 429 and 5xx are "
     "tried again.",
     "Look at the endpoint's own log; authorization stands in the file of `destinations/`."},
    {"EVENT-HTTP-002", "a connection got no access token",
     "The AuthorizationEndpoint refused the client, or its answer holds no access token.",
     "Check client id, secret and endpoint of the destination's OAuthParameters."},
    {"EVENT-HTTP-003", "a part of an event cannot be a header",
     "A path of HttpParameters.HeaderParameters finds a text with line breaks.",
     "Send that part in the body, or narrow the pattern; then redrive the dead letter."},
    {"EVENT-COMMAND-001", "a target's command failed",
     "It could not be started, took too long, or ended with another exit code than 0. 64, 65 and "
     "77 are final, others are tried again.",
     "Run it by hand with an event on its standard input, in the project's folder."},
    {"EVENT-LAKE-001", "events cannot be laid out as rows",
     "Memory ran out, or this is a fault of Firn's.", "Report it with the message."},
    {"EVENT-REPLAY-001", "there is no such rule or target to replay to",
     "`--to` names a rule, or a target as `RULE/TARGET`; rules that are wrong are left out.",
     "Run `firn events rules list` to see them, and `firn events rules check` to see what is wrong "
     "with a rule."},
    {"EVENT-PUBLISH-001", "what is to be published is no JSON object",
     "A platform event has named fields; the rule's input is a text, number or list.",
     "Name the fields with InputTransformer: `{\"Amount__c\": <amount>}`."},
    {"EVENT-PUBLISH-002", "a platform event has no such field",
     "The rule's input names a field that the event's definition lacks.",
     "Correct the name, or add the field to the platform event; redrive the dead letter then."},
    {"EVENT-PUBLISH-003", "a value does not fit a field of a platform event",
     "Text was given for a number, or the like; nothing is turned into another type in silence. "
     "Dates and times may be ISO 8601 texts.",
     "Correct the rule's input; redrive the dead letter then."},
    {"EVENT-PUBLISH-004", "the user may not publish to a topic",
     "The integration user has no create access to the platform event.",
     "Give it a permission set with that access."},
    {"EVENT-PUBLISH-005", "no org can be published to from here",
     "The part of Firn that opened the rules knows no orgs.",
     "Report it with the command; it is a bug."},
    {"EVENT-KAFKA-001", "an event makes no name of a Kafka topic",
     "`Topic` of KafkaParameters takes a part of the event that holds other characters than a "
     "topic's name may have: letters, digits, `.`, `_` and `-`.",
     "Take another part of the event, or edit the dead letter, then redrive it."},
    {"EVENT-LETTER-001", "there is no such dead letter",
     "It was redriven or removed, or is past its age.", "Run `firn events dlq list` to see them."},
    {"EVENT-LETTER-002", "the queue of dead letters is none",
     "A rule's DeadLetterConfig named something that is no SQS queue when the letter was written.",
     "Mend the rule; the letter stays in the local store."},
    {"EVENT-SCHEMA-001", "the schema of an event cannot be read",
     "GetSchema answered something that is no Avro record, or is larger than any event can be.",
     "Look at the reason in the message; report the schema id with it."},
    {"EVENT-DECODE-001", "an event does not fit its schema",
     "Its publisher wrote other bytes than its schema says: Salesforce does not check what is "
     "published, and change events are damaged only by a fault between the org and here.",
     "Run `firn events quarantine list` to see the event with its schema id, and have the "
     "publisher mend what it sends; the topic went on."},
    {"EVENT-RECORD-001", "an event names a record by something that is no id",
     "Its header is damaged, or of an object whose records have no ids.",
     "Run `firn events quarantine list` to see the event; the topic went on."},
    {"EVENT-TABLE-001", "there is no table to follow the object",
     "Change events tell changes, not the records that are there already.",
     "Export the object first: `firn export run OBJECT`; the stream then goes on from there."},
    {"EVENT-TABLE-002", "the table of a followed object got new columns",
     "The object has new fields. The changes that waited are committed first.",
     "Do nothing: this is tried again by itself."},
    {"EVENT-TABLE-003", "an object whose rule has a condition cannot be followed",
     "An event tells what changed, not whether its record fits a SOQL condition.",
     "Drop `where` from the object's rule, or keep the table current by incremental exports."},
    {"EVENT-TABLE-004", "a field that is to be left out is misspelt",
     "`exclude` of the object in firn.yaml names a field that the org does not have, and the "
     "stream would add a column of nearly that name to the table: what was to be kept back.",
     "Correct the name in firn.yaml; to leave the column in, take the name out of `exclude`."},
    {"EVENT-LOST-001", "the position in a topic is lost",
     "The events behind it are older than the 72 hours they are kept, or the org moved to another "
     "instance or is another one. Firn never goes on in silence.",
     "Run `firn events follow --on-lost backfill`: it reads over REST what changed since the last "
     "event, merges it, and goes on with the events that are kept. Deletes that bypass the recycle "
     "bin are found by `firn export run --mode incremental --sweep`."},
    {"EVENT-LOST-002", "nothing tells since when an object has to be read again",
     "The position is lost, no event was ever settled and no export is known.",
     "Export the object whole: `firn export run OBJECT --mode full`."},
    {"EVENT-QUARANTINE-001", "no such event is in quarantine",
     "The name is misspelt, or its time was over.",
     "Run `firn events quarantine list` to see them."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::events
