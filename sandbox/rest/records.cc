#include <algorithm>
#include <optional>

#include "core/base/time_text.h"
#include "sandbox/rest/blob.h"
#include "sandbox/rest/body.h"
#include "sandbox/rest/rest.h"
#include "sandbox/rest/write.h"

namespace firn::sandbox {
namespace {

// From here on an upsert that updates answers 200 and the id, before 204 and nothing.
// Source: REST API Developer Guide, "Insert or Update (Upsert) a Record Using an External ID",
// read 2026-11.
constexpr int kUpsertAnswersSince = 46;

Answer Create(ApiParts& parts, const ApiRequest& request, const ObjectInfo& object) {
  const auto body = RecordBodyOf(request);
  if (!body) return ErrorAnswer(body.error());
  if (!body->id.empty()) {
    return ErrorAnswer(400, "INVALID_FIELD",
                       "The Id field should not be specified in the sobject data.");
  }
  Mutation mutation;
  mutation.object = object.name;
  mutation.cells = body->cells;
  const auto row = WriteRow(parts, request, mutation);
  if (!row) return ErrorAnswer(row.error());
  Answer answer = JsonAnswer(201, SavedJson(row->id, std::nullopt));
  answer.headers.Set("Location",
                     request.Root() + "/sobjects/" + object.name + "/" + IdText(row->id));
  return answer;
}

Answer Update(ApiParts& parts, const ApiRequest& request, int64_t id) {
  const auto body = RecordBodyOf(request);
  if (!body) return ErrorAnswer(body.error());
  if (!body->id.empty()) {
    return ErrorAnswer(400, "INVALID_FIELD",
                       "The Id field should not be specified in the sobject data.");
  }
  Mutation mutation;
  mutation.kind = Mutation::Kind::kUpdate;
  mutation.id = id;
  mutation.cells = body->cells;
  const auto row = WriteRow(parts, request, mutation);
  return row ? NoContent() : ErrorAnswer(row.error());
}

// PATCH by external id: creates, or updates the only match.
Answer Upsert(ApiParts& parts, const ApiRequest& request, const ObjectInfo& object,
              const std::vector<int64_t>& found) {
  auto body = RecordBodyOf(request);
  if (!body) return ErrorAnswer(body.error());
  Mutation mutation;
  mutation.object = object.name;
  const bool by_id = Folded(request.path[2]) == "id";
  if (found.empty() && (request.Query("updateOnly") == "true" || by_id)) return NotFoundAnswer();
  if (!found.empty()) {
    mutation.kind = Mutation::Kind::kUpdate;
    mutation.id = found.front();
  } else {
    body->cells.push_back({request.path[2], request.path[3]});
  }
  mutation.cells = body->cells;
  const auto row = WriteRow(parts, request, mutation);
  if (!row) return ErrorAnswer(row.error());
  if (found.empty()) {
    Answer answer = JsonAnswer(201, SavedJson(row->id, true));
    answer.headers.Set("Location",
                       request.Root() + "/sobjects/" + object.name + "/" + IdText(row->id));
    return answer;
  }
  if (request.version < kUpsertAnswersSince) return NoContent();
  return JsonAnswer(200, SavedJson(found.front(), false));
}

// A record as a query answers it: `fields` may go over relationships.
Answer Retrieve(ApiParts& parts, const ApiRequest& request, const ObjectInfo& object, int64_t id) {
  const std::string list = request.Query("fields");
  if (list.empty()) {
    auto json = parts.org.RecordJson(object.name, id, request.Options(false));
    return json ? JsonAnswer(200, *std::move(json)) : ErrorAnswer(json.error());
  }
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

Answer ById(ApiParts& parts, const ApiRequest& request, const ObjectInfo& object, int64_t id) {
  if (request.method == "GET" || request.method == "HEAD") {
    return Retrieve(parts, request, object, id);
  }
  if (request.method == "DELETE") {
    Mutation mutation;
    mutation.kind = Mutation::Kind::kDelete;
    mutation.id = id;
    const auto row = WriteRow(parts, request, mutation);
    return row ? NoContent() : ErrorAnswer(row.error());
  }
  if (request.method != "PATCH") return MethodNotAllowed(request.method, "DELETE,GET,HEAD,PATCH");
  return Update(parts, request, id);
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
  if (request.method == "POST" && Folded(request.path[2]) == "id") {
    return Create(parts, request, object);
  }
  if (request.method == "PATCH" || request.method == "POST") {
    return Upsert(parts, request, object, *found);
  }
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
    // Well-formed, of another org: a record that is not there.
    const std::string& text = request.path[2];
    if (!id && IsIdShaped(text) && text.starts_with(object->key_prefix)) {
      return request.method != "DELETE"
                 ? NotFoundAnswer()
                 : ErrorAnswer(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
    }
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
      return BlobAnswer(parts, request, *object, *field);
    }
    return FollowRelationship(parts, request, *object, *id);
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
