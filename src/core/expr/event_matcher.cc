#include "core/expr/event_matcher.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/expr/event_fields.h"
#include "core/expr/internal/value_index.h"

namespace firn::expr {
namespace {

constexpr uint32_t kRoot = 0;

// A field with its value patterns; equal ones of several rules are one condition.
struct Condition {
  int path = 0;
  bool absent = false;  // fits when the path has no value
};

struct Branch {
  int path = 0;
  std::unordered_map<uint32_t, uint32_t> nodes;  // by condition
};

struct Node {
  uint32_t parent = kRoot;
  uint32_t children = 0;
  std::vector<uint32_t> rules;  // that end here
  std::vector<Branch> branches;
  std::vector<std::pair<uint32_t, uint32_t>> absent;  // condition, node
};

struct Satisfied {
  uint32_t condition = 0;
  ArrayPlaces places;
  bool operator==(const Satisfied& other) const {
    return condition == other.condition && std::ranges::equal(places, other.places);
  }
};

}  // namespace

struct EventMatcher::Parts {
  PathTree paths;
  std::vector<ValueIndex> values;  // by path; ids are conditions
  std::vector<Condition> conditions;
  std::vector<Node> nodes{1};
  uint32_t rules = 0;

  explicit Parts(const std::vector<EventPattern>& patterns);
  void AddAlternative(const PatternFields& fields, uint32_t rule,
                      std::map<std::pair<int, std::vector<ValuePattern>>, uint32_t>& known);
  uint32_t Child(uint32_t at, uint32_t condition);
};

// `stamp` tells what was written for the event at hand from what is left of earlier ones.
struct MatchScratch::Parts {
  struct PathState {
    uint64_t seen = 0;       // the event has values at the path
    uint64_t evaluated = 0;  // `satisfied` is of this event
    std::vector<const EventField*> fields;
    std::vector<Satisfied> satisfied;
  };
  struct NodeState {
    uint64_t seen = 0;
    uint32_t children_done = 0;
    bool done = false;  // all rules at and below the node have matched
  };
  EventFields event;
  uint64_t stamp = 0;
  std::vector<PathState> paths;
  std::vector<NodeState> nodes;
  std::vector<uint64_t> rules;
  std::vector<uint32_t> matched;
  std::vector<uint32_t> ids;
  const void* owner = nullptr;
};

MatchScratch::MatchScratch() : parts_(std::make_unique<Parts>()) {}
MatchScratch::~MatchScratch() = default;
MatchScratch::MatchScratch(MatchScratch&&) noexcept = default;
MatchScratch& MatchScratch::operator=(MatchScratch&&) noexcept = default;

EventMatcher::Parts::Parts(const std::vector<EventPattern>& patterns)
    : rules(static_cast<uint32_t>(patterns.size())) {
  std::map<std::pair<int, std::vector<ValuePattern>>, uint32_t> known;
  for (uint32_t rule = 0; rule < patterns.size(); ++rule) {
    for (const PatternFields& fields : patterns[rule].alternatives) {
      AddAlternative(fields, rule, known);
    }
  }
  for (ValueIndex& index : values) index.Build();
}

void EventMatcher::Parts::AddAlternative(
    const PatternFields& fields, uint32_t rule,
    std::map<std::pair<int, std::vector<ValuePattern>>, uint32_t>& known) {
  uint32_t at = kRoot;
  for (const auto& [path, patterns] : fields) {
    const int number = paths.Add(path);
    values.resize(static_cast<size_t>(paths.size()));
    std::vector<ValuePattern> sorted = patterns;
    std::sort(sorted.begin(), sorted.end());
    const auto made = static_cast<uint32_t>(conditions.size());
    const auto [entry, added] = known.emplace(std::pair(number, std::move(sorted)), made);
    if (added) {
      Condition condition{number, false};
      for (const ValuePattern& pattern : entry->first.second) {
        condition.absent = condition.absent || pattern.kind == ValuePattern::Kind::kAbsent;
        values[static_cast<size_t>(number)].Add(pattern, made);
      }
      conditions.push_back(condition);
    }
    at = Child(at, entry->second);
  }
  std::vector<uint32_t>& ends = nodes[at].rules;
  if (std::find(ends.begin(), ends.end(), rule) == ends.end()) ends.push_back(rule);
}

uint32_t EventMatcher::Parts::Child(uint32_t at, uint32_t condition) {
  const Condition& what = conditions[condition];
  const auto made = static_cast<uint32_t>(nodes.size());
  std::vector<Branch>& branches = nodes[at].branches;
  auto branch = std::find_if(branches.begin(), branches.end(),
                             [&](const Branch& b) { return b.path == what.path; });
  if (branch == branches.end()) branch = branches.insert(branches.end(), Branch{what.path, {}});
  const auto [entry, added] = branch->nodes.emplace(condition, made);
  const uint32_t child = entry->second;
  if (!added) return child;
  if (what.absent) nodes[at].absent.emplace_back(condition, child);
  ++nodes[at].children;
  nodes.emplace_back().parent = at;
  return child;
}

namespace {

// One event on its way through the tree.
template <typename Tree, typename Scratch>
class Walk {
 public:
  Walk(const Tree& tree, Scratch& scratch) : tree_(tree), scratch_(scratch) {}

  Result<void> Run() {
    Visit(kRoot, {});
    if (steps_ <= EventMatcher::kStepsMax) return {};
    return Fail(Error(Kind::kLimitReached, "EXPR-EVENT-002",
                      "the event's arrays take too many ways through the patterns"));
  }

 private:
  auto& State(uint32_t node) {
    auto& state = scratch_.nodes[node];
    if (state.seen != scratch_.stamp) state = {scratch_.stamp, 0, false};
    return state;
  }

