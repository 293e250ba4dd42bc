#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/time_text.h"
#include "sandbox/events/change_origin.h"
#include "sandbox/rest.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

Org::Change ChangeBy(const ApiRequest& request) {
  return {.user_id = request.session.user_id,
          .set_audit_fields = false,
          .origin = ChangeOrigin("rest", request.version,
                                 request.http.headers.GetOr("Sforce-Call-Options", ""))};
}

// The one record that an external id of a parent names, for `{"Account": {"Ext__c": "7"}}`.
Result<FieldText> ParentByExternalId(ApiParts& parts, const ObjectInfo& object,
                                     const std::string& key, const json& value) {
  const FieldInfo* reference = object.Relationship(key);
  if (reference == nullptr || reference->reference_to.empty()) {
    return Fail(ApiError(400, "INVALID_FIELD",
                         "No such column '" + key + "' on sobject of type " + object.name, {key}));
  }
  for (const auto& [field, text] : value.items()) {
    if (field == "attributes") continue;
    const std::string wanted = text.is_string() ? text.get<std::string>() : text.dump();
    for (const std::string& target : reference->reference_to) {
      const auto found = parts.org.FindByExternalId(target, field, wanted);
      if (!found && reference->reference_to.size() == 1) return Fail(found.error());
      if (!found || found->empty()) continue;
      return FieldText{reference->name, IdText(found->front())};
    }
    return Fail(ApiError(400, "INVALID_FIELD",
                         "Foreign key external ID: " + wanted + " not found for field " + field +
                             " in entity " + reference->reference_to.front(),
                         {reference->name}));
  }
  return FieldText{reference->name, std::nullopt};
}

