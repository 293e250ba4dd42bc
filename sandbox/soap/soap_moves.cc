// convertLead() and merge(): calls that change several records of one person or company at once.
// Source: SOAP API Developer Guide, 'convertLead()', 'merge()'; Salesforce Help, 'Considerations
// for Converting Leads'; read 2026-11.
#include <algorithm>
#include <chrono>
#include <optional>

#include "core/base/time_text.h"
#include "sandbox/events/change_origin.h"
#include "sandbox/soap/soap_calls.h"

namespace firn::sandbox {
namespace {

constexpr size_t kConvertsMax = 100;
constexpr size_t kMergesMax = 200;
constexpr size_t kMergedMax = 2;  // records that go into one
constexpr std::string_view kConvertedStatus = "Closed - Converted";
constexpr std::string_view kFirstStage = "Prospecting";

// What a lead's fields become. An address goes to each of the two.
constexpr std::pair<const char*, const char*> kToAccount[] = {
    {"Company", "Name"},
    {"Phone", "Phone"},
    {"Fax", "Fax"},
    {"Website", "Website"},
    {"Industry", "Industry"},
    {"AnnualRevenue", "AnnualRevenue"},
    {"NumberOfEmployees", "NumberOfEmployees"},
    {"Rating", "Rating"},
    {"Street", "BillingStreet"},
    {"City", "BillingCity"},
    {"State", "BillingState"},
    {"PostalCode", "BillingPostalCode"},
    {"Country", "BillingCountry"}};
constexpr std::pair<const char*, const char*> kToContact[] = {{"FirstName", "FirstName"},
                                                              {"LastName", "LastName"},
                                                              {"Salutation", "Salutation"},
                                                              {"Title", "Title"},
                                                              {"Email", "Email"},
                                                              {"Phone", "Phone"},
                                                              {"MobilePhone", "MobilePhone"},
                                                              {"Fax", "Fax"},
                                                              {"LeadSource", "LeadSource"},
                                                              {"Description", "Description"},
                                                              {"Street", "MailingStreet"},
                                                              {"City", "MailingCity"},
                                                              {"State", "MailingState"},
                                                              {"PostalCode", "MailingPostalCode"},
                                                              {"Country", "MailingCountry"}};

std::string IdXml(std::string_view name, const std::string& id) {
  return id.empty() ? SoapNil(name) : SoapElement(name, id);
}

Org::Change ChangeOf(const SoapRequest& soap) {
  return {soap.session.user_id, true, ChangeOrigin("soap", soap.path.number, "")};
}

// Of the whole call: fields that only the org itself writes are among those it writes.
MutateOptions TransactionOf(const SoapRequest& soap) {
  MutateOptions options;
  options.user_id = soap.session.user_id;
  options.set_audit_fields = true;
  options.origin = ChangeOrigin("soap", soap.path.number, "");
  return options;
}

// A record's fields as texts; empty for null and for what the object does not have.
class Reading {
 public:
  static Result<Reading> Of(const SoapRequest& soap, const char* object, const std::string& id) {
    QueryOptions options{.api_version = soap.path.number, .user_id = soap.session.user_id};
    Reading reading;
    FIRN_TRY(reading.record_, soap.parts.org.Read(object, id, options));
    return reading;
  }
  [[nodiscard]] std::string Text(std::string_view name) const {
    for (size_t i = 0; i < record_.values.size(); ++i) {
      if (record_.object->fields[i].name != name) continue;
      std::string text;
      AppendPlain(record_.values[i], text);
      return text;
    }
    return "";
  }
  template <typename Pairs>
  [[nodiscard]] std::vector<FieldText> Mapped(const Pairs& pairs) const {
    std::vector<FieldText> fields;
    for (const auto& [from, to] : pairs) {
      if (std::string text = Text(from); !text.empty()) fields.push_back({to, std::move(text)});
    }
    return fields;
  }

