#include "sandbox/rest/blob.h"

#include <algorithm>

#include "core/base/encoding.h"
#include "sandbox/bulk/create_body.h"

namespace firn::sandbox {
namespace {

tl::unexpected<Error> BadMultipart(const std::string& what) {
  return Fail(ApiError(400, "INVALID_MULTIPART_REQUEST", what));
}

}  // namespace

bool IsMultipart(const ApiRequest& request) {
  return Folded(request.http.headers.GetOr("Content-Type", "")).starts_with("multipart/form-data");
}

Result<RecordBody> RecordBodyOf(const ApiRequest& request) {
  if (!IsMultipart(request)) return ReadRecordBody(request.body);
  const auto parts = ParseMultipart(request.http.headers.GetOr("Content-Type", ""), request.body);
  if (!parts || parts->empty()) return BadMultipart("The multipart body is not well-formed");
  // The fields are JSON, in a part called entity_document, entity_content ..: the vendor's
  // documents have it first, its own command line sends it behind the bytes.
  const auto fields = std::find_if(parts->begin(), parts->end(), [](const FormPart& part) {
    return part.content_type.find("json") != std::string::npos;
  });
  if (fields == parts->end()) return BadMultipart("One part must be application/json");
  FIRN_TRY(RecordBody record, ReadRecordBody(fields->body));
  for (const FormPart& part : *parts) {
    if (&part == &*fields) continue;
    if (part.name.empty()) return BadMultipart("A part has no name");
    const std::string& bytes = record.texts.emplace_back(Base64(part.body));
    record.cells.push_back({record.texts.emplace_back(part.name), bytes});
  }
  return record;
}

Result<RecordsBody> RecordsBodyOf(const ApiRequest& request) {
  if (!IsMultipart(request)) return ReadRecordsBody(request.body);
  const auto parts = ParseMultipart(request.http.headers.GetOr("Content-Type", ""), request.body);
  if (!parts || parts->empty()) return BadMultipart("The multipart body is not well-formed");
  if (parts->front().content_type.find("json") == std::string::npos) {
    return BadMultipart("The first part must be application/json");
  }
  FIRN_TRY(RecordsBody body, ReadRecordsBody(parts->front().body));
  for (RecordBody& record : body.records) {
    if (record.binary_part.empty()) continue;
    const auto part = std::find_if(parts->begin() + 1, parts->end(), [&](const FormPart& one) {
      return one.name == record.binary_part;
    });
    if (part == parts->end()) return BadMultipart("There is no part " + record.binary_part);
    if (record.binary_field.empty()) {
      return BadMultipart("binaryPartNameAlias must name the field of part " + record.binary_part);
    }
    const std::string& bytes = record.texts.emplace_back(Base64(part->body));
    record.cells.push_back({record.texts.emplace_back(record.binary_field), bytes});
  }
  return body;
}

// The bytes of a base64 field. What the store does not hold is made up from the record's id, as
// long as its size field says.
Answer BlobAnswer(ApiParts& parts, const ApiRequest& request, const ObjectInfo& object,
                  const FieldInfo& field) {
  const std::string& id = request.path[2];
  const auto record = parts.org.Read(object.name, id, request.Options(false));
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

}  // namespace firn::sandbox