Result<std::vector<FieldText>> ParseFields(ApiParts& parts, const ObjectInfo& object,
                                           const std::string& text) {
  const json body = json::parse(text, nullptr, false);
  if (!body.is_object()) {
    return Fail(ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body is not a JSON object"));
  }
  std::vector<FieldText> fields;
  for (const auto& [key, value] : body.items()) {
    if (key == "attributes") continue;
    if (value.is_null()) {
      fields.push_back({key, std::nullopt});
    } else if (value.is_string()) {
      fields.push_back({key, value.get<std::string>()});
    } else if (value.is_object()) {
      FIRN_TRY(FieldText parent, ParentByExternalId(parts, object, key, value));
      fields.push_back(std::move(parent));
    } else {
      fields.push_back({key, value.dump()});
    }
  }
  return fields;
}

std::string SavedJson(int64_t id, std::optional<bool> created) {
  std::string json = "{\"id\":\"" + IdText(id) + "\",\"success\":true,\"errors\":[]";
  if (created) json += *created ? ",\"created\":true" : ",\"created\":false";
  return json + "}";
}

Answer Create(ApiParts& parts, const ApiRequest& request, const ObjectInfo& object) {
  auto fields = ParseFields(parts, object, request.body);
  if (!fields) return ErrorAnswer(fields.error());
  const auto id = parts.org.Insert(object.name, *fields, ChangeBy(request));
  if (!id) return ErrorAnswer(id.error());
  Answer answer = JsonAnswer(201, SavedJson(*id, std::nullopt));
  answer.headers.Set("Location", request.Root() + "/sobjects/" + object.name + "/" + IdText(*id));
  return answer;
}

// PATCH by external id: creates, or updates the only match.
Answer Upsert(ApiParts& parts, const ApiRequest& request, const ObjectInfo& object,
              const std::vector<int64_t>& found) {
  auto fields = ParseFields(parts, object, request.body);
  if (!fields) return ErrorAnswer(fields.error());
  if (!found.empty()) {
    const auto updated = parts.org.Update(found.front(), *fields, ChangeBy(request));
    return updated ? JsonAnswer(200, SavedJson(found.front(), false))
                   : ErrorAnswer(updated.error());
  }
  fields->push_back({request.path[2], request.path[3]});
  const auto id = parts.org.Insert(object.name, *fields, ChangeBy(request));
  return id ? JsonAnswer(201, SavedJson(*id, true)) : ErrorAnswer(id.error());
}

std::string SelectList(const ObjectInfo& object, int version) {
  std::string list;
  for (const FieldInfo& field : object.fields) {
    if (VisibleField(field, version)) list += (list.empty() ? "" : ",") + field.name;
  }
  return list;
}

// A record as a query answers it: `fields` may go over relationships.
Answer Retrieve(ApiParts& parts, const ApiRequest& request, const ObjectInfo& object, int64_t id) {
  std::string list = request.Query("fields");
  const bool chosen = !list.empty();
  if (!chosen) list = SelectList(object, request.version);
  const std::string soql =
      "SELECT " + list + " FROM " + object.name + " WHERE Id = '" + IdText(id) + "'";
  const auto cursor = parts.org.Query(soql, request.Options(false));
  if (!cursor) return ErrorAnswer(cursor.error());
  const auto more = (*cursor)->Next();
  if (!more) return ErrorAnswer(more.error());
  if (!*more) {
    const auto dead = parts.org.Read(object.name, IdText(id), request.Options(true));
    if (dead) return ErrorAnswer(404, "ENTITY_IS_DELETED", "entity is deleted");
    return NotFoundAnswer();
  }
  std::string row;
  AppendJsonRow(**cursor, request.version, row);
  return JsonAnswer(200, std::move(row));
}

// The bytes of a base64 field. What the store does not hold is made up from the record's id, as
// long as its size field says.
Answer Blob(ApiParts& parts, const ApiRequest& request, const ObjectInfo& object,
            const FieldInfo& field, const std::string& id) {
  auto options = request.Options(false);
  const auto record = parts.org.Read(object.name, id, options);
  if (!record) return ErrorAnswer(record.error());
  int64_t size = 0;
  std::string stored;
  for (size_t i = 0; i < object.fields.size() && i < record->values.size(); ++i) {
    const FieldInfo& one = object.fields[i];
    if (one.name == field.name && record->values[i].kind == Value::Kind::kText) {
      stored = record->values[i].text;
    }
    if (one.name == "ContentSize" || one.name == "BodyLength" || one.name == "LogFileLength") {
      size = record->values[i].number;
    }
  }
  Answer answer;
  answer.headers.Set("Content-Type", "application/octetstream");
  if (const auto bytes = FromBase64(stored); !stored.empty() && bytes) {
    answer.body = *bytes;
    return answer;
  }
  constexpr int64_t kMadeUpMax = 64LL << 20;
  const std::string line = object.name + " " + id + " made up by the sandbox\n";
  while (static_cast<int64_t>(answer.body.size()) < std::min(size, kMadeUpMax)) {
    answer.body += line;
  }
  answer.body.resize(static_cast<size_t>(std::clamp<int64_t>(size, 0, kMadeUpMax)));
  return answer;
}

Answer ById(ApiParts& parts, const ApiRequest& request, const ObjectInfo& object, int64_t id) {
  if (request.method == "GET" || request.method == "HEAD") {
    return Retrieve(parts, request, object, id);
  }
  if (request.method == "DELETE") {
    const auto deleted = parts.org.Delete(id, ChangeBy(request));
    return deleted ? NoContent() : ErrorAnswer(deleted.error());
  }
  if (request.method != "PATCH") return MethodNotAllowed(request.method, "DELETE,GET,HEAD,PATCH");
  auto fields = ParseFields(parts, object, request.body);
  if (!fields) return ErrorAnswer(fields.error());
  const auto updated = parts.org.Update(id, *fields, ChangeBy(request));
  return updated ? NoContent() : ErrorAnswer(updated.error());
}

Answer ByExternalId(ApiParts& parts, const ApiRequest& request, const ObjectInfo& object) {
  const auto found = parts.org.FindByExternalId(object.name, request.path[2], request.path[3]);
  if (!found) return ErrorAnswer(found.error());
  if (found->size() > 1) {
    std::string urls = "[";
    for (const int64_t id : *found) {
      urls += (urls.size() > 1 ? "," : "") +
              JsonString(request.Root() + "/sobjects/" + object.name + "/" + IdText(id));
    }
    return JsonAnswer(300, urls + "]");
  }
  const bool upsert =
      request.method == "PATCH" || (request.method == "POST" && request.path[2] != "Id");
  if (upsert) return Upsert(parts, request, object, *found);
  if (found->empty()) return NotFoundAnswer();
  return ById(parts, request, object, found->front());
}

}  // namespace

