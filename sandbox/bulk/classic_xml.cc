#include "sandbox/bulk/classic_xml.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kNamespace = "http://www.force.com/2009/06/asyncapi/dataload";
constexpr std::array<std::pair<std::string_view, char>, 5> kEntities{
    {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};

std::string Unescaped(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    bool found = false;
    for (const auto& [entity, plain] : kEntities) {
      if (text.substr(at, entity.size()) != entity) continue;
      out += plain;
      at += entity.size();
      found = true;
      break;
    }
    if (!found) out += text[at++];
  }
  return out;
}

void AppendElement(const std::string& name, const ordered_json& value, std::string& out) {
  if (value.is_null()) return;
  if (value.is_array()) {
    for (const auto& each : value) AppendElement(name, each, out);
    return;
  }
  out += '<' + name + '>';
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) AppendElement(key, inner, out);
  } else if (value.is_string()) {
    AppendXmlText(value.get_ref<const std::string&>(), out);
  } else {
    out += value.dump();
  }
  out += "</" + name + ">";
}

}  // namespace

void AppendXmlText(std::string_view text, std::string& out) {
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < ' ' && c != '\t' && c != '\n' && c != '\r') continue;
    const auto* const entity =
        std::find_if(kEntities.begin(), kEntities.end(),
                     [&](const auto& each) { return each.second == c && c != '\''; });
    if (entity == kEntities.end()) {
      out += c;
    } else {
      out += entity->first;
    }
  }
}

std::string ClassicXml(std::string_view root, const ordered_json& body) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><" + std::string(root) +
                    "\n   xmlns=\"" + std::string(kNamespace) + "\">\n";
  for (const auto& [key, value] : body.items()) AppendElement(key, value, out);
  return out + "</" + std::string(root) + ">";
}

std::map<std::string, std::string> LeafElements(std::string_view xml) {
  std::map<std::string, std::string> leaves;
  for (size_t at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at + 1)) {
    const size_t end = xml.find('>', at);
    if (end == std::string_view::npos) break;
    std::string_view name = xml.substr(at + 1, end - at - 1);
    if (name.empty() || name[0] == '/' || name[0] == '?' || name[0] == '!') continue;
    if (name.ends_with('/')) continue;
    name = name.substr(0, name.find_first_of(" \t\r\n"));
    const size_t next = xml.find('<', end);
    if (next == std::string_view::npos) break;
    const std::string_view close = xml.substr(next);
    if (!close.starts_with("</" + std::string(name))) continue;  // it has elements within
    const std::string_view local = name.substr(name.find(':') + 1);
    leaves[std::string(local)] = Unescaped(xml.substr(end + 1, next - end - 1));
  }
  return leaves;
}

}  // namespace firn::sandbox
