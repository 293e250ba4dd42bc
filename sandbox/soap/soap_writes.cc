// create(), update(), upsert(), delete(), undelete(), emptyRecycleBin().
// Source: SOAP API Developer Guide, 'Core Calls', 'sObject' (fieldsToNull), 'Foreign Keys and
// External ID Fields', 'AllOrNoneHeader', 'emptyRecycleBin()', read 2026-11.
#include <deque>

#include "sandbox/events/change_origin.h"
#include "sandbox/mutation.h"
#include "sandbox/soap/soap_calls.h"

namespace firn::sandbox {
namespace {

constexpr size_t kRecordsMax = 200;

// One sObject of a request; cells point into the request and into `names`.
struct Record {
  std::string_view type;
  std::string_view id;
  std::vector<Cell> cells;
};

// `<Account><sf:type>Account</sf:type><ExternalKey__c>k</ExternalKey__c></Account>`: the parent
// that has this external id.
void AddParent(const XmlNode& node, Record& record, std::deque<std::string>& names) {
  for (const XmlNode& key : node.children) {
    if (key.name == "type" || key.nil) continue;
    record.cells.push_back({names.emplace_back(node.name + "." + key.name), key.text});
  }
}

Record RecordOf(const XmlNode& node, std::deque<std::string>& names) {
  Record record;
  record.type = node.type;
  for (const XmlNode& child : node.children) {
    if (child.name == "type") {
      record.type = child.text;
    } else if (child.name == "fieldsToNull") {
      if (!child.text.empty()) record.cells.push_back({child.text, std::nullopt});
    } else if (child.name == "Id") {
      record.id = child.text;
    } else if (!child.children.empty()) {
      AddParent(child, record, names);
    } else if (!child.nil) {
      record.cells.push_back({child.name, child.text});
    }
  }
  return record;
}

std::string ResultXml(const RowOutcome& outcome, bool upsert) {
  std::string xml = "<result>";
  if (upsert) xml += SoapElement("created", outcome.created ? "true" : "false");
  if (outcome.error) {
    return xml + ErrorXml(*outcome.error) + SoapNil("id") + SoapElement("success", "false") +
           "</result>";
  }
  return xml + SoapElement("id", IdText(outcome.id)) + SoapElement("success", "true") + "</result>";
}

Answer Write(const SoapRequest& soap, const std::vector<Mutation>& mutations, bool upsert) {
  MutateOptions options;
  options.user_id = soap.session.user_id;
  const XmlNode* header = soap.header.Child("AllOrNoneHeader");
  options.all_or_none = header != nullptr && header->TextOf("allOrNone") == "true";
  const XmlNode* client = soap.header.Child("CallOptions");
  options.origin = ChangeOrigin("soap", soap.path.number,
                                client == nullptr ? "" : "client=" + client->TextOf("client"));
  const auto outcomes = soap.parts.org.Mutate(mutations, options);
  if (!outcomes) return FaultOf(soap.path, outcomes.error());
  std::string xml;
  for (const RowOutcome& outcome : *outcomes) xml += ResultXml(outcome, upsert);
  return Respond(soap, std::move(xml));
}

Answer TooMany(const SoapRequest& soap) {
  return SoapFault(soap.path, "EXCEEDED_ID_LIMIT",
                   "record limit reached. cannot submit more than 200 records into this call");
}

Answer WriteRecords(const SoapRequest& soap, Mutation::Kind kind) {
  std::deque<std::string> names;
  std::deque<Record> records;
  const std::string key = soap.operation.TextOf("externalIDFieldName");
  for (const XmlNode& child : soap.operation.children) {
    if (child.name != "sObjects") continue;
    Record& record = records.emplace_back(RecordOf(child, names));
    if (record.type.empty()) {
      return SoapFault(soap.path, "INVALID_TYPE", "sObject type is missing");
    }
    if (kind == Mutation::Kind::kInsert && !record.id.empty()) {
      return SoapFault(soap.path, "INVALID_FIELD", "cannot specify Id in an insert call");
    }
    if (kind == Mutation::Kind::kUpsert && key == "Id" && !record.id.empty()) {
      record.cells.push_back({"Id", record.id});
    }
  }
  if (records.size() > kRecordsMax) return TooMany(soap);
  std::vector<Mutation> mutations;
  for (const Record& record : records) {
    Mutation& mutation = mutations.emplace_back();
    mutation.kind = kind;
    mutation.object = record.type;
    if (kind == Mutation::Kind::kUpdate) mutation.id_text = record.id;
    if (kind == Mutation::Kind::kUpsert) mutation.key_field = key;
    mutation.cells = record.cells;
  }
  return Write(soap, mutations, kind == Mutation::Kind::kUpsert);
}

Answer WriteIds(const SoapRequest& soap, Mutation::Kind kind) {
  std::vector<Mutation> mutations;
  // Whatever the elements are called: older clients write `id`, and the vendor takes them.
  for (const XmlNode& child : soap.operation.children) {
    Mutation& mutation = mutations.emplace_back();
    mutation.kind = kind;
    mutation.id_text = child.text;
  }
  if (mutations.size() > kRecordsMax) return TooMany(soap);
  return Write(soap, mutations, false);
}

// Only what lies in the recycle bin leaves it for good.
Result<bool> IsInBin(const SoapRequest& soap, const std::string& text) {
  const auto id = ParseId(text);
  const auto catalogue = soap.parts.org.catalogue();
  const ObjectInfo* object = id ? catalogue->ByKeyPrefix(KeyPrefixOf(*id)) : nullptr;
  if (object == nullptr) return false;
  QueryOptions options{.all_rows = true, .api_version = soap.path.number};
  options.user_id = soap.session.user_id;
  const auto record = soap.parts.org.Read(object->name, text, options);
  if (!record && PartsOf(record.error()).code == "NOT_FOUND") return false;
  if (!record) return Fail(record.error());
  return record->deleted;
}

Answer EmptyBin(const SoapRequest& soap) {
  std::string xml;
  std::vector<Mutation> mutations;
  for (const XmlNode& child : soap.operation.children) {
    if (child.name != "ids") continue;
    if (mutations.size() == kRecordsMax) return TooMany(soap);
    const auto in_bin = IsInBin(soap, child.text);
    if (!in_bin) return FaultOf(soap.path, in_bin.error());
    if (!*in_bin) {
      RowOutcome outcome;
      outcome.error =
          ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "entity is not in the recycle bin");
      xml += ResultXml(outcome, false);
      continue;
    }
    Mutation mutation;
    mutation.kind = Mutation::Kind::kPurge;
    mutation.id_text = child.text;
    const auto outcome = soap.parts.org.Mutate({&mutation, 1}, {.user_id = soap.session.user_id});
    if (!outcome) return FaultOf(soap.path, outcome.error());
    xml += ResultXml(outcome->front(), false);
    mutations.push_back(mutation);
  }
  return Respond(soap, std::move(xml));
}

}  // namespace

std::optional<Answer> WriteCall(const SoapRequest& soap) {
  const std::string& name = soap.operation.name;
  if (name == "create") return WriteRecords(soap, Mutation::Kind::kInsert);
  if (name == "update") return WriteRecords(soap, Mutation::Kind::kUpdate);
  if (name == "upsert") return WriteRecords(soap, Mutation::Kind::kUpsert);
  if (name == "delete") return WriteIds(soap, Mutation::Kind::kDelete);
  if (name == "undelete") return WriteIds(soap, Mutation::Kind::kUndelete);
  if (name == "emptyRecycleBin") return EmptyBin(soap);
  return std::nullopt;
}

}  // namespace firn::sandbox