Answer HandleRecord(ApiParts& parts, ApiRequest& request) {
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  const ObjectInfo* object = VisibleObject(*catalogue, request.path[1]);
  const size_t depth = request.path.size();
  if (object == nullptr || depth > 4) return NotFoundAnswer();
  if (depth == 2) {
    return request.method == "POST" ? Create(parts, request, *object)
                                    : MethodNotAllowed(request.method, "GET,HEAD,POST");
  }
  const auto id = ParseId(request.path[2]);
  const bool of_object = id && KeyPrefixOf(*id) == object->key_prefix;
  if (depth == 3) {
    if (!of_object) {
      return ErrorAnswer(
          404, "NOT_FOUND",
          "Provided external ID field does not exist or is not accessible: " + request.path[2]);
    }
    return ById(parts, request, *object, *id);
  }
  if (of_object) {
    const FieldInfo* field = object->Field(request.path[3]);
    if (field != nullptr && field->type == FieldType::kBase64 &&
        VisibleField(*field, request.version)) {
      return Blob(parts, request, *object, *field, request.path[2]);
    }
    return NotFoundAnswer();
  }
  return ByExternalId(parts, request, *object);
}

Answer HandleReplication(ApiParts& parts, ApiRequest& request) {
  if (request.method != "GET") return MethodNotAllowed(request.method, "GET,HEAD");
  const auto start = ParseInstant(request.Query("start"));
  const auto end = ParseInstant(request.Query("end"));
  if (!start || !end) {
    return ErrorAnswer(400, "INVALID_REPLICATION_DATE",
                       "start and end are needed, as ISO 8601 datetimes");
  }
  const bool deleted = request.path[2] == "deleted";
  // Seconds are ignored, as the vendor's documents say.
  const UtcMicros from = std::chrono::floor<std::chrono::minutes>(*start);
  const UtcMicros to = std::chrono::floor<std::chrono::minutes>(*end);
  const UtcMicros now = parts.clock.Now();
  if (to - from < std::chrono::minutes(1)) {
    return ErrorAnswer(400, "INVALID_REPLICATION_DATE",
                       "endDate must be at least one minute greater than startDate");
  }
  const auto reach = std::chrono::days(deleted ? 15 : 30);
  if (now - from > reach) {
    return ErrorAnswer(
        400, "INVALID_REPLICATION_DATE",
        "startDate cannot be more than " + std::to_string(reach.count()) + " days ago");
  }
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  const ObjectInfo* object = VisibleObject(*catalogue, request.path[1]);
  if (object == nullptr || !object->replicateable) {
    return ErrorAnswer(400, "UNSUPPORTED_OPERATION", "The object cannot be replicated");
  }
  const std::string soql = "SELECT Id, SystemModstamp FROM " + object->name +
                           " WHERE SystemModstamp >= " + FormatUtc(from) +
                           " AND SystemModstamp < " + FormatUtc(to) +
                           (deleted ? " AND IsDeleted = true" : "");
  auto cursor = parts.org.Query(soql, request.Options(deleted));
  if (!cursor) return ErrorAnswer(cursor.error());
  constexpr uint64_t kIdsMax = 600'000;
  uint64_t count = 0;
  std::string list;
  while (true) {
    const auto more = (*cursor)->Next();
    if (!more) return ErrorAnswer(more.error());
    if (!*more) break;
    if (++count > kIdsMax) {
      return ErrorAnswer(400, "EXCEEDED_ID_LIMIT", "The call would answer more than 600000 ids");
    }
    std::string id;
    AppendJson((*cursor)->row()[0], id);
    if (!list.empty()) list += ',';
    if (deleted) {
      list += "{\"deletedDate\":";
      AppendJson((*cursor)->row()[1], list);
      list += ",\"id\":" + id + "}";
    } else {
      list += id;
    }
  }
  const std::string covered = JsonString(RestDatetime(std::min(to, now)));
  if (!deleted)
    return JsonAnswer(200, "{\"ids\":[" + list + "],\"latestDateCovered\":" + covered + "}");
  return JsonAnswer(200, "{\"deletedRecords\":[" + list + "],\"earliestDateAvailable\":" +
                             JsonString(RestDatetime(now - std::chrono::days(15))) +
                             ",\"latestDateCovered\":" + covered + "}");
}

}  // namespace firn::sandbox
