// The XML that the first Bulk API answers with, and what it reads of job and batch infos. Pure.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "sandbox/query.h"

namespace firn::sandbox {

// `<root xmlns="..">` with one element for each member that is not null; a list becomes an element
// of its name for each entry, an object nests.
[[nodiscard]] std::string ClassicXml(std::string_view root, const nlohmann::ordered_json& body);

// The texts of a document's leaf elements by their names, without namespace prefixes. Never fails:
// what is not an element is passed over.
[[nodiscard]] std::map<std::string, std::string> LeafElements(std::string_view xml);

// Of a query's result: what stands around the records, and the current row as one of them.
// Source: Bulk API 2.0 and Bulk API Developer Guide, 'Get Bulk Query Results'; the elements of a
// record as clients' own test data show them (type, then Id twice), read 2026-11.
inline constexpr std::string_view kXmlRecordsBegin =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><queryResult "
    "xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\" "
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n";
inline constexpr std::string_view kXmlRecordsEnd = "</queryResult>";
void AppendXmlRow(const RowCursor& cursor, std::string& out);

// `<`, `>`, `&`, `"` as entities; characters that XML has no place for are left out.
void AppendXmlText(std::string_view text, std::string& out);

}  // namespace firn::sandbox
