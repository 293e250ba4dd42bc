#include "core/expr/error_codes.h"

namespace firn::expr {
namespace {

constexpr ErrorCode kCodes[] = {
    {"EXPR-PATTERN-001", "the event pattern is not valid",
     "it is no JSON, or breaks a rule of the pattern language at the line and column shown",
     "compare it with EventBridge's page on comparison operators; try it with `firn events match`"},
    {"EXPR-PATTERN-002", "the event pattern is too large",
     "it names more than 256 fields, or its `$or` lists multiply to more than 1,000 combinations",
     "split it into several rules with the same targets"},
    {"EXPR-PATTERN-003", "the event pattern's wildcards are too complex",
     "together, the wildcards of one field can stand at more than ten places of a text at once; "
     "Amazon EventBridge refuses such rules",
     "use fewer asterisks, or `prefix` and `suffix`; keep what follows an asterisk from beginning "
     "with the same characters over and over; split the field's values into several rules"},
    {"EXPR-EVENT-001", "the event is no JSON object", "its text is cut short or malformed",
     "send one JSON object for each event"},
    {"EXPR-EVENT-002", "the event's arrays take too many ways through the patterns",
     "the pattern asks for fields of several large arrays of one event at once",
     "ask for fewer arrays in one pattern, or split the event"},
    {"EXPR-PATH-001", "the path is not one that EventBridge takes",
     "it is `$` followed by `.name`, `.*`, `[n]` or `[*]`, at most 256 characters in all",
     "write names behind dots, not in brackets: `$.detail.payload.Amount`"},
    {"EXPR-SCHEDULE-001", "the schedule expression is not valid",
     "it is not cron(minutes hours day-of-month month day-of-week year), rate(value unit) or "
     "at(yyyy-mm-ddThh:mm:ss), or a field has a value that it does not take",
     "EventBridge Scheduler's page on schedule types has examples; one of day-of-month and "
     "day-of-week is always `?`"},
    {"EXPR-TRANSFORM-001", "the input transformer is not valid",
     "a placeholder is not defined or stands where a key should, the template is no JSON, or there "
     "are too many paths",
     "texts stand in quotes, placeholders in JSON need none; EventBridge's page on input "
     "transformation has examples"},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::expr
