#include "sandbox/bulk/create_body.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

// `name="job"` of a header line's parameters; with or without quotes.
std::string Parameter(std::string_view line, std::string_view name) {
  const std::string key = std::string(name) + "=";
  for (size_t at = line.find(key); at != std::string_view::npos; at = line.find(key, at + 1)) {
    if (at > 0 && line[at - 1] != ' ' && line[at - 1] != ';') continue;
    std::string_view rest = line.substr(at + key.size());
    if (rest.starts_with('"')) {
      rest.remove_prefix(1);
      return std::string(rest.substr(0, rest.find('"')));
    }
    return std::string(rest.substr(0, rest.find_first_of("; \r\n")));
  }
  return "";
}

FormPart PartOf(std::string_view text) {
  FormPart part;
  size_t head_end = text.find("\r\n\r\n");
  size_t skip = 4;
  if (const size_t plain = text.find("\n\n"); plain < head_end) {
    head_end = plain;
    skip = 2;
  }
  if (head_end == std::string_view::npos) return part;
  std::string_view head = text.substr(0, head_end);
  part.body = text.substr(head_end + skip);
  while (!head.empty()) {
    const size_t end = std::min(head.find('\n'), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    const size_t colon = std::min(line.find(':'), line.size());
    const std::string key = Folded(line.substr(0, colon));
    if (key == "content-disposition") part.name = Parameter(line, "name");
    if (key == "content-type" && colon < line.size()) {
      const size_t from = line.find_first_not_of(' ', colon + 1);
      if (from != std::string_view::npos) {
        part.content_type = line.substr(from, line.find_first_of(";\r", from) - from);
      }
    }
  }
  return part;
}

}  // namespace

std::optional<Answer> ReadChoice(const json& body, Choice& choice) {
  const auto found = body.find(choice.key);
  if (found == body.end() || found->is_null()) return std::nullopt;
  if (found->is_string()) choice.value = found->get<std::string>();
  const bool known = found->is_string() && std::find(choice.values.begin(), choice.values.end(),
                                                     choice.value) != choice.values.end();
  if (known) return std::nullopt;
  std::string list;
  for (const std::string& value : choice.values) list += (list.empty() ? "" : ", ") + value;
  return ErrorAnswer(400, "JSON_PARSER_ERROR",
                     "Cannot deserialize value for '" + choice.key +
                         "': " + found->dump(-1, ' ', false, json::error_handler_t::replace) +
                         " is not one of the values accepted: [" + list + "]");
}

Choice DelimiterChoice() {
  return {"columnDelimiter", {"BACKQUOTE", "CARET", "COMMA", "PIPE", "SEMICOLON", "TAB"}, "COMMA"};
}

Choice LineEndingChoice() { return {"lineEnding", {"LF", "CRLF"}, "LF"}; }

std::optional<Answer> RefuseUnknownKeys(const json& body,
                                        const std::vector<std::string_view>& known) {
  for (const auto& [key, value] : body.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return ErrorAnswer(400, "JSON_PARSER_ERROR", "Unrecognized field \"" + key + "\"");
    }
  }
  return std::nullopt;
}

std::optional<std::vector<FormPart>> ParseMultipart(std::string_view content_type,
                                                    std::string_view body) {
  const std::string boundary = Parameter(content_type, "boundary");
  if (boundary.empty()) return std::nullopt;
  const std::string mark = "--" + boundary;
  std::vector<FormPart> parts;
  size_t at = body.find(mark);
  while (at != std::string_view::npos) {
    size_t start = at + mark.size();
    if (body.substr(start, 2) == "--") return parts;
    start = body.find('\n', start);
    if (start == std::string_view::npos) return std::nullopt;
    at = body.find("\n" + mark, start);
    if (at == std::string_view::npos) return std::nullopt;
    size_t end = at;
    if (end > start && body[end - 1] == '\r') --end;
    parts.push_back(PartOf(body.substr(start + 1, end > start ? end - start - 1 : 0)));
    ++at;
  }
  return std::nullopt;
}

}  // namespace firn::sandbox
