#include "core/expr/event_fields.h"

#include <simdjson.h>

#include <cstring>

namespace firn::expr {
namespace {

namespace od = simdjson::ondemand;

// A leaf while its text may still move.
struct Leaf {
  int path = 0;
  size_t text_begin = 0;
  size_t text_bytes = 0;
  size_t places_begin = 0;
  size_t places_count = 0;
};

bool IsJsonNumber(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - begin;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const size_t first = at;
  const size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

}  // namespace

int PathTree::Add(std::string_view path) {
  Node* node = &root_;
  for (size_t begin = 0;;) {
    const size_t dot = path.find('.', begin);
    const std::string_view step = path.substr(begin, dot - begin);
    auto found = node->steps.find(step);
    if (found == node->steps.end()) {
      found = node->steps.emplace(std::string(step), std::make_unique<Node>()).first;
    }
    node = found->second.get();
    if (dot == std::string_view::npos) break;
    begin = dot + 1;
  }
  if (node->path < 0) node->path = size_++;
  return node->path;
}

struct EventFields::Parts {
  od::parser parser;
  std::string padded;
  std::string texts;
  std::vector<ArrayPlace> places;
  std::vector<ArrayPlace> open_places;  // of the elements that the walk is in
  std::vector<Leaf> leaves;
  std::vector<EventField> fields;
  int arrays = 0;

  void AddLeaf(const PathTree::Node& node, std::string_view text, bool quoted) {
    if (node.path < 0) return;
    Leaf leaf{node.path, texts.size(), 0, places.size(), open_places.size()};
    if (quoted) texts += '"';
    texts += text;
    if (quoted) texts += '"';
    leaf.text_bytes = texts.size() - leaf.text_begin;
    places.insert(places.end(), open_places.begin(), open_places.end());
    leaves.push_back(leaf);
  }

  static const PathTree::Node* Step(const PathTree::Node& node, std::string_view name) {
    const PathTree::Node* at = &node;
    for (size_t begin = 0;;) {
      const size_t dot = name.find('.', begin);
      const auto found = at->steps.find(name.substr(begin, dot - begin));
      if (found == at->steps.end()) return nullptr;
      at = found->second.get();
      if (dot == std::string_view::npos) return at;
      begin = dot + 1;
    }
  }

  simdjson::error_code WalkObject(od::object object, const PathTree::Node& node) {
    for (auto field : object) {
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return error;
      const PathTree::Node* next = Step(node, name);
      if (next == nullptr) continue;
      od::value value;
      if (const auto error = field.value().get(value)) return error;
      if (const auto error = WalkValue(value, *next)) return error;
    }
    return simdjson::SUCCESS;
  }

  simdjson::error_code WalkArray(od::array array, const PathTree::Node& node) {
    const int number = arrays++;
    int element = 0;
    for (auto each : array) {
      od::value value;
      if (const auto error = each.get(value)) return error;
      od::json_type type;
      if (const auto error = value.type().get(type)) return error;
      const bool nested = type == od::json_type::object || type == od::json_type::array;
      if (nested) open_places.push_back({number, element});
      if (const auto error = WalkValue(value, node)) return error;
      if (nested) open_places.pop_back();
      ++element;
    }
    return simdjson::SUCCESS;
  }

  simdjson::error_code WalkValue(od::value value, const PathTree::Node& node) {
    od::json_type type;
    if (const auto error = value.type().get(type)) return error;
    switch (type) {
      case od::json_type::object: {
        od::object object;
        if (const auto error = value.get_object().get(object)) return error;
        return WalkObject(object, node);
      }
      case od::json_type::array: {
        od::array array;
        if (const auto error = value.get_array().get(array)) return error;
        return WalkArray(array, node);
      }
      case od::json_type::string: {
        std::string_view text;
        if (const auto error = value.get_string().get(text)) return error;
        AddLeaf(node, text, true);
        return simdjson::SUCCESS;
      }
      default:
        return WalkWord(value, type, node);
    }
  }

  simdjson::error_code WalkWord(od::value value, od::json_type type, const PathTree::Node& node) {
    std::string_view text = value.raw_json_token();
    text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
    if (type == od::json_type::number) {
      if (!IsJsonNumber(text)) return simdjson::NUMBER_ERROR;
    } else if (type == od::json_type::boolean) {
      bool ignored = false;
      if (const auto error = value.get_bool().get(ignored)) return error;
    } else {
      bool null = false;
      if (const auto error = value.is_null().get(null)) return error;
      if (!null) return simdjson::N_ATOM_ERROR;
    }
    AddLeaf(node, text, false);
    return simdjson::SUCCESS;
  }

  simdjson::error_code Walk(std::string_view json, const PathTree& paths) {
    padded.resize(json.size() + simdjson::SIMDJSON_PADDING);
    std::memcpy(padded.data(), json.data(), json.size());
    std::memset(padded.data() + json.size(), ' ', simdjson::SIMDJSON_PADDING);
    od::document document;
    const simdjson::padded_string_view view(padded.data(), json.size(), padded.size());
    if (const auto error = parser.iterate(view).get(document)) return error;
    od::object object;
    if (const auto error = document.get_object().get(object)) return error;
    if (const auto error = WalkObject(object, paths.root())) return error;
    const char* rest = nullptr;
    const bool at_end = document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
    return at_end ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
  }
};

EventFields::EventFields() : parts_(std::make_unique<Parts>()) {}
EventFields::~EventFields() = default;
EventFields::EventFields(EventFields&&) noexcept = default;
EventFields& EventFields::operator=(EventFields&&) noexcept = default;

Result<void> EventFields::Load(std::string_view json, const PathTree& paths) {
  Parts& p = *parts_;
  p.texts.clear();
  p.places.clear();
  p.open_places.clear();
  p.leaves.clear();
  p.fields.clear();
  p.arrays = 0;
  if (const auto error = p.Walk(json, paths)) {
    p.leaves.clear();
    return Fail(Error(Kind::kBadInput, "EXPR-EVENT-001", "the event is no JSON object")
                    .Because(error == simdjson::INCORRECT_TYPE ? "Event must be a JSON object"
                                                               : "its JSON is malformed"));
  }
  for (const Leaf& leaf : p.leaves) {
    p.fields.push_back({leaf.path,
                        std::string_view(p.texts).substr(leaf.text_begin, leaf.text_bytes),
                        ArrayPlaces(p.places).subspan(leaf.places_begin, leaf.places_count)});
  }
  return {};
}

std::span<const EventField> EventFields::fields() const { return parts_->fields; }

}  // namespace firn::expr
