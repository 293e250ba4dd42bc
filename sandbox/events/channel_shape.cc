#include "sandbox/events/channel_shape.h"

#include <algorithm>

#include "sandbox/api_error.h"
#include "sandbox/events/bitmap.h"
#include "sandbox/events/event_bus.h"
#include "sandbox/events/event_schema.h"

namespace firn::sandbox {
namespace {

bool Holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

// One event of one member.
class ChannelShape::Shaper {
 public:
  Shaper(Org& org, const Member& member, const LogEvent& event, const EventBytes& bytes,
         bool of_changes)
      : org_(org), member_(member), event_(event), bytes_(bytes), of_changes_(of_changes) {}

  Result<void> Shape(std::vector<LogEvent>& out) {
    changed_ = FieldBitmap::Of(bytes_.changed);
    const bool whole =
        !of_changes_ || bytes_.type == ChangeType::kCreate || bytes_.type == ChangeType::kUndelete;
    const bool told_apart =
        of_changes_ && (bytes_.type == ChangeType::kUpdate || bytes_.type == ChangeType::kDelete);
    if (!told_apart || member_.fields.empty()) {
      all_told_ = whole;
      if (Lets()) out.push_back(event_);
      return {};
    }
    for (const int64_t id : bytes_.records) {
      FIRN_CHECK(Load(id));
      if (!Lets()) continue;
      LogEvent& one = out.emplace_back(event_);
      one.payload = Payload(id);
    }
    return {};
  }

 private:
  // The record as it is now; one that is gone for good adds nothing.
  Result<void> Load(int64_t id) {
    auto record = org_.Read(member_.object->name, IdText(id), {.all_rows = true});
    record_.reset();
    if (record) {
      record_.emplace(*std::move(record));
    } else if (record.error().code() != "SBX-API-001") {
      return Fail(std::move(record).error());
    }
    return {};
  }

  [[nodiscard]] bool Lets() const {
    if (!member_.filter) return true;
    return member_.filter->Lets(
        [&](const FilterTerm& term) -> std::optional<Value> { return ValueOfTerm(term); });
  }

  [[nodiscard]] std::optional<Value> ValueOfTerm(const FilterTerm& term) const {
    if (!term.header.empty()) return HeaderValue(term.header);
    const FieldInfo& top = term.parent != nullptr ? *term.parent : *term.field;
    for (size_t i = 0; i < bytes_.pieces.size(); ++i) {
      const EventPiece& piece = bytes_.pieces[i];
      if (piece.field->name != top.name) continue;
      const auto position = static_cast<int16_t>(i + 1);
      if (term.parent == nullptr) {
        if (all_told_ || changed_.Has({position, -1})) return ValueOf(piece, *term.field);
        break;
      }
      const auto& parts = piece.field->parts;
      for (size_t p = 0; p < parts.size(); ++p) {
        if (StoredPart(*member_.object, top.name, parts[p].name) != term.field) continue;
        if (!all_told_ && !changed_.Has({position, static_cast<int16_t>(p)})) break;
        return piece.null ? Value{} : ValueOf(piece.parts[p], *term.field);
      }
      break;
    }
    if (!record_) return std::nullopt;
    return Stored(term.field->name);
  }

  [[nodiscard]] std::optional<Value> HeaderValue(std::string_view name) const {
    if (name == "entityName") return Value::Text(bytes_.entity);
    if (name == "changeType") return Value::Text(kChangeTypes[static_cast<size_t>(bytes_.type)]);
    if (name == "changeOrigin") return Value::Text(bytes_.origin);
    if (name == "transactionKey") return Value::Text(bytes_.transaction_key);
    if (name == "sequenceNumber") return Value::Int(bytes_.sequence);
    if (name == "commitTimestamp") return Value::Int(bytes_.commit_millis);
    if (name == "commitNumber") return Value::Int(bytes_.commit_number);
    const auto user = ParseId(bytes_.user);
    return user ? Value::Id(*user) : Value{};
  }

  // Of the record that is there; null when it has no such field.
  [[nodiscard]] Value Stored(std::string_view name) const {
    if (!record_) return {};
    const FieldInfo* field = record_->object->Field(name);
    if (field == nullptr) return {};
    return record_->values[static_cast<size_t>(field - record_->object->fields.data())];
  }

