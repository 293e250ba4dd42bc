#include "core/record/error_codes.h"

namespace firn::record {
namespace {

constexpr ErrorCode kCodes[] = {
    {"REC-LAYOUT-001", "the text is no describe result of an object",
     "The file or answer is not the JSON body of an sObject describe call.",
     "Fetch it from /services/data/vXX.0/sobjects/OBJECT/describe, or name another file."},
    {"REC-LAYOUT-002", "no field of the object is selected",
     "Include and exclude leave no field, or the user may see none.",
     "Widen `include`, or give the user read access to the object's fields."},
    {"REC-LAYOUT-003", "the layout or the delimiter cannot be used to read CSV",
     "There are more than 65,535 columns, or the delimiter is a quote or a line end.",
     "Select fewer fields; use a comma, tab, semicolon, pipe, caret or backquote."},
    {"REC-PAGE-001", "a page of rows is cut short",
     "The last row has no end: the transfer or the file stopped early.",
     "Fetch the page again; if a file of yours is whole, add a line end to its last row."},
    {"REC-PAGE-003", "a page of rows is malformed CSV",
     "A row has too many or too few cells, or quotes that do not pair up.",
     "Fetch the page again; check the delimiter if the file comes from elsewhere."},
    {"REC-PAGE-004", "a page's header row differs from the layout",
     "The page was made from another query or describe than the one it is read by.",
     "Read it with the describe result that belongs to it."},
    {"REC-JSON-001", "the text is no list of query records",
     "The answer is not the JSON body of a query call.",
     "Ask again; report it with the request id if it stays."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::record
