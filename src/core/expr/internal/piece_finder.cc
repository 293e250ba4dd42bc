#include "core/expr/internal/piece_finder.h"

#include <deque>

namespace firn::expr {

void PieceFinder::Add(std::string_view piece, uint32_t id) {
  uint32_t at = 0;
  for (const char c : piece) {
    const auto found = nodes_[at].next.find(c);
    if (found != nodes_[at].next.end()) {
      at = found->second;
      continue;
    }
    const auto made = static_cast<uint32_t>(nodes_.size());
    nodes_.emplace_back();
    nodes_[at].next.emplace(c, made);
    at = made;
  }
  nodes_[at].ids.push_back(id);
}

uint32_t PieceFinder::Next(uint32_t at, char c) const {
  for (;;) {
    const auto found = nodes_[at].next.find(c);
    if (found != nodes_[at].next.end()) return found->second;
    if (at == 0) return 0;
    at = nodes_[at].fall;
  }
}

void PieceFinder::Build() {
  std::deque<uint32_t> waiting{0};
  while (!waiting.empty()) {
    const uint32_t at = waiting.front();
    waiting.pop_front();
    for (const auto& [c, child] : nodes_[at].next) {
      if (at != 0) nodes_[child].fall = Next(nodes_[at].fall, c);
      const uint32_t fall = nodes_[child].fall;
      nodes_[child].hit = nodes_[fall].ids.empty() ? nodes_[fall].hit : fall;
      waiting.push_back(child);
    }
  }
}

}  // namespace firn::expr
