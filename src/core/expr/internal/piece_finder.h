// PieceFinder: which of many short texts occur anywhere in a value, in one pass (Aho, Corasick:
// "Efficient string matching", 1975).
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace firn::expr {

// Add all, Build once, then any thread may look things up.
class PieceFinder {
 public:
  void Add(std::string_view piece, uint32_t id);
  void Build();
  // The same id may come more than once.
  template <typename Visit>
  void Find(std::string_view text, Visit visit) const {
    uint32_t at = 0;
    for (const char c : text) {
      at = Next(at, c);
      for (uint32_t hit = nodes_[at].ids.empty() ? nodes_[at].hit : at; hit != 0;
           hit = nodes_[hit].hit) {
        for (const uint32_t id : nodes_[hit].ids) visit(id);
      }
    }
  }
  [[nodiscard]] bool empty() const { return nodes_.size() == 1; }

 private:
  struct Node {
    std::map<char, uint32_t> next;
    uint32_t fall = 0;  // the longest proper end of this text that begins a piece
    uint32_t hit = 0;   // the nearest node down the falls that ends a piece
    std::vector<uint32_t> ids;
  };
  [[nodiscard]] uint32_t Next(uint32_t at, char c) const;
  std::vector<Node> nodes_{1};
};

}  // namespace firn::expr