 private:
  Record record_;
};

// The last day of the quarter, when a new opportunity is expected to close.
std::string QuarterEnd(UtcMicros now) {
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(now)};
  const unsigned last = (static_cast<unsigned>(day.month()) + 2) / 3 * 3;
  return FormatDate(std::chrono::sys_days(std::chrono::year_month_day_last(
      day.year(), std::chrono::month_day_last(std::chrono::month(last)))));
}

struct Converted {
  std::string account;
  std::string contact;
  std::string opportunity;
};

Result<std::string> Insert(const SoapRequest& soap, const char* object,
                           std::vector<FieldText> fields) {
  FIRN_TRY(const int64_t id, soap.parts.org.Insert(object, fields, ChangeOf(soap)));
  return IdText(id);
}

Result<Converted> Convert(const SoapRequest& soap, const XmlNode& wish) {
  const std::string lead_id = wish.TextOf("leadId");
  FIRN_TRY(const Reading lead, Reading::Of(soap, "Lead", lead_id));
  if (lead.Text("IsConverted") == "true") {
    return Fail(ApiError(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead"));
  }
  const std::string status = wish.TextOf("convertedStatus");
  if (status != kConvertedStatus) {
    return Fail(ApiError(400, "INVALID_STATUS", "invalid convertedStatus: " + status));
  }
  std::string owner = wish.TextOf("ownerId");
  if (owner.empty()) owner = lead.Text("OwnerId");
  Converted made{wish.TextOf("accountId"), wish.TextOf("contactId"), wish.TextOf("opportunityId")};
  if (made.account.empty()) {
    auto fields = lead.Mapped(kToAccount);
    fields.push_back({"OwnerId", owner});
    FIRN_TRY(made.account, Insert(soap, "Account", std::move(fields)));
  }
  if (made.contact.empty()) {
    auto fields = lead.Mapped(kToContact);
    fields.push_back({"AccountId", made.account});
    fields.push_back({"OwnerId", owner});
    FIRN_TRY(made.contact, Insert(soap, "Contact", std::move(fields)));
  }
  if (made.opportunity.empty() && wish.TextOf("doNotCreateOpportunity") != "true") {
    const std::string name = wish.TextOf("opportunityName");
    FIRN_TRY(made.opportunity, Insert(soap, "Opportunity",
                                      {{"Name", name.empty() ? lead.Text("Company") + "-" : name},
                                       {"AccountId", made.account},
                                       {"OwnerId", owner},
                                       {"StageName", std::string(kFirstStage)},
                                       {"CloseDate", QuarterEnd(soap.parts.clock.Now())}}));
  }
  const auto text = [](const std::string& id) {
    return id.empty() ? std::optional<std::string>() : std::optional(id);
  };
  const auto day = std::chrono::floor<std::chrono::days>(soap.parts.clock.Now());
  FIRN_CHECK(soap.parts.org.Update(*ParseId(lead_id),
                                   {{"Status", status},
                                    {"IsConverted", "true"},
                                    {"ConvertedDate", FormatDate(day)},
                                    {"ConvertedAccountId", text(made.account)},
                                    {"ConvertedContactId", text(made.contact)},
                                    {"ConvertedOpportunityId", text(made.opportunity)}},
                                   ChangeOf(soap)));
  return made;
}

// One result a lead; what was made of a lead that fails is taken back.
Answer ConvertLeads(const SoapRequest& soap) {
  std::string xml;
  size_t count = 0;
  for (const XmlNode& wish : soap.operation.children) {
    if (wish.name != "leadConverts") continue;
    if (++count > kConvertsMax) {
      return SoapFault(soap.path, "EXCEEDED_ID_LIMIT", "convertLead takes at most 100 leads");
    }
    std::optional<Result<Converted>> made;
    const auto done = soap.parts.org.Transact(TransactionOf(soap), [&]() -> Result<bool> {
      made = Convert(soap, wish);
      return made->has_value();
    });
    if (!done) return FaultOf(soap.path, done.error());
    const Converted ids = made->value_or(Converted());
    xml += "<result>" + IdXml("accountId", ids.account) + IdXml("contactId", ids.contact) +
           (*made ? "" : ErrorXml(made->error())) + IdXml("leadId", wish.TextOf("leadId")) +
           IdXml("opportunityId", ids.opportunity) + SoapNil("relatedPersonAccountId") +
           SoapElement("success", *made ? "true" : "false") + "</result>";
  }
  return Respond(soap, std::move(xml));
}

struct Merged {
  std::vector<std::string> from;
  std::vector<std::string> updated;  // records that hung on those, and hang on the master now
};

// Whatever looks up a record of `from` looks up the master from now on.
Result<void> MoveChildren(const SoapRequest& soap, const ObjectInfo& object,
                          const std::string& from, const std::string& master, Merged& merged) {
  const auto catalogue = soap.parts.org.catalogue();
  for (const ChildRelationship& child : object.child_relationships) {
    const ObjectInfo* kind = catalogue->Object(child.child_object);
    const FieldInfo* field = kind == nullptr ? nullptr : kind->Field(child.field);
    if (field == nullptr || field->slot < 0 || !field->filterable || !kind->queryable ||
        field->name == "MasterRecordId") {
      continue;
    }
    std::vector<int64_t> ids;
    {
      FIRN_TRY(auto cursor, soap.parts.org.Query("SELECT Id FROM " + kind->name + " WHERE " +
                                                     field->name + " = '" + from + "'",
                                                 {.see_hidden = true}));
      while (true) {
        FIRN_TRY(const bool more, cursor->Next());
        if (!more) break;
        ids.push_back(cursor->row()[0].number);
      }
    }
    for (const int64_t id : ids) {
      FIRN_CHECK(soap.parts.org.Update(id, {{field->name, master}}, ChangeOf(soap)));
      merged.updated.push_back(IdText(id));
    }
  }
  return {};
}

// What the master is to have from now on. Errors: a field that clients may not write.
Result<std::vector<FieldText>> FieldsOf(const ObjectInfo& object, const XmlNode& record) {
  std::vector<FieldText> fields;
  for (const XmlNode& child : record.children) {
    if (child.name == "type" || child.name == "Id" || child.nil) continue;
    const bool empties = child.name == "fieldsToNull";
    if (empties && child.text.empty()) continue;
    const std::string& name = empties ? child.text : child.name;
    const FieldInfo* field = object.Field(name);
    if (field == nullptr || field->hidden || !field->updateable) {
      return Fail(ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE",
                           "Unable to create/update fields: " + name, {name}));
    }
    fields.push_back({name, empties ? std::optional<std::string>() : std::optional(child.text)});
  }
  return fields;
}

Result<Merged> Merge(const SoapRequest& soap, const XmlNode& wish) {
  Merged merged;
  const XmlNode* record = wish.Child("masterRecord");
  const std::string type = record == nullptr ? ""
                           : record->type == "sObject" || record->type.empty()
                               ? record->TextOf("type")
                               : record->type;
  const auto catalogue = soap.parts.org.CatalogueFor(soap.session.user_id);
  const ObjectInfo* object = catalogue->Object(type);
  if (object == nullptr || object->Field("MasterRecordId") == nullptr) {
    return Fail(ApiError(400, "INVALID_TYPE", "records of type " + type + " cannot be merged"));
  }
  const std::string master = record->TextOf("Id");
  const auto of_object = [&](const std::string& id) {
    const auto number = ParseId(id);
    return number && KeyPrefixOf(*number) == object->key_prefix;
  };
  FIRN_TRY(const auto fields, FieldsOf(*object, *record));
  for (const XmlNode& child : wish.children) {
    if (child.name == "recordToMergeIds") merged.from.push_back(child.text);
  }
  if (!of_object(master) || merged.from.empty() || merged.from.size() > kMergedMax) {
    return Fail(ApiError(400, "INVALID_CROSS_REFERENCE_KEY",
                         "merge takes a master record and one or two records of its type"));
  }
  for (const std::string& from : merged.from) {
    if (!of_object(from) || ParseId(from) == ParseId(master)) {
      return Fail(ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid id to merge: " + from));
    }
    FIRN_CHECK(MoveChildren(soap, *object, from, master, merged));
    FIRN_CHECK(soap.parts.org.Update(*ParseId(from), {{"MasterRecordId", master}}, ChangeOf(soap)));
    FIRN_CHECK(soap.parts.org.Delete(*ParseId(from), ChangeOf(soap)));
  }
  if (!fields.empty()) {
    FIRN_CHECK(soap.parts.org.Update(*ParseId(master), fields, ChangeOf(soap)));
  }
  return merged;
}

Answer MergeRecords(const SoapRequest& soap) {
  std::string xml;
  size_t count = 0;
  for (const XmlNode& wish : soap.operation.children) {
    if (wish.name != "request") continue;
    if (++count > kMergesMax) {
      return SoapFault(soap.path, "EXCEEDED_ID_LIMIT", "merge takes at most 200 requests");
    }
    std::optional<Result<Merged>> merged;
    const auto done = soap.parts.org.Transact(TransactionOf(soap), [&]() -> Result<bool> {
      merged = Merge(soap, wish);
      return merged->has_value();
    });
    if (!done) return FaultOf(soap.path, done.error());
    const XmlNode* record = wish.Child("masterRecord");
    xml += "<result>";
    if (!*merged) xml += ErrorXml(merged->error());
    xml += IdXml("id", record == nullptr || !*merged ? "" : record->TextOf("Id"));
    for (const std::string& id : merged->value_or(Merged()).from) {
      xml += SoapElement("mergedRecordIds", id);
    }
    xml += SoapElement("success", *merged ? "true" : "false");
    for (const std::string& id : merged->value_or(Merged()).updated) {
      xml += SoapElement("updatedRelatedIds", id);
    }
    xml += "</result>";
  }
  return Respond(soap, std::move(xml));
}

}  // namespace

std::optional<Answer> MoveCall(const SoapRequest& soap) {
  if (soap.operation.name == "convertLead") return ConvertLeads(soap);
  if (soap.operation.name == "merge") return MergeRecords(soap);
  return std::nullopt;
}

}  // namespace firn::sandbox
