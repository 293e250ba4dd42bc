// The little XML of the first Bulk API: flat elements below one root. Pure.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace firn::sandbox {

// `<root xmlns="..">` with one element for each member that is not null; a list becomes an element
// of its name for each entry, an object nests.
[[nodiscard]] std::string ClassicXml(std::string_view root, const nlohmann::ordered_json& body);

// The texts of a document's leaf elements by their names, without namespace prefixes. Never fails:
// what is not an element is passed over.
[[nodiscard]] std::map<std::string, std::string> LeafElements(std::string_view xml);

}  // namespace firn::sandbox
