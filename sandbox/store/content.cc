// Files: what a new ContentVersion and a new Attachment bring with them.
//
// The first version of a file makes its ContentDocument and links it to its owner and to the record
// it was published to; a later one becomes the newest. Sizes come from the bytes.
// Source: Object Reference, 'ContentVersion' ("Usage"), 'ContentDocument', 'ContentDocumentLink',
// 'Attachment'; read 2026-11.
#include <algorithm>

#include "core/base/encoding.h"
#include "sandbox/store/write_batch.h"

namespace firn::sandbox {
namespace {

constexpr size_t kVersionsMax = 10'000;  // of one file

// Bytes that a base64 text stands for.
int64_t DecodedSize(std::string_view base64) {
  size_t size = base64.size() / 4 * 3;
  if (base64.ends_with("==")) return static_cast<int64_t>(size - 2);
  if (base64.ends_with('=')) return static_cast<int64_t>(size - 1);
  return static_cast<int64_t>(size);
}

std::string_view FileName(std::string_view path) {
  const size_t slash = path.find_last_of("/\\");
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view Extension(std::string_view path) {
  const std::string_view name = FileName(path);
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

std::string FileType(std::string_view extension) {
  if (extension.empty()) return "UNKNOWN";
  const std::string folded = Folded(extension);
  if (folded == "txt") return "TEXT";
  if (folded == "docx") return "WORD_X";
  if (folded == "xlsx") return "EXCEL_X";
  if (folded == "pptx") return "POWER_POINT_X";
  std::string upper = folded;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c); });
  return upper;
}

}  // namespace

Value* WriteBatch::CellOf(Draft& draft, std::string_view field) {
  const FieldInfo* found = draft.object().Field(field);
  return found == nullptr || found->slot < 0 ? nullptr : &draft.values[found->slot];
}

void WriteBatch::Put(Draft& draft, std::string_view field, const Value& value) {
  if (Value* cell = CellOf(draft, field)) *cell = value;
}

Value WriteBatch::Hold(std::string text) {
  return Value::Text(texts_.emplace_back(std::move(text)));
}

Result<WriteBatch::Draft> WriteBatch::NewDraft(std::string_view object) {
  FIRN_TRY(WritePlan * plan, PlanNamed(object));
  Draft draft;
  draft.plan = plan;
  draft.is_new = true;
  Tally& tally = TallyOf(plan->object());
  plan->Begin(tally.next_number++, draft.values, texts_);
  ++tally.live;
  ++tally.total;
  if (plan->owner >= 0) draft.values[plan->owner] = user_;
  return draft;
}

void WriteBatch::AddContentFacts(Draft& draft) {
  const std::string& object = draft.object().name;
  if (object == "Attachment") {
    if (const Value* body = CellOf(draft, "Body"); body != nullptr && !body->null()) {
      Put(draft, "BodyLength", Value::Int(DecodedSize(body->text)));
    }
    return;
  }
  if (object != "ContentVersion") return;
  const Value path = *CellOf(draft, "PathOnClient");
  const Value data = *CellOf(draft, "VersionData");
  if (CellOf(draft, "Title")->null() && !path.null()) {
    const std::string_view name = FileName(path.text);
    Put(draft, "Title", Hold(std::string(name.substr(0, name.rfind('.')))));
  }
  if (!path.null()) {
    const std::string_view extension = Extension(path.text);
    if (!extension.empty()) Put(draft, "FileExtension", Hold(std::string(extension)));
    Put(draft, "FileType", Hold(FileType(extension)));
  }
  if (!data.null()) Put(draft, "ContentSize", Value::Int(DecodedSize(data.text)));
}

// Before a new version is checked: it needs its document.
Result<void> WriteBatch::AddDocument(Draft& version) {
  if (version.object().name != "ContentVersion" || options_.set_audit_fields) return {};
  Value* document = CellOf(version, "ContentDocumentId");
  if (document == nullptr) return {};
  Put(version, "IsLatest", Value::Bool(true));
  if (!document->null()) return AddVersion(version, document->number);
  Put(version, "VersionNumber", Hold("1"));
  if (CellOf(version, "Title")->null()) return {};  // the check will say so
  FIRN_TRY(Draft made, NewDraft("ContentDocument"));
  *document = made.values[kIdSlot];
  for (const char* field : {"Title", "FileExtension", "FileType", "ContentSize", "Description"}) {
    if (const Value* value = CellOf(version, field)) Put(made, field, *value);
  }
  Put(made, "LatestPublishedVersionId", version.values[kIdSlot]);
  Put(made, "PublishStatus", Value::Text("P"));
  Put(made, "SharingOption", Value::Text("A"));
  Put(made, "SharingPrivacy", Value::Text("N"));
  Stamp(made);
  FIRN_CHECK(Write(std::move(made), {.kind = RecordChange::Kind::kCreate, .cascaded = true}));
  FIRN_CHECK(Link(document->number, user_, "I"));
  const Value* place = CellOf(version, "FirstPublishLocationId");
  if (place == nullptr || place->null() || place->number == user_.number) return {};
  return Link(document->number, *place, "V");
}

Result<void> WriteBatch::Link(int64_t document, const Value& record, std::string_view share) {
  FIRN_TRY(Draft link, NewDraft("ContentDocumentLink"));
  Put(link, "ContentDocumentId", Value::Id(document));
  Put(link, "LinkedEntityId", record);
  Put(link, "ShareType", Value::Text(share));
  Put(link, "Visibility", Value::Text("AllUsers"));
  Stamp(link);
  return Write(std::move(link), {.kind = RecordChange::Kind::kCreate, .cascaded = true});
}

// A newer version of a document that is there.
Result<void> WriteBatch::AddVersion(Draft& version, int64_t document) {
  const ObjectInfo& object = version.object();
  const FieldInfo* field = object.Field("ContentDocumentId");
  FIRN_TRY(const auto earlier, FindByKey(object, *field, Value::Id(document), kVersionsMax));
  Put(version, "VersionNumber", Hold(std::to_string(earlier.size() + 1)));
  for (const int64_t id : earlier) {
    FIRN_TRY(Draft old, Load(id));
    Value* latest = CellOf(old, "IsLatest");
    if (latest == nullptr || latest->number == 0) continue;
    *latest = Value::Bool(false);
    Stamp(old);
    FIRN_CHECK(Write(std::move(old), {.kind = RecordChange::Kind::kUpdate, .cascaded = true}));
  }
  FIRN_TRY(Draft kept, Load(document));
  Put(kept, "LatestPublishedVersionId", version.values[kIdSlot]);
  for (const char* name : {"Title", "FileExtension", "FileType", "ContentSize"}) {
    if (const Value* value = CellOf(version, name)) Put(kept, name, *value);
  }
  Stamp(kept);
  return Write(std::move(kept), {.kind = RecordChange::Kind::kUpdate, .cascaded = true});
}

}  // namespace firn::sandbox
