#include "core/expr/error_codes.h"

namespace firn::expr {
namespace {

constexpr ErrorCode kCodes[] = {
    {"EXPR-PATTERN-001", "the event pattern is not valid",
     "It is no JSON, or breaks a rule of the pattern language at the line and column shown.",
     "Compare it with EventBridge's page on comparison operators; try it with `firn events "
     "match`."},
    {"EXPR-PATTERN-002", "the event pattern is too large",
     "It names more than 256 fields, or its `$or` lists multiply to more than 1,000 combinations.",
     "Split it into several rules with the same targets."},
    {"EXPR-PATTERN-003", "the event pattern's wildcards are too complex",
     "Together, the wildcards of one field can stand at more than ten places of a text at once; "
     "Amazon EventBridge refuses such rules.",
     "Use fewer asterisks, or `prefix` and `suffix`; keep what follows an asterisk from beginning "
     "with the same characters over and over; split the field's values into several rules."},
    {"EXPR-EVENT-001", "the event is no JSON object", "Its text is cut short or malformed.",
     "Send one JSON object for each event."},
    {"EXPR-EVENT-002", "the event's arrays take too many ways through the patterns",
     "The pattern asks for fields of several large arrays of one event at once.",
     "Ask for fewer arrays in one pattern, or split the event."},
    {"EXPR-PATH-001", "the path is not one that EventBridge takes",
     "It is `$` followed by `.name`, `.*`, `[n]` or `[*]`, at most 256 characters in all.",
     "Write names behind dots, not in brackets: `$.detail.payload.Amount`."},
    {"EXPR-SCHEDULE-001", "the schedule expression is not valid",
     "It is not cron(minutes hours day-of-month month day-of-week year), rate(value unit) or "
     "at(yyyy-mm-ddThh:mm:ss), or a field has a value that it does not take.",
     "Write it as EventBridge Scheduler's page on schedule types shows; one of day-of-month and "
     "day-of-week is always `?`."},
    {"EXPR-TRANSFORM-001", "the input transformer is not valid",
     "A placeholder is not defined or stands where a key should, the template is no JSON, or there "
     "are too many paths.",
     "Put texts in quotes and leave placeholders in JSON without; EventBridge's page on input "
     "transformation has examples."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::expr
