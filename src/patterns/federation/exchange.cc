#include "patterns/federation/exchange.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "patterns/federation/refusals.h"

namespace firn::federation {

Result<Levels> Exchange::Namespace() const { return LevelsFromPath(vars.at("namespace")); }

Result<EntryName> Exchange::Entry(const std::string& var) const {
  EntryName name;
  // Java looks for the table `files` of a namespace `sales` as the list of the files of a table
  // `sales` that is in no namespace, too: there is none.
  if (vars.at("namespace").empty())
    return NoEntry({{}, vars.at(var)},
                   var == "view" ? lake::EntryKind::kView : lake::EntryKind::kTable);
  FIRN_TRY(name.ns, Namespace());
  name.name = vars.at(var);
  FIRN_CHECK(CheckEntryName(name.name));
  return name;
}

std::string Exchange::Param(const std::string& name) const {
  const auto found = params.find(name);
  return found == params.end() ? "" : found->second;
}

bool Exchange::Says(const std::string& name) const {
  constexpr std::string_view kTrue = "true";
  const std::string value = Param(name);
  return std::equal(value.begin(), value.end(), kTrue.begin(), kTrue.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

Result<Page> PageOf(const Exchange& exchange, const std::vector<std::string>& names) {
  Page page{0, names.size(), ""};
  if (const std::string token = exchange.Param("pageToken"); !token.empty()) {
    const auto last = FromBase64Url(token);
    if (!last) return BadRequest("`pageToken` is none that this server gave out");
    // The name itself may be gone by now: the next page begins after where it was.
    page.begin =
        static_cast<size_t>(std::upper_bound(names.begin(), names.end(), *last) - names.begin());
  }
  const std::string size = exchange.Param("pageSize");
  if (size.empty()) return page;
  size_t count = 0;
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), count);
  if (error != std::errc() || end != size.data() + size.size() || count == 0)
    return BadRequest("`pageSize` is no number above 0");
  if (page.begin + count < names.size()) {
    page.end = page.begin + count;
    page.next_token = Base64Url(names[page.end - 1]);
  }
  return page;
}

Answer JsonAnswer(const nlohmann::ordered_json& json) {
  return {200, json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), {}};
}

}  // namespace firn::federation
