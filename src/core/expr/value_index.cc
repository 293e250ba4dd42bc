#include "core/expr/internal/value_index.h"

#include <algorithm>
#include <limits>

#include "core/expr/internal/number_text.h"
#include "core/expr/internal/wildcard.h"

namespace firn::expr {
namespace {

using PatternKind = ValuePattern::Kind;

// The map for texts of one length, made when missing.
template <typename Map>
Map& OfLength(std::vector<std::pair<size_t, Map>>& maps, size_t length) {
  for (auto& [known, map] : maps) {
    if (known == length) return map;
  }
  return maps.emplace_back(length, Map()).second;
}

bool IsQuoted(std::string_view text) { return text.starts_with('"'); }

bool AnyWildcard(const ValuePattern& pattern, std::string_view text) {
  size_t begin = 0;
  for (const double count : pattern.numbers) {
    const auto pieces = static_cast<size_t>(count);
    if (MatchesWildcard(std::span(pattern.texts).subspan(begin, pieces), text)) return true;
    begin += pieces;
  }
  return false;
}

// Whether an `anything-but` lets the value pass.
bool Passes(const ValuePattern& pattern, const std::vector<CaselessText>& caseless,
            std::string_view text, const std::optional<double>& number) {
  const auto none = [&](auto excluded) {
    return std::none_of(pattern.texts.begin(), pattern.texts.end(), excluded);
  };
  switch (pattern.kind) {
    case PatternKind::kNotNumber:
      return !number || std::find(pattern.numbers.begin(), pattern.numbers.end(), *number) ==
                            pattern.numbers.end();
    case PatternKind::kNotPrefix:
      return none([&](const std::string& prefix) { return text.starts_with(prefix); });
    case PatternKind::kNotSuffix:
      return none([&](const std::string& suffix) { return text.ends_with(suffix); });
    case PatternKind::kNotIgnoreCase:
      return std::none_of(caseless.begin(), caseless.end(),
                          [&](const CaselessText& one) { return one.Matches(text); });
    case PatternKind::kNotWildcard:
      return !AnyWildcard(pattern, text);
    default:
      return none([&](const std::string& excluded) { return text == excluded; });
  }
}

}  // namespace

void ValueIndex::Add(const ValuePattern& pattern, uint32_t id) {
  const auto text = [&]() -> const std::string& { return pattern.texts.front(); };
  switch (pattern.kind) {
    case PatternKind::kExact:
      exact_[text()].push_back(id);
      return;
    case PatternKind::kNumber:
      numbers_[pattern.numbers.front()].push_back(id);
      return;
    case PatternKind::kRange:
      ranges_.Add(pattern.numbers[0], pattern.numbers[1], id);
      return;
    case PatternKind::kPrefix:
      OfLength(prefixes_, text().size())[text()].push_back(id);
      return;
    case PatternKind::kSuffix:
      OfLength(suffixes_, text().size())[text()].push_back(id);
      return;
    case PatternKind::kPrefixIgnoreCase:
      prefixes_ignore_case_.push_back({CaselessText(text()), id});
      return;
    case PatternKind::kSuffixIgnoreCase:
      suffixes_ignore_case_.push_back({CaselessText(text()), id});
      return;
    case PatternKind::kIgnoreCase:
      ignore_case_[FoldCase(text())].push_back({CaselessText(text()), id});
      return;
    case PatternKind::kWildcard:
      AddWildcard(pattern.texts, id);
      return;
    case PatternKind::kExists:
      exists_.push_back(id);
      return;
    case PatternKind::kCidr: {
      const auto low = ParseIpBound(pattern.texts[0]);
      const auto high = ParseIpBound(pattern.texts[1]);
      FIRN_ASSERT(low && high && low->v6 == high->v6);
      (low->v6 ? blocks6_ : blocks4_).Add(low->number, high->number, id);
      return;
    }
    case PatternKind::kAbsent:
      return;
    default: {
      nots_.emplace_back(pattern, id);
      std::vector<CaselessText>& caseless = nots_caseless_.emplace_back();
      if (pattern.kind != PatternKind::kNotIgnoreCase) return;
      for (const std::string& excluded : pattern.texts) caseless.emplace_back(excluded);
    }
  }
}

void ValueIndex::AddWildcard(std::vector<std::string> pieces, uint32_t id) {
  if (pieces.size() == 1) {
    exact_[pieces.front()].push_back(id);
  } else {
    wildcards_.push_back({std::move(pieces), id});
  }
}

// Each wildcard is filed under the piece that it shares with the fewest others: a value without
// that piece never meets it. The quotes at both ends say nothing.
void ValueIndex::FileWildcards() {
  std::unordered_map<std::string, uint32_t> prefixes;
  std::unordered_map<std::string, uint32_t> suffixes;
  std::unordered_map<std::string, uint32_t> inner;
  for (const Wildcard& wildcard : wildcards_) {
    ++prefixes[wildcard.pieces.front()];
    ++suffixes[wildcard.pieces.back()];
    for (size_t i = 1; i + 1 < wildcard.pieces.size(); ++i) ++inner[wildcard.pieces[i]];
  }
  for (uint32_t number = 0; number < wildcards_.size(); ++number) {
    const std::vector<std::string>& pieces = wildcards_[number].pieces;
    const std::string& prefix = pieces.front();
    const std::string& suffix = pieces.back();
    constexpr uint32_t kNever = std::numeric_limits<uint32_t>::max();
    const uint32_t with_prefix = prefix.size() > 1 ? prefixes[prefix] : kNever;
    const uint32_t with_suffix = suffix.size() > 1 ? suffixes[suffix] : kNever;
    const std::string* rarest = nullptr;
    for (size_t i = 1; i + 1 < pieces.size(); ++i) {
      if (rarest == nullptr || inner[pieces[i]] < inner[*rarest]) rarest = &pieces[i];
    }
    const uint32_t with_inner = rarest == nullptr ? kNever : inner[*rarest];
    if (with_prefix == kNever && with_suffix == kNever && with_inner == kNever) {
      wildcards_without_piece_.push_back(number);
    } else if (with_prefix <= with_suffix && with_prefix <= with_inner) {
      OfLength(wildcard_prefixes_, prefix.size())[prefix].push_back(number);
    } else if (with_suffix <= with_inner) {
      OfLength(wildcard_suffixes_, suffix.size())[suffix].push_back(number);
    } else {
      wildcard_pieces_.Add(*rarest, number);
    }
  }
}

void ValueIndex::Build() {
  ranges_.Build();
  blocks4_.Build();
  blocks6_.Build();
  FileWildcards();
  wildcard_pieces_.Build();
}

void ValueIndex::Find(std::string_view text, std::vector<uint32_t>& ids) const {
  ids.insert(ids.end(), exists_.begin(), exists_.end());
  if (const auto found = exact_.find(text); found != exact_.end()) {
    ids.insert(ids.end(), found->second.begin(), found->second.end());
  }
  if (IsQuoted(text)) {
    FindText(text, ids);
  } else if (!numbers_.empty() || !ranges_.empty()) {
    if (const auto number = ComparableNumber(text)) {
      const auto found = numbers_.find(*number);
      if (found != numbers_.end()) {
        ids.insert(ids.end(), found->second.begin(), found->second.end());
      }
      ranges_.Find(*number, [&](uint32_t id) { ids.push_back(id); });
    }
  }
  if (!nots_.empty()) FindNots(text, ids);
}

void ValueIndex::FindText(std::string_view text, Ids& ids) const {
  FindAffixes(text, ids);
  if (!ignore_case_.empty()) {
    const auto found = ignore_case_.find(FoldCase(text));
    if (found != ignore_case_.end()) {
      for (const Caseless& each : found->second) {
        if (each.text.Matches(text)) ids.push_back(each.id);
      }
    }
  }
  for (const Caseless& each : prefixes_ignore_case_) {
    if (each.text.MatchPrefix(text)) ids.push_back(each.id);
  }
  for (const Caseless& each : suffixes_ignore_case_) {
    if (each.text.MatchesEnd(text)) ids.push_back(each.id);
  }
  if (!wildcards_.empty()) FindWildcards(text, ids);
  if (!blocks4_.empty() || !blocks6_.empty()) FindAddress(text, ids);
}

void ValueIndex::FindAffixes(std::string_view text, Ids& ids) const {
  const auto add = [&](const ByText& map, std::string_view affix) {
    const auto found = map.find(affix);
    if (found != map.end()) ids.insert(ids.end(), found->second.begin(), found->second.end());
  };
  for (const auto& [length, map] : prefixes_) {
    if (length <= text.size()) add(map, text.substr(0, length));
  }
  for (const auto& [length, map] : suffixes_) {
    if (length <= text.size()) add(map, text.substr(text.size() - length));
  }
}

void ValueIndex::FindWildcards(std::string_view text, Ids& ids) const {
  const auto attempt = [&](uint32_t number) {
    const Wildcard& wildcard = wildcards_[number];
    if (MatchesWildcard(wildcard.pieces, text)) ids.push_back(wildcard.id);
  };
  const auto attempt_all = [&](const ByText& map, std::string_view affix) {
    const auto found = map.find(affix);
    if (found == map.end()) return;
    for (const uint32_t number : found->second) attempt(number);
  };
  for (const uint32_t number : wildcards_without_piece_) attempt(number);
  for (const auto& [length, map] : wildcard_prefixes_) {
    if (length <= text.size()) attempt_all(map, text.substr(0, length));
  }
  for (const auto& [length, map] : wildcard_suffixes_) {
    if (length <= text.size()) attempt_all(map, text.substr(text.size() - length));
  }
  if (!wildcard_pieces_.empty()) wildcard_pieces_.Find(text, attempt);
}

void ValueIndex::FindAddress(std::string_view text, Ids& ids) const {
  if (text.size() < 2) return;
  const auto address = ParseIpAddress(text.substr(1, text.size() - 2));
  if (!address) return;
  (address->v6 ? blocks6_ : blocks4_).Find(address->number, [&](uint32_t id) {
    ids.push_back(id);
  });
}

void ValueIndex::FindNots(std::string_view text, Ids& ids) const {
  const auto number = IsQuoted(text) ? std::nullopt : ComparableNumber(text);
  for (size_t i = 0; i < nots_.size(); ++i) {
    const auto& [pattern, id] = nots_[i];
    if (Passes(pattern, nots_caseless_[i], text, number)) ids.push_back(id);
  }
}

}  // namespace firn::expr
