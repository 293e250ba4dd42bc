#include "sandbox/soap/soap_records.h"

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

template <typename Json>
std::string TextOf(const Json& value) {
  return value.is_string() ? value.template get<std::string>() : value.dump();
}

// `2026-11-24T02:56:02.000+0000`, as REST prints instants.
bool IsInstant(std::string_view text) {
  return text.size() == 28 && text[10] == 'T' && text[19] == '.' && text.ends_with("+0000");
}

// SOAP ends instants in `Z`. The result of an aggregate has no field to tell its type.
std::string Printed(const ObjectInfo* object, const FieldInfo* field, std::string text) {
  const bool instant = field != nullptr ? field->type == FieldType::kDateTime : object == nullptr;
  if (instant && IsInstant(text)) text.replace(23, std::string::npos, "Z");
  return text;
}

// The result of an aggregate says of each value what it is: no WSDL knows its fields.
std::string AggregateType(const ordered_json& value) {
  if (value.is_boolean()) return "boolean";
  if (value.is_number()) return value.is_number_float() ? "double" : "int";
  return IsInstant(TextOf(value)) ? "dateTime" : "string";
}

bool IsQueryResult(const ordered_json& value) {
  return value.is_object() && value.contains("records") && value.contains("totalSize");
}

std::string TypeOf(const ordered_json& record) {
  const auto attributes = record.find("attributes");
  return attributes == record.end() ? "" : attributes->value("type", "");
}

// The last step of `/services/data/v60.0/query/0r8..-2000`.
std::string LocatorOf(const ordered_json& answer) {
  const std::string url = answer.value("nextRecordsUrl", "");
  return url.substr(url.rfind('/') + 1);
}

constexpr std::string_view kRestOnly[] = {"sobjectDescribeOption", "validFor"};

bool IsRestOnly(std::string_view name) {
  for (const std::string_view each : kRestOnly) {
    if (each == name) return true;
  }
  return false;
}

// An address is a location with more: what both have comes first.
// Source: the partner WSDL, 'address', 'location', read 2026-11.
void AppendCompound(const std::string& tag, const ordered_json& value, std::string& out) {
  const bool address = value.contains("city");
  const auto append = [&](const std::string& part) {
    const auto found = value.find(part);
    if (found == value.end()) return;
    out += found->is_null() ? SoapNil(part) : SoapElement(part, TextOf(*found));
  };
  out += "<" + tag + " xsi:type=\"" + (address ? "address" : "location") + "\">";
  append("latitude");
  append("longitude");
  for (const auto& [part, text] : value.items()) {
    if (part != "latitude" && part != "longitude") append(part);
  }
  out += "</" + tag + ">";
}

// Templates of pages that describeSObject has elements of their own for.
void AppendUrls(const json& urls, std::string& out) {
  constexpr std::pair<const char*, const char*> kNames[] = {
      {"uiDetailTemplate", "urlDetail"}, {"uiEditTemplate", "urlEdit"}, {"uiNewRecord", "urlNew"}};
  for (const auto& [rest, soap] : kNames) {
    if (urls.contains(rest)) out += SoapElement(soap, TextOf(urls[rest]));
  }
}

// One that is no text must say what it is.
void AppendDefault(const json& value, std::string& out) {
  const std::string type = value.is_boolean() ? "boolean" : "string";
  out += SoapElement("defaultValue xsi:type=\"xsd:" + type + "\"", TextOf(value));
}

}  // namespace

void SoapPrinter::AppendQueryResult(std::string_view element, const ordered_json& answer,
                                    std::string& out) const {
  const std::string name(element);
  out += "<" + name + " xsi:type=\"QueryResult\">";
  out += SoapElement("done", answer.value("done", true) ? "true" : "false");
  const std::string locator = LocatorOf(answer);
  out += locator.empty() ? SoapNil("queryLocator") : SoapElement("queryLocator", locator);
  for (const ordered_json& record : answer["records"]) AppendRecord("records", record, out);
  out += SoapElement("size", answer["totalSize"].dump()) + "</" + name + ">";
}

void SoapPrinter::AppendRecord(std::string_view element, const ordered_json& record,
                               std::string& out) const {
  const std::string type = TypeOf(record);
  const std::string shape = path_.enterprise ? type : "sObject";
  out += "<" + std::string(element) + " xsi:type=\"sf:" + shape + "\">";
  AppendMembers(record, out);
  out += "</" + std::string(element) + ">";
}

// The partner WSDL's sObject begins with type and Id, and tells the Id once more where it was
// selected.
void SoapPrinter::AppendMembers(const ordered_json& record, std::string& out) const {
  const std::string type = TypeOf(record);
  const ObjectInfo* object = catalogue_.Object(type);
  if (!path_.enterprise) {
    out += SoapElement("sf:type", type);
    const auto id = record.find("Id");
    out += id == record.end() || !id->is_string() ? SoapNil("sf:Id")
                                                  : SoapElement("sf:Id", id->get<std::string>());
  }
  for (const auto& [name, value] : record.items()) {
    if (name != "attributes") AppendField(object, name, value, out);
  }
}

void SoapPrinter::AppendField(const ObjectInfo* object, const std::string& name,
                              const ordered_json& value, std::string& out) const {
  const std::string tag = "sf:" + name;
  if (value.is_null()) {
    out += SoapNil(tag);
  } else if (IsQueryResult(value)) {
    AppendQueryResult(tag, value, out);
  } else if (value.is_object() && value.contains("attributes")) {
    AppendRecord(tag, value, out);
  } else if (value.is_object()) {
    AppendCompound(tag, value, out);
  } else {
    if (object == nullptr) {
      out += SoapElement(tag + " xsi:type=\"xsd:" + AggregateType(value) + "\"",
                         Printed(object, nullptr, TextOf(value)));
      return;
    }
    const FieldInfo* field = object->Field(name);
    const bool bytes = field != nullptr && field->type == FieldType::kBase64;
    out += SoapElement(
        tag, bytes ? Base64(fetch_(TextOf(value))) : Printed(object, field, TextOf(value)));
  }
}

void AppendDescribeXml(const json& object, std::string& out) {
  for (const auto& [name, value] : object.items()) {
    if (IsRestOnly(name) || value.is_null()) continue;
    // A picklist value's `defaultValue` is a flag, a field's is a value of its type.
    if (name == "urls") {
      AppendUrls(value, out);
      continue;
    }
    if (name == "defaultValue" && object.contains("soapType")) {
      AppendDefault(value, out);
      continue;
    }
    const json list = value.is_array() ? value : json::array({value});
    for (const json& one : list) {
      if (one.is_null()) continue;
      if (!one.is_object()) {
        out += SoapElement(name, TextOf(one));
        continue;
      }
      out += "<" + name + ">";
      AppendDescribeXml(one, out);
      out += "</" + name + ">";
    }
  }
}

}  // namespace firn::sandbox
