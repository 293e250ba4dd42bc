// ValueIndex: all value patterns that rules have for one path, laid out so that a value finds those
// it fits without trying each.
//
// Exact texts, numbers, prefixes and suffixes by hash, ranges and address blocks by interval trees,
// wildcards by their rarest piece. `anything-but` patterns are tried one by one: nearly all of
// them fit nearly every value, so the answer itself is as long as the work.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/expr/event_pattern.h"
#include "core/expr/internal/interval_index.h"
#include "core/expr/internal/ip_address.h"
#include "core/expr/internal/letter_case.h"
#include "core/expr/internal/piece_finder.h"

namespace firn::expr {

class ValueIndex {
 public:
  // `id` is reported for values that fit the pattern. kAbsent is not the index's business.
  void Add(const ValuePattern& pattern, uint32_t id);
  void Build();
  // Appends the ids that the leaf's text fits, some perhaps more than once.
  void Find(std::string_view text, std::vector<uint32_t>& ids) const;

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Ids = std::vector<uint32_t>;
  using ByText = std::unordered_map<std::string, Ids, TextHash, std::equal_to<>>;
  struct Caseless {
    CaselessText text;
    uint32_t id;
  };
  struct Wildcard {
    std::vector<std::string> pieces;
    uint32_t id;
  };

  void AddWildcard(std::vector<std::string> pieces, uint32_t id);
  void FileWildcards();
  void FindText(std::string_view text, Ids& ids) const;
  void FindAffixes(std::string_view text, Ids& ids) const;
  void FindWildcards(std::string_view text, Ids& ids) const;
  void FindAddress(std::string_view text, Ids& ids) const;
  void FindNots(std::string_view text, Ids& ids) const;

  ByText exact_;
  std::unordered_map<double, Ids> numbers_;
  IntervalIndex<double> ranges_;
  IntervalIndex<Uint128> blocks4_;
  IntervalIndex<Uint128> blocks6_;
  std::vector<std::pair<size_t, ByText>> prefixes_;  // by length
  std::vector<std::pair<size_t, ByText>> suffixes_;
  std::unordered_map<std::string, std::vector<Caseless>> ignore_case_;
  std::vector<Caseless> prefixes_ignore_case_;
  std::vector<Caseless> suffixes_ignore_case_;
  std::vector<Wildcard> wildcards_;
  Ids wildcards_without_piece_;  // indexes into wildcards_
  std::vector<std::pair<size_t, ByText>> wildcard_prefixes_;
  std::vector<std::pair<size_t, ByText>> wildcard_suffixes_;
  PieceFinder wildcard_pieces_;
  Ids exists_;
  std::vector<std::pair<ValuePattern, uint32_t>> nots_;
  std::vector<std::vector<CaselessText>> nots_caseless_;  // beside nots_
};

}  // namespace firn::expr
