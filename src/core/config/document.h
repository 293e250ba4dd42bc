// Strict YAML (and so JSON): a tree of nodes that remember the line and column they came from.
//
// Stricter than the language: duplicate keys, more than one document, tags and merge keys are
// refused; nothing is typed here (`NO` and `1.10` stay text until a Field says otherwise). Depth,
// size and the growth by aliases are bounded. Values, free to move between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::config {

// A place in a file, counted from 1.
struct Mark {
  int line = 0;
  int column = 0;
};

struct Entry;

struct Node {
  enum class Type { kNull, kScalar, kList, kMap };
  Type type = Type::kNull;
  Mark mark;
  std::string text;     // kScalar: as written, unquoted
  bool quoted = false;  // kScalar: stood in quotes or in a block, so it can only be text
  std::vector<Node> items;
  std::vector<Entry> entries;  // in file order; keys are unique

  // The value under `key`; nullptr when absent.
  [[nodiscard]] const Node* Find(std::string_view key) const;
  [[nodiscard]] Node* Find(std::string_view key);
};

struct Entry {
  std::string key;
  Mark key_mark;
  Node value;
};

struct Document {
  std::string file;  // as it was named to us; for messages
  Node root;         // kNull for an empty file

  // `firn.yaml:3:7`.
  [[nodiscard]] std::string Where(Mark mark) const;
};

struct ParseLimits {
  size_t bytes_max = 4U << 20;
  int depth_max = 64;
  size_t nodes_max = 200'000;  // after aliases are expanded
};

// Errors, all BadConfig with file:line:col: CONFIG-YAML-001 not YAML, -002 duplicate key, -003 a
// construct we refuse, -004 a limit of ParseLimits.
[[nodiscard]] Result<Document> ParseYaml(std::string_view text, std::string file,
                                         const ParseLimits& limits = {});
// Also NotFound (CONFIG-FILE-001) when the file is missing.
[[nodiscard]] Result<Document> ReadYamlFile(const std::string& path,
                                            const ParseLimits& limits = {});

}  // namespace firn::config
