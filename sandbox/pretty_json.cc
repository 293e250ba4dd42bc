#include "sandbox/pretty_json.h"

#include <algorithm>

namespace firn::sandbox {

std::string PrettyJson(std::string_view json) {
  std::string out;
  size_t depth = 0;
  const auto line = [&] {
    out += '\n';
    out.append(2 * depth, ' ');
  };
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') {
      size_t end = i + 1;
      while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, json.size());
      out += json.substr(i, end - i);
      i = end - 1;
    } else if (c == '{' || c == '[') {
      out += c == '{' ? "{" : "[ ";
      const bool empty = i + 1 < json.size() && (json[i + 1] == '}' || json[i + 1] == ']');
      ++depth;
      if (c == '{' && !empty) line();
    } else if (c == '}' || c == ']') {
      depth -= depth > 0 ? 1 : 0;
      const char before = out.empty() ? ' ' : out.back();
      if (c == '}' && before != '{') line();
      if (c == ']' && before != ' ') out += ' ';
      out += c;
    } else if (c == ',') {
      out += c;
      // In lists the next element stands on the same line.
      const bool in_object = i + 1 < json.size() && json[i + 1] == '"' && out.size() > 1;
      if (in_object) {
        line();
      } else {
        out += ' ';
      }
    } else if (c == ':') {
      out += " : ";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace firn::sandbox