  // The values at a path that fit conditions, worked out when first asked for.
  const std::vector<Satisfied>& SatisfiedAt(int path) {
    auto& state = scratch_.paths[static_cast<size_t>(path)];
    if (state.seen != scratch_.stamp) {
      state.satisfied.clear();
      return state.satisfied;
    }
    if (state.evaluated == scratch_.stamp) return state.satisfied;
    state.evaluated = scratch_.stamp;
    state.satisfied.clear();
    for (const EventField* field : state.fields) {
      scratch_.ids.clear();
      tree_.values[static_cast<size_t>(path)].Find(field->text, scratch_.ids);
      for (const uint32_t id : scratch_.ids) state.satisfied.push_back({id, field->places});
    }
    RemoveRepeats(state.satisfied);
    return state.satisfied;
  }

  static void RemoveRepeats(std::vector<Satisfied>& all) {
    if (all.size() < 2) return;
    std::sort(all.begin(), all.end(), [](const Satisfied& a, const Satisfied& b) {
      if (a.condition != b.condition) return a.condition < b.condition;
      return std::lexicographical_compare(
          a.places.begin(), a.places.end(), b.places.begin(), b.places.end(),
          [](const ArrayPlace& x, const ArrayPlace& y) {
            return std::pair(x.array, x.element) < std::pair(y.array, y.element);
          });
    });
    all.erase(std::unique(all.begin(), all.end()), all.end());
  }

  static bool Consistent(ArrayPlaces so_far, ArrayPlaces field) {
    for (const ArrayPlace& place : field) {
      for (const ArrayPlace& before : so_far) {
        if (before.array == place.array && before.element != place.element) return false;
      }
    }
    return true;
  }

  static std::vector<ArrayPlace> Together(ArrayPlaces so_far, ArrayPlaces field) {
    std::vector<ArrayPlace> all(so_far.begin(), so_far.end());
    for (const ArrayPlace& place : field) {
      if (std::find(all.begin(), all.end(), place) == all.end()) all.push_back(place);
    }
    return all;
  }

  bool IsAbsent(int path, ArrayPlaces so_far) const {
    const auto& state = scratch_.paths[static_cast<size_t>(path)];
    if (state.seen != scratch_.stamp) return true;
    return std::none_of(state.fields.begin(), state.fields.end(),
                        [&](const EventField* field) { return Consistent(so_far, field->places); });
  }

  void Accept(const Node& node) {
    for (const uint32_t rule : node.rules) {
      if (scratch_.rules[rule] == scratch_.stamp) continue;
      scratch_.rules[rule] = scratch_.stamp;
      scratch_.matched.push_back(rule);
    }
  }

  void MarkDone(uint32_t at) {
    State(at).done = true;
    while (at != kRoot) {
      at = tree_.nodes[at].parent;
      auto& parent = State(at);
      if (++parent.children_done < tree_.nodes[at].children) return;
      parent.done = true;
    }
  }

  void Visit(uint32_t at, ArrayPlaces places) {
    if (++steps_ > EventMatcher::kStepsMax || State(at).done) return;
    const Node& node = tree_.nodes[at];
    Accept(node);
    if (node.children == 0) return MarkDone(at);
    for (const auto& [condition, child] : node.absent) {
      if (IsAbsent(tree_.conditions[condition].path, places)) Visit(child, places);
    }
    for (const Branch& branch : node.branches) {
      for (const Satisfied& each : SatisfiedAt(branch.path)) {
        const auto child = branch.nodes.find(each.condition);
        if (child == branch.nodes.end() || State(child->second).done) continue;
        if (places.empty() || each.places.empty()) {
          Visit(child->second, places.empty() ? each.places : places);
        } else if (Consistent(places, each.places)) {
          Visit(child->second, Together(places, each.places));
        }
      }
    }
  }

  const Tree& tree_;
  Scratch& scratch_;
  int64_t steps_ = 0;
};

}  // namespace

EventMatcher::EventMatcher(const std::vector<EventPattern>& patterns)
    : parts_(std::make_unique<const Parts>(patterns)) {}
EventMatcher::~EventMatcher() = default;
EventMatcher::EventMatcher(EventMatcher&&) noexcept = default;
EventMatcher& EventMatcher::operator=(EventMatcher&&) noexcept = default;

Result<std::vector<uint32_t>> EventMatcher::Match(std::string_view event,
                                                  MatchScratch& scratch) const {
  MatchScratch::Parts& s = *scratch.parts_;
  FIRN_CHECK(s.event.Load(event, parts_->paths));
  if (s.owner != parts_.get()) {
    s.owner = parts_.get();
    s.paths.assign(static_cast<size_t>(parts_->paths.size()), {});
    s.nodes.assign(parts_->nodes.size(), {});
    s.rules.assign(parts_->rules, 0);
    s.stamp = 0;
  }
  ++s.stamp;
  s.matched.clear();
  for (const EventField& field : s.event.fields()) {
    auto& state = s.paths[static_cast<size_t>(field.path)];
    if (state.seen != s.stamp) {
      state.seen = s.stamp;
      state.fields.clear();
    }
    state.fields.push_back(&field);
  }
  FIRN_CHECK((Walk<Parts, MatchScratch::Parts>(*parts_, s).Run()));
  std::sort(s.matched.begin(), s.matched.end());
  return s.matched;
}

Result<bool> Matches(const EventPattern& pattern, std::string_view event) {
  MatchScratch scratch;
  FIRN_TRY(const auto matched, EventMatcher({pattern}).Match(event, scratch));
  return !matched.empty();
}

}  // namespace firn::expr