  [[nodiscard]] std::string Payload(int64_t id) const {
    const auto owned = [](const std::vector<std::string_view>& texts) {
      return std::vector<std::string>(texts.begin(), texts.end());
    };
    ChangeBody body{owned(bytes_.nulled), owned(bytes_.differing), owned(bytes_.changed), {}};
    for (size_t i = 0; i < bytes_.pieces.size(); ++i) {
      const EventPiece& piece = bytes_.pieces[i];
      const auto position = static_cast<int16_t>(i + 1);
      if (!record_ || !Holds(member_.fields, piece.field->name)) {
        body.fields += piece.raw;
      } else if (piece.field->kind == EventField::Kind::kRecord) {
        AppendCompound(piece, position, body.fields);
      } else if (changed_.Has({position, -1})) {
        body.fields += piece.raw;
      } else {
        AppendEventValue(*piece.field, Stored(piece.field->name), body.fields);
      }
    }
    const ChangeHeader header{.entity = bytes_.entity,
                              .records = {&id, 1},
                              .type = bytes_.type,
                              .origin = bytes_.origin,
                              .transaction_key = bytes_.transaction_key,
                              .sequence = static_cast<int32_t>(bytes_.sequence),
                              .commit_millis = bytes_.commit_millis,
                              .commit_number = bytes_.commit_number,
                              .user = ParseId(bytes_.user).value_or(0)};
    std::string payload;
    AppendChange(header, body, payload);
    return payload;
  }

  // Changed parts as the event tells them, the others as the record has them; null when none is
  // there.
  void AppendCompound(const EventPiece& piece, int16_t position, std::string& out) const {
    std::string parts;
    bool any = false;
    for (size_t p = 0; p < piece.field->parts.size(); ++p) {
      const EventField& part = piece.field->parts[p];
      if (changed_.Has({position, static_cast<int16_t>(p)})) {
        const bool told = !piece.null && !piece.parts[p].null;
        any = any || told;
        if (told) {
          parts += piece.parts[p].raw;
        } else {
          AppendEventValue(part, Value{}, parts);
        }
        continue;
      }
      const FieldInfo* field = StoredPart(*member_.object, piece.field->name, part.name);
      const Value value = field == nullptr ? Value{} : Stored(field->name);
      any = any || !value.null();
      AppendEventValue(part, value, parts);
    }
    out += any ? '\2' : '\0';  // the branch: 1 or 0, as Avro writes it
    if (any) out += parts;
  }

  Org& org_;
  const Member& member_;
  const LogEvent& event_;
  const EventBytes& bytes_;
  const bool of_changes_;
  bool all_told_ = false;
  FieldBitmap changed_;
  std::optional<Record> record_;
};

Result<std::vector<LogEvent>> ChannelShape::Apply(const std::string& channel,
                                                  std::vector<LogEvent> events) {
  const EventSettings settings = bus_.settings();
  const auto options = settings.members.find(channel);
  if (options == settings.members.end()) return events;
  const auto catalogue = bus_.org().catalogue();
  std::map<std::string, Member> members;
  for (const auto& [name, wanted] : options->second) {
    const ObjectInfo* object = catalogue->Object(name);
    if (object == nullptr) continue;  // its definition went: nobody can say what was meant
    Member member{object, std::nullopt, wanted.enriched_fields};
    if (!wanted.filter.empty()) {
      auto filter = EventFilter::Bind(wanted.filter, {catalogue, object, bus_.NowMillis()});
      // A field of the filter went: all events come, as without it.
      if (filter) member.filter.emplace(*std::move(filter));
    }
    if (member.filter) {
      for (std::string& field : member.filter->Fields()) {
        if (!Holds(member.fields, field)) member.fields.push_back(std::move(field));
      }
    }
    members.emplace(name, std::move(member));
  }
  std::vector<LogEvent> shaped;
  for (LogEvent& event : events) {
    FIRN_TRY(const EventReader* reader, readers_.Of(event.schema_id));
    FIRN_TRY(const EventBytes bytes, reader->Read(event.payload));
    const std::string object(reader->of_changes() ? bytes.entity : reader->name());
    const auto member = members.find(object);
    if (member == members.end()) {
      shaped.push_back(std::move(event));
      continue;
    }
    Shaper shaper(bus_.org(), member->second, event, bytes, reader->of_changes());
    FIRN_CHECK(shaper.Shape(shaped));
  }
  return shaped;
}

Result<void> CheckMember(const std::shared_ptr<const Catalogue>& catalogue,
                         const std::string& object_name, const MemberOptions& options) {
  const ObjectInfo* object = catalogue->Object(object_name);
  if (object == nullptr) return {};
  const auto refused = [](const std::string& message) {
    return Fail(ApiError(400, "FIELD_INTEGRITY_EXCEPTION", message, {"enrichedFields"}));
  };
  if (IsPlatformEvent(object->name) && !options.enriched_fields.empty()) {
    return refused("Enriched fields aren't supported for platform events.");
  }
  for (const std::string& name : options.enriched_fields) {
    const FieldInfo* field = object->Field(name);
    if (field == nullptr || field->name != name || !CanEnrich(*object, *field)) {
      return refused("The selected field, " + name + ", isn't valid.");
    }
  }
  if (options.filter.empty()) return {};
  FIRN_TRY(const auto filter, EventFilter::Bind(options.filter, {catalogue, object, 0}));
  static_cast<void>(filter);
  return {};
}

}  // namespace firn::sandbox
