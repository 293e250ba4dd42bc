// describeGlobal(), describeSObject(), describeSObjects(), getUserInfo(), getServerTimestamp(),
// describeTabs(), describeAllTabs(), describeLayout(), setPassword(), resetPassword().
// Source: SOAP API Developer Guide, 'Describe Calls', 'Utility Calls', read 2026-11.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/time_text.h"
#include "sandbox/rest/app_pages.h"
#include "sandbox/rest/rest.h"
#include "sandbox/sign_in/sign_in_parts.h"
#include "sandbox/soap/soap_calls.h"
#include "sandbox/soap/soap_records.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

constexpr size_t kDescribesMax = 100;

Answer Global(const SoapRequest& soap) {
  net::ServerRequest plain;  // no If-Modified-Since here
  const ApiRequest rest = RestOf(soap, plain, "GET", {"sobjects"});
  const Answer answer = GlobalDescribe(soap.parts, rest);
  if (answer.status != 200) return FaultOf(soap.path, answer);
  std::string xml = "<result>";
  AppendDescribeXml(json::parse(answer.body), xml);
  return Respond(soap, xml + "</result>");
}

Answer Objects(const SoapRequest& soap) {
  net::ServerRequest plain;
  std::string xml;
  size_t count = 0;
  for (const XmlNode& child : soap.operation.children) {
    if (child.name != "sObjectType") continue;
    if (++count > kDescribesMax) {
      return SoapFault(soap.path, "EXCEEDED_ID_LIMIT",
                       "describeSObjects takes at most 100 object types");
    }
    const ApiRequest rest = RestOf(soap, plain, "GET", {"sobjects", child.text, "describe"});
    const Answer answer = ObjectDescribe(soap.parts, rest);
    if (answer.status == 404) {
      return SoapFault(soap.path, "INVALID_TYPE",
                       "sObject type '" + child.text + "' is not supported.");
    }
    if (answer.status != 200) return FaultOf(soap.path, answer);
    xml += "<result>";
    AppendDescribeXml(json::parse(answer.body), xml);
    xml += "</result>";
  }
  return Respond(soap, std::move(xml));
}

// One app with all tabs, in the order that the user sees them.
Answer TabSets(const SoapRequest& soap) {
  const ApiRequest rest = RestOf(soap, soap.http, "GET", {"tabs"});
  const Answer answer = Tabs(soap.parts, rest);
  if (answer.status != 200) return FaultOf(soap.path, answer);
  std::string xml = "<result>" + SoapElement("description", "") + SoapElement("label", "Sales") +
                    SoapElement("logoUrl", BaseUrl(soap.http) + "/img/app/sales.png") +
                    SoapElement("namespace", "") + SoapElement("selected", "true") +
                    SoapElement("tabSetId", "02u000000000001AAA");
  for (const json& tab : json::parse(answer.body)) {
    xml += "<tabs>";
    AppendDescribeXml(tab, xml);
    xml += "</tabs>";
  }
  return Respond(soap, xml + "</result>");
}

Answer AllTabs(const SoapRequest& soap) {
  const Answer answer = Tabs(soap.parts, RestOf(soap, soap.http, "GET", {"tabs"}));
  if (answer.status != 200) return FaultOf(soap.path, answer);
  std::string xml;
  for (const json& tab : json::parse(answer.body)) {
    xml += "<result>";
    AppendDescribeXml(tab, xml);
    xml += "</result>";
  }
  return Respond(soap, std::move(xml));
}

// All layouts of an object, the named ones of users, or what is mapped to these record types.
Answer LayoutOf(const SoapRequest& soap) {
  const std::string type = soap.operation.TextOf("sObjectType");
  const std::string name = soap.operation.TextOf("layoutName");
  std::vector<std::string> path = {"sobjects", type, "describe", "layouts"};
  if (!name.empty()) path = {"sobjects", type, "describe", "namedLayouts", name};
  const Answer answer =
      DescribeLayouts(soap.parts, RestOf(soap, soap.http, "GET", std::move(path)));
  if (answer.status == 404) {
    return SoapFault(soap.path, "INVALID_TYPE", "sObject type '" + type + "' is not supported.");
  }
  if (answer.status != 200) return FaultOf(soap.path, answer);
  json layouts = json::parse(answer.body);
  for (const XmlNode& child : soap.operation.children) {
    if (child.name != "recordTypeIds" || child.text.empty()) continue;
    const auto& mappings = layouts["recordTypeMappings"];
    const bool mapped = std::any_of(mappings.begin(), mappings.end(), [&](const json& mapping) {
      return mapping.value("recordTypeId", "").starts_with(child.text.substr(0, 15));
    });
    if (!mapped) {
      return SoapFault(soap.path, "INVALID_ID_FIELD", "invalid record type id: " + child.text);
    }
  }
  std::string xml = "<result>";
  AppendDescribeXml(layouts, xml);
  return Respond(soap, xml + "</result>");
}

