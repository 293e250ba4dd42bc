// EventFields: the leaf values of a JSON event that any pattern asks for, each with its place in
// the event's arrays.
//
// `PathTree` knows the paths that are asked for; parts of an event off these paths are skipped and
// not looked into. Two leaves fit together only if they do not stand in different elements of the
// same array; that is what `ArrayPlaces` is for. An EventFields is reused from event to event so
// that it allocates nothing once warm; one thread at a time. Numbers keep the text they came as.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::expr {

// Paths by number, in the order they were added. Immutable once events are loaded with it.
class PathTree {
 public:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> steps;
    int path = -1;
  };
  // The number of a path, steps joined with `.`; a known one is not added again.
  int Add(std::string_view path);
  [[nodiscard]] const Node& root() const { return root_; }
  [[nodiscard]] int size() const { return size_; }

 private:
  Node root_;
  int size_ = 0;
};

// In which element of which arrays a leaf stands, outermost first. Arrays are numbered within the
// event in the order they begin.
struct ArrayPlace {
  int array = 0;
  int element = 0;
  bool operator==(const ArrayPlace&) const = default;
};
using ArrayPlaces = std::span<const ArrayPlace>;

struct EventField {
  int path = 0;
  std::string_view text;  // strings within their quotes, unescaped; numbers and words as written
  ArrayPlaces places;
};

class EventFields {
 public:
  EventFields();
  ~EventFields();
  EventFields(EventFields&&) noexcept;
  EventFields& operator=(EventFields&&) noexcept;

  // Replaces what was loaded before. Errors: BadInput (EXPR-EVENT-001).
  [[nodiscard]] Result<void> Load(std::string_view json, const PathTree& paths);
  // In the event's order. Valid until the next Load.
  [[nodiscard]] std::span<const EventField> fields() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace firn::expr
