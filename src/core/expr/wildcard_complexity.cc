#include "core/expr/internal/wildcard_complexity.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

namespace firn::expr {
namespace {

constexpr int kAsterisk = 256;
constexpr int kOtherByte = 257;  // stands for all that no piece has
constexpr size_t kSetsMax = 50'000;

// Numbers of the nodes that took the last byte of a text, ascending.
using Places = std::vector<int>;

// The wildcards of each pattern as a tree of bytes and asterisks.
class Trees {
 public:
  explicit Trees(std::span<const std::vector<Wildcard>> patterns) {
    bytes_.insert(kOtherByte);
    for (const std::vector<Wildcard>& wildcards : patterns) {
      const int root = NewNode(kOtherByte);
      roots_.push_back(root);
      for (const Wildcard& wildcard : wildcards) Add(root, wildcard);
    }
  }

  // The most places that a text can reach; texts are tried by the sets of places they reach.
  int Worst(int most) const {
    std::set<Places> known;
    std::deque<Places> todo = {roots_};
    int worst = 0;
    for (; !todo.empty() && worst < most; todo.pop_front()) {
      if (known.size() > kSetsMax) return most;
      for (const int byte : bytes_) {
        Places next = Next(todo.front(), byte);
        if (next.empty() || !known.insert(next).second) continue;
        worst = std::max(worst, Count(next));
        todo.push_back(std::move(next));
      }
    }
    return std::min(worst, most);
  }

 private:
  struct Node {
    int token = 0;
    std::map<int, int> next;  // by token
  };

  int NewNode(int token) {
    nodes_.push_back({token, {}});
    return static_cast<int>(nodes_.size()) - 1;
  }

  int Below(int node, int token) {
    if (const auto found = nodes_[node].next.find(token); found != nodes_[node].next.end()) {
      return found->second;
    }
    const int made = NewNode(token);
    nodes_[node].next.emplace(token, made);
    return made;
  }

  void Add(int node, const Wildcard& wildcard) {
    for (size_t i = 0; i < wildcard.size(); ++i) {
      if (i > 0) node = Below(node, kAsterisk);
      for (const char c : wildcard[i]) {
        const int byte = static_cast<unsigned char>(c);
        bytes_.insert(byte);
        node = Below(node, byte);
      }
    }
  }

  // An asterisk takes any byte, or none.
  void Take(int node, int byte, Places* taken) const {
    for (const auto& [token, below] : nodes_[node].next) {
      if (token == byte || token == kAsterisk) taken->push_back(below);
      if (token == kAsterisk) Take(below, byte, taken);
    }
  }

  Places Next(const Places& places, int byte) const {
    Places taken;
    for (const int node : places) {
      if (nodes_[node].token == kAsterisk) taken.push_back(node);
      Take(node, byte, &taken);
    }
    std::sort(taken.begin(), taken.end());
    taken.erase(std::unique(taken.begin(), taken.end()), taken.end());
    return taken;
  }

  // An asterisk behind a byte that was just taken is reached too, having taken nothing yet.
  int Count(const Places& places) const {
    auto count = static_cast<int>(places.size());
    for (const int node : places) {
      if (nodes_[node].token == kAsterisk) continue;
      const auto asterisk = nodes_[node].next.find(kAsterisk);
      if (asterisk == nodes_[node].next.end()) continue;
      if (!std::binary_search(places.begin(), places.end(), asterisk->second)) ++count;
    }
    return count;
  }

  std::vector<Node> nodes_;
  Places roots_;
  std::set<int> bytes_;
};

}  // namespace

int WildcardComplexity(std::span<const std::vector<Wildcard>> patterns, int most) {
  return patterns.empty() ? 0 : Trees(patterns).Worst(most);
}

}  // namespace firn::expr