Answer WhoAmI(const SoapRequest& soap) {
  const auto user = soap.parts.users.ById(soap.session.user_id);
  if (!user) return SoapFault(soap.path, "INVALID_SESSION_ID", "The user is no longer there");
  return Respond(soap, UserInfoXml("result", *user, soap.parts.org.org_id()));
}

Answer Password(const SoapRequest& soap, bool set) {
  ApiRequest rest = RestOf(soap, soap.http, set ? "POST" : "DELETE",
                           {"sobjects", "User", soap.operation.TextOf("userId"), "password"});
  if (set) rest.body = json{{"NewPassword", soap.operation.TextOf("password")}}.dump();
  const Answer answer = UserPassword(soap.parts, rest);
  if (answer.status == 404) {
    return SoapFault(soap.path, "MALFORMED_ID", "invalid user id: " + rest.path[2]);
  }
  if (answer.status >= 300) return FaultOf(soap.path, answer);
  if (set) return Respond(soap, "<result/>");
  return Respond(soap,
                 "<result>" +
                     SoapElement("password", json::parse(answer.body).value("NewPassword", "")) +
                     "</result>");
}

}  // namespace

std::string UserInfoXml(std::string_view element, const User& user, const std::string& org_id) {
  const std::string name(element);
  constexpr std::string_view kNothing = "false";
  return "<" + name + ">" + SoapElement("accessibilityMode", kNothing) +
         SoapElement("chatterExternal", kNothing) + SoapElement("currencySymbol", "$") +
         SoapElement("orgAttachmentFileSizeLimit", "26214400") +
         SoapElement("orgDefaultCurrencyIsoCode", "USD") +
         SoapElement("orgDefaultCurrencyLocale", "en_US") +
         SoapElement("orgDisallowHtmlAttachments", kNothing) +
         SoapElement("orgHasPersonAccounts", kNothing) + SoapElement("organizationId", org_id) +
         SoapElement("organizationMultiCurrency", kNothing) +
         SoapElement("organizationName", "Glacier Outfitters") +
         SoapElement("profileId", user.profile_id) + SoapNil("roleId") +
         SoapElement("sessionSecondsValid", "7200") + SoapNil("userDefaultCurrencyIsoCode") +
         SoapElement("userEmail", user.email) + SoapElement("userFullName", user.name) +
         SoapElement("userId", user.id) + SoapElement("userLanguage", user.language) +
         SoapElement("userLocale", user.locale) + SoapElement("userName", user.username) +
         SoapElement("userTimeZone", user.time_zone) + SoapElement("userType", "Standard") +
         SoapElement("userUiSkin", "Theme3") + "</" + name + ">";
}

std::optional<Answer> DescribeCall(const SoapRequest& soap) {
  const std::string& name = soap.operation.name;
  if (name == "describeGlobal") return Global(soap);
  if (name == "describeSObject" || name == "describeSObjects") return Objects(soap);
  if (name == "describeTabs") return TabSets(soap);
  if (name == "describeAllTabs") return AllTabs(soap);
  if (name == "describeLayout") return LayoutOf(soap);
  if (name == "getUserInfo") return WhoAmI(soap);
  if (name == "setPassword") return Password(soap, true);
  if (name == "resetPassword") return Password(soap, false);
  if (name == "getServerTimestamp") {
    return Respond(soap, "<result>" + SoapElement("timestamp", FormatUtc(soap.parts.clock.Now())) +
                             "</result>");
  }
  return std::nullopt;
}

}  // namespace firn::sandbox
