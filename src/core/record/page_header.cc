#include "core/record/page_header.h"

#include <map>

namespace firn::record {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

tl::unexpected<Error> Differs(std::string why) {
  return Fail(Error(Kind::kCorrupt, "REC-PAGE-004", "the page's header row differs from the layout")
                  .Because(std::move(why)));
}

// Names in messages come from a file: keep them short.
std::string Quoted(std::string_view name) {
  constexpr size_t kShown = 80;
  return "`" + std::string(name.substr(0, kShown)) + "`";
}

}  // namespace

Result<std::vector<size_t>> MatchHeader(const BlockCells& header, const Layout& layout) {
  std::map<std::string, size_t> by_name;
  for (size_t i = 0; i < layout.columns.size(); ++i) by_name[Lower(layout.columns[i].name)] = i;
  std::vector<size_t> positions(layout.columns.size(), SIZE_MAX);
  for (size_t at = 0; at < header.columns; ++at) {
    const std::string_view name = RawCell(header, 0, at);
    const auto found = by_name.find(Lower(name));
    if (found == by_name.end()) return Differs("column " + Quoted(name) + " is not expected");
    if (positions[found->second] != SIZE_MAX) {
      return Differs("column " + Quoted(name) + " is there twice");
    }
    positions[found->second] = at;
  }
  for (size_t i = 0; i < positions.size(); ++i) {
    if (positions[i] == SIZE_MAX) {
      return Differs("column " + Quoted(layout.columns[i].name) + " is missing");
    }
  }
  return positions;
}

}  // namespace firn::record
