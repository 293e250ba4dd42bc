// `composite/sobjects`: up to 200 records in one call.
// Source: REST API Developer Guide, "sObject Collections", read 2026-11.
#include <algorithm>
#include <map>

#include "sandbox/rest/blob.h"
#include "sandbox/rest/body.h"
#include "sandbox/rest/rest.h"
#include "sandbox/rest/write.h"
#include "sandbox/text.h"

namespace firn::sandbox {
namespace {

constexpr size_t kRecordsMax = 200;
constexpr size_t kIdsMax = 2000;   // of a retrieve by POST
constexpr size_t kChunksMax = 10;  // runs of records of one object
constexpr int kSince = 42;
constexpr int kUpsertSince = 46;

Answer TooMany(size_t max) {
  return ErrorAnswer(400, "EXCEEDED_ID_LIMIT",
                     "record limit reached. cannot submit more than " + std::to_string(max) +
                         " records into this call");
}

// How often the type changes from record to record; the vendor takes ten runs.
size_t Chunks(const std::vector<RecordBody>& records) {
  size_t chunks = records.empty() ? 0 : 1;
  for (size_t i = 1; i < records.size(); ++i) {
    if (records[i].type != records[i - 1].type) ++chunks;
  }
  return chunks;
}

Answer Outcomes(const std::vector<RowOutcome>& outcomes, bool upsert) {
  std::string json = "[";
  for (const RowOutcome& outcome : outcomes) {
    if (json.size() > 1) json += ',';
    json +=
        outcome.error
            ? FailedJson(*outcome.error, "", upsert ? std::optional(outcome.created) : std::nullopt)
            : SavedJson(outcome.id, upsert ? std::optional(outcome.created) : std::nullopt);
  }
  return JsonAnswer(200, json + "]");
}

// Why a list of records cannot be taken at all.
std::optional<Answer> Refuse(const RecordsBody& body, const ApiRequest& request) {
  if (body.records.size() > kRecordsMax) return TooMany(kRecordsMax);
  if (Chunks(body.records) > kChunksMax) {
    return ErrorAnswer(400, "LIMIT_EXCEEDED",
                       "The request holds more than 10 runs of records of one type");
  }
  for (const RecordBody& record : body.records) {
    if (record.type.empty()) {
      return ErrorAnswer(400, "INVALID_INPUT", "Each record needs attributes with a type");
    }
    if (request.method == "POST" && !record.id.empty()) {
      return ErrorAnswer(400, "INVALID_FIELD", "cannot specify Id in an insert call");
    }
  }
  return std::nullopt;
}

Answer Write(ApiParts& parts, const ApiRequest& request) {
  const auto body = RecordsBodyOf(request);
  if (!body) return ErrorAnswer(body.error());
  if (auto refusal = Refuse(*body, request)) return *std::move(refusal);
  std::vector<Mutation> mutations;
  for (const RecordBody& record : body->records) {
    Mutation& mutation = mutations.emplace_back();
    mutation.kind = request.method == "POST" ? Mutation::Kind::kInsert : Mutation::Kind::kUpdate;
    mutation.object = record.type;
    mutation.id_text = record.id;
    mutation.cells = record.cells;
  }
  const auto outcomes = WriteRows(parts, request, mutations, body->all_or_none);
  return outcomes ? Outcomes(*outcomes, false) : ErrorAnswer(outcomes.error());
}

// `composite/sobjects/{object}/{external id field}`
Answer Upsert(ApiParts& parts, const ApiRequest& request) {
  if (request.method != "PATCH") return MethodNotAllowed(request.method, "PATCH");
  auto body = RecordsBodyOf(request);
  if (!body) return ErrorAnswer(body.error());
  if (auto refusal = Refuse(*body, request)) return *std::move(refusal);
  const std::string& key = request.path[3];
  std::vector<Mutation> mutations;
  for (RecordBody& record : body->records) {
    if (key == "Id" && !record.id.empty()) {
      record.cells.push_back({record.texts.emplace_back("Id"), record.id});
    }
    Mutation& mutation = mutations.emplace_back();
    mutation.kind = Mutation::Kind::kUpsert;
    mutation.object = request.path[2];
    mutation.key_field = key;
    mutation.cells = record.cells;
  }
  const auto outcomes = WriteRows(parts, request, mutations, body->all_or_none);
  return outcomes ? Outcomes(*outcomes, true) : ErrorAnswer(outcomes.error());
}

Answer Delete(ApiParts& parts, const ApiRequest& request) {
  const std::vector<std::string> ids = Pieces(request.Query("ids"), ',');
  if (ids.empty()) return ErrorAnswer(400, "INVALID_INPUT", "The ids parameter is needed");
  if (ids.size() > kRecordsMax) return TooMany(kRecordsMax);
  std::vector<Mutation> mutations;
  for (const std::string& id : ids) {
    Mutation& mutation = mutations.emplace_back();
    mutation.kind = Mutation::Kind::kDelete;
    mutation.id_text = id;
  }
  const bool all_or_none = request.Query("allOrNone") == "true";
  const auto outcomes = WriteRows(parts, request, mutations, all_or_none);
  return outcomes ? Outcomes(*outcomes, false) : ErrorAnswer(outcomes.error());
}

// Records by id, null where there is none, in the order asked for.
Answer Retrieve(ApiParts& parts, const ApiRequest& request, const RecordsBody& body) {
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  const ObjectInfo* object = VisibleObject(*catalogue, request.path[2]);
  if (object == nullptr) return NotFoundAnswer();
  if (body.ids.empty() || body.fields.empty()) {
    return ErrorAnswer(400, "MISSING_ARGUMENT", "ids and fields are needed");
  }
  if (body.ids.size() > kIdsMax) return TooMany(kIdsMax);
  std::string soql = "SELECT Id";
  for (const std::string& field : body.fields) {
    if (Folded(field) != "id") soql += "," + field;
  }
  soql += " FROM " + object->name + " WHERE Id IN (";
  for (size_t i = 0; i < body.ids.size(); ++i) {
    if (!IsIdShaped(body.ids[i])) {
      return ErrorAnswer(400, "MALFORMED_ID", "malformed id " + body.ids[i]);
    }
    soql += (i > 0 ? ",'" : "'") + body.ids[i] + "'";
  }
  auto cursor = parts.org.Query(soql + ")", request.Options(false));
  if (!cursor) return ErrorAnswer(cursor.error());
  std::map<int64_t, std::string> rows;
  for (;;) {
    const auto more = (*cursor)->Next();
    if (!more) return ErrorAnswer(more.error());
    if (!*more) break;
    AppendJsonRow(**cursor, request.version, rows[(*cursor)->row()[0].number]);
  }
  std::string json = "[";
  for (const std::string& id : body.ids) {
    const auto number = ParseId(id);  // nothing for an id of another org
    const auto found = number ? rows.find(*number) : rows.end();
    if (json.size() > 1) json += ',';
    json += found == rows.end() ? "null" : found->second;
  }
  return JsonAnswer(200, json + "]");
}

Answer RetrieveAsked(ApiParts& parts, const ApiRequest& request) {
  RecordsBody body;
  if (request.method == "GET") {
    body.ids = Pieces(request.Query("ids"), ',');
    body.fields = Pieces(request.Query("fields"), ',');
  } else if (request.method == "POST") {
    auto read = ReadRecordsBody(request.body);
    if (!read) return ErrorAnswer(read.error());
    body = *std::move(read);
  } else {
    return MethodNotAllowed(request.method, "GET,POST");
  }
  return Retrieve(parts, request, body);
}

}  // namespace

Answer HandleCollections(ApiParts& parts, ApiRequest& request) {
  const size_t depth = request.path.size();
  if (request.version < kSince || depth > 4) return NotFoundAnswer();
  if (depth == 4) return request.version < kUpsertSince ? NotFoundAnswer() : Upsert(parts, request);
  if (depth == 3) return RetrieveAsked(parts, request);
  if (request.method == "POST" || request.method == "PATCH") return Write(parts, request);
  if (request.method == "DELETE") return Delete(parts, request);
  return MethodNotAllowed(request.method, "DELETE,PATCH,POST");
}

}  // namespace firn::sandbox
