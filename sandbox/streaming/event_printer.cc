#include "sandbox/streaming/event_printer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/events/bitmap.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;
using Kind = EventField::Kind;

constexpr int kEventUuidSince = 52;
constexpr int kChangedFieldsSince = 47;

// What the doc of a field says behind its role: `DateTime` of `CreatedDate:DateTime`.
std::string_view WordOf(const EventField& field) {
  const std::string_view doc = field.doc;
  const size_t colon = doc.find(':');
  return colon == std::string_view::npos ? std::string_view() : doc.substr(colon + 1);
}

ordered_json PlainJson(const EventPiece& piece) {
  FieldInfo as;
  switch (piece.field->kind) {
    case Kind::kBoolean:
      return !piece.body.empty() && piece.body.front() != 0;
    case Kind::kInt:
      return ValueOf(piece, as).number;
    case Kind::kDouble:
      return DoubleOf(piece);
    case Kind::kMillis: {
      const std::string_view word = WordOf(*piece.field);
      std::string text;
      as.type = word == "DateOnly" ? FieldType::kDate
                                   : (word == "TimeOnly" ? FieldType::kTime : FieldType::kDateTime);
      const Value value = ValueOf(piece, as);
      AppendPlain(value, text);
      return text;
    }
    default:
      return std::string(ValueOf(piece, as).text);
  }
}

// Whether an update tells the field, or the part of a compound, although it is null now.
struct Changes {
  FieldBitmap changed;
  bool of_update = false;
  [[nodiscard]] bool Tells(EventPlace place, bool null) const {
    return !null || (of_update && changed.Has(place));
  }
};

ordered_json CompoundJson(const EventPiece& piece, int16_t position, const Changes& changes) {
  ordered_json parts = ordered_json::object();
  for (size_t i = 0; i < piece.parts.size(); ++i) {
    const EventPiece& part = piece.parts[i];
    if (!changes.Tells({position, static_cast<int16_t>(i)}, part.null)) continue;
    parts[part.field->name] = part.null ? ordered_json() : PlainJson(part);
  }
  return parts;
}

// Whether the update emptied a compound that had something before.
bool Emptied(const EventPiece& piece, int16_t position, const Changes& changes) {
  if (!piece.null || piece.field->kind != Kind::kRecord || !changes.of_update) return false;
  for (size_t part = 0; part < piece.field->parts.size(); ++part) {
    if (changes.changed.Has({position, static_cast<int16_t>(part)})) return true;
  }
  return false;
}

// `Phone`, `BillingAddress.City`.
ordered_json ChangedNames(const EventBytes& bytes, const Changes& changes) {
  ordered_json names = ordered_json::array();
  for (size_t i = 0; i < bytes.pieces.size(); ++i) {
    const EventPiece& piece = bytes.pieces[i];
    const auto position = static_cast<int16_t>(i + 1);
    if (piece.field->kind != Kind::kRecord) {
      if (changes.changed.Has({position, -1})) names.push_back(piece.field->name);
      continue;
    }
    for (size_t part = 0; part < piece.field->parts.size(); ++part) {
      if (!changes.changed.Has({position, static_cast<int16_t>(part)})) continue;
      names.push_back(piece.field->name + "." + piece.field->parts[part].name);
    }
  }
  return names;
}

ordered_json HeaderJson(const EventBytes& bytes, const Changes& changes, int version) {
  ordered_json ids = ordered_json::array();
  for (const int64_t id : bytes.records) ids.push_back(IdText(id));
  ordered_json header = {{"entityName", std::string(bytes.entity)},
                         {"recordIds", std::move(ids)},
                         {"changeType", kChangeTypes[static_cast<size_t>(bytes.type)]},
                         {"changeOrigin", std::string(bytes.origin)},
                         {"transactionKey", std::string(bytes.transaction_key)},
                         {"sequenceNumber", bytes.sequence},
                         {"commitTimestamp", bytes.commit_millis},
                         {"commitNumber", bytes.commit_number},
                         {"commitUser", std::string(bytes.user)}};
  if (version >= kChangedFieldsSince) header["changedFields"] = ChangedNames(bytes, changes);
  if (!bytes.differing.empty()) {
    header["diffFields"] =
        ChangedNames(bytes, {FieldBitmap::Of(bytes.differing), changes.of_update});
  }
  return header;
}

ordered_json Payload(const EventBytes& bytes, bool of_changes, int version) {
  const Changes changes{FieldBitmap::Of(bytes.changed),
                        of_changes && bytes.type == ChangeType::kUpdate};
  ordered_json payload = ordered_json::object();
  if (of_changes) payload["ChangeEventHeader"] = HeaderJson(bytes, changes, version);
  for (size_t i = 0; i < bytes.pieces.size(); ++i) {
    const EventPiece& piece = bytes.pieces[i];
    const auto position = static_cast<int16_t>(i + 1);
    const std::string& name = piece.field->name;
    if (piece.field->kind == Kind::kRecord && !piece.null) {
      ordered_json parts = CompoundJson(piece, position, changes);
      if (!parts.empty()) payload[name] = std::move(parts);
    } else if (!of_changes || Emptied(piece, position, changes) ||
               changes.Tells({position, -1}, piece.null)) {
      payload[name] = piece.null ? ordered_json() : PlainJson(piece);
    }
  }
  return payload;
}

// Puts the replay id where it belongs, and takes out whom the event is for.
Result<std::string> JsonData(const LogEvent& event, const std::string& user_id) {
  ordered_json data = ordered_json::parse(event.payload, nullptr, false);
  if (!data.is_object()) {
    return Fail(firn::Kind::kCorrupt, "SBX-EVENTS-002", "the event log of the org is damaged");
  }
  const auto users = data.find("userIds");
  if (users != data.end()) {
    const bool ours = std::any_of(users->begin(), users->end(),
                                  [&](const ordered_json& id) { return id == user_id; });
    if (!ours) return std::string();
    data.erase("userIds");
  }
  data["event"]["replayId"] = event.replay_id;
  return data.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

EventSchema JsonStream(std::string_view channel) {
  EventSchema schema;
  schema.id = channel;
  schema.name = channel;
  schema.json = "{}";
  return schema;
}

Result<std::string> EventPrinter::Data(const LogEvent& event, const Reader& who) {
  if (event.schema_id.starts_with('/')) return JsonData(event, who.user_id);
  FIRN_TRY(const EventReader* reader, readers_.Of(event.schema_id));
  FIRN_TRY(const EventBytes bytes, reader->Read(event.payload));
  ordered_json data = {{"schema", event.schema_id},
                       {"payload", Payload(bytes, reader->of_changes(), who.version)}};
  if (who.version >= kEventUuidSince) data["event"]["EventUuid"] = event.id;
  data["event"]["replayId"] = event.replay_id;
  return data.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace firn::sandbox
