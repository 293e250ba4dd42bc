#include "sandbox/bulk/pk_chunks.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

struct Clauses {
  size_t where = std::string_view::npos;  // of the keyword
  size_t after = 0;                       // of what follows the conditions
};

bool WordAt(std::string_view text, size_t at, std::string_view word) {
  if (text.size() - at < word.size() || Folded(text.substr(at, word.size())) != word) return false;
  const auto inside = [](char c) {
    return std::isalnum(static_cast<uint8_t>(c)) != 0 || c == '_' || c == '.';
  };
  if (at > 0 && inside(text[at - 1])) return false;
  return at + word.size() == text.size() || !inside(text[at + word.size()]);
}

// Looks outside of quotes and parentheses.
Clauses ClausesOf(std::string_view query) {
  constexpr std::array<std::string_view, 8> kAfter{"order", "limit", "group", "offset",
                                                   "for",   "all",   "with",  "update"};
  Clauses clauses;
  clauses.after = query.size();
  int depth = 0;
  bool from = false;
  for (size_t at = 0; at < query.size(); ++at) {
    const char c = query[at];
    if (c == '\'') {
      for (++at; at < query.size() && query[at] != '\''; ++at) {
        if (query[at] == '\\') ++at;
      }
      continue;
    }
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (depth != 0) continue;
    if (WordAt(query, at, "from")) from = true;
    if (!from) continue;
    if (WordAt(query, at, "where")) clauses.where = at;
    for (const std::string_view word : kAfter) {
      if (WordAt(query, at, word)) {
        clauses.after = at;
        return clauses;
      }
    }
  }
  return clauses;
}

}  // namespace

std::optional<uint64_t> PkChunkRowsOf(std::string_view header) {
  const std::string folded = Folded(header);
  if (folded.empty() || folded == "false") return 0;
  const size_t at = folded.find("chunksize");
  if (at == std::string::npos) {
    const bool on = folded == "true" || folded.find("startrow") != std::string::npos ||
                    folded.find("parent") != std::string::npos;
    return on ? std::optional<uint64_t>(kPkChunkRowsDefault) : std::nullopt;
  }
  const size_t digits = folded.find_first_of("0123456789", at);
  if (digits == std::string::npos) return std::nullopt;
  uint64_t rows = 0;
  std::from_chars(folded.data() + digits, folded.data() + folded.size(), rows);
  if (rows == 0 || rows > kPkChunkRowsMax) return std::nullopt;
  return rows;
}

std::vector<std::string> PkChunks(std::string_view query, int64_t first, int64_t last,
                                  uint64_t chunk_rows) {
  const Clauses clauses = ClausesOf(query);
  const bool filtered = clauses.where != std::string_view::npos;
  const std::string head(query.substr(0, filtered ? clauses.where : clauses.after));
  std::string conditions;
  if (filtered) {
    const size_t begin = clauses.where + 5;
    conditions = " AND (" + std::string(query.substr(begin, clauses.after - begin)) + ")";
  }
  const std::string tail(query.substr(clauses.after));
  std::vector<std::string> chunks;
  for (int64_t at = first;; at += static_cast<int64_t>(chunk_rows)) {
    const int64_t end = at + static_cast<int64_t>(chunk_rows);
    std::string chunk = head + " WHERE Id >= '" + IdText(at) + "'";
    if (end <= last) chunk += " AND Id < '" + IdText(end) + "'";
    chunks.push_back(chunk + conditions + " " + tail);
    if (end > last) return chunks;
  }
}

}  // namespace firn::sandbox
