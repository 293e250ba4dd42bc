#include "sandbox/soap/soap_wire.h"

#include <charconv>

#include "sandbox/bulk/classic_xml.h"
#include "sandbox/bulk/xml_reader.h"

namespace firn::sandbox {
namespace {

constexpr size_t kElementsMax = 1'000'000;

struct FaultName {
  std::string_view code;
  std::string_view name;
  bool at_place = false;  // has a row and a column
};
// Source: the partner WSDL, urn:fault.partner.soap.sforce.com, read 2026-11.
constexpr FaultName kFaults[] = {{"INVALID_LOGIN", "LoginFault"},
                                 {"MALFORMED_QUERY", "MalformedQueryFault", true},
                                 {"INVALID_FIELD", "InvalidFieldFault", true},
                                 {"INVALID_TYPE", "InvalidSObjectFault", true},
                                 {"MALFORMED_SEARCH", "MalformedSearchFault", true},
                                 {"INVALID_QUERY_LOCATOR", "InvalidQueryLocatorFault"},
                                 {"MALFORMED_ID", "InvalidIdFault"},
                                 {"INVALID_NEW_PASSWORD", "InvalidNewPasswordFault"}};

FaultName FaultOf(std::string_view code) {
  for (const FaultName& fault : kFaults) {
    if (fault.code == code) return fault;
  }
  return {code, "UnexpectedErrorFault"};
}

// The place that the message tells as `ERROR at Row:1:Column:8`, and -1 without one.
std::string PlaceXml(std::string_view message) {
  const auto number = [&](std::string_view before) {
    const size_t at = message.find(before);
    int value = -1;
    if (at != std::string_view::npos) {
      const std::string_view rest = message.substr(at + before.size());
      std::from_chars(rest.data(), rest.data() + rest.size(), value);
    }
    return std::to_string(value);
  };
  return SoapElement("sf:row", number("ERROR at Row:")) +
         SoapElement("sf:column", number(":Column:"));
}

Answer Envelope(int status, const SoapPath& path, std::string_view sf, const SoapBody& body) {
  Answer answer;
  answer.status = status;
  answer.headers.Set("Content-Type", "text/xml;charset=UTF-8");
  answer.body =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope "
      "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"" +
      path.Namespace() + "\" xmlns:sf=\"urn:" + std::string(sf) +
      (path.enterprise ? ".enterprise" : ".partner") +
      ".soap.sforce.com\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
      "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">";
  if (!body.header.empty()) {
    answer.body += "<soapenv:Header>" + body.header + "</soapenv:Header>";
  }
  answer.body += "<soapenv:Body>" + body.xml + "</soapenv:Body></soapenv:Envelope>";
  return answer;
}

}  // namespace

std::optional<SoapPath> ParseSoapPath(std::string_view path) {
  constexpr std::string_view kRoot = "/services/Soap/";
  if (!path.starts_with(kRoot) || path.size() < kRoot.size() + 3) return std::nullopt;
  path.remove_prefix(kRoot.size());
  if ((path[0] != 'c' && path[0] != 'u') || path[1] != '/') return std::nullopt;
  SoapPath parsed;
  parsed.enterprise = path[0] == 'c';
  path.remove_prefix(2);
  parsed.version = path.substr(0, path.find('/'));
  const char* end = parsed.version.data() + parsed.version.size();
  const auto read = std::from_chars(parsed.version.data(), end, parsed.number);
  if (read.ec != std::errc() || std::string_view(read.ptr, end) != ".0") return std::nullopt;
  return parsed;
}

const XmlNode* XmlNode::Child(std::string_view wanted) const {
  for (const XmlNode& child : children) {
    if (child.name == wanted) return &child;
  }
  return nullptr;
}

std::string XmlNode::TextOf(std::string_view wanted) const {
  const XmlNode* child = Child(wanted);
  return child == nullptr ? "" : child->text;
}

std::optional<XmlNode> ParseEnvelope(std::string_view xml) {
  XmlReader reader(xml);
  XmlNode root;  // holds the envelope
  std::vector<XmlNode*> open{&root};
  size_t elements = 0;
  for (;;) {
    switch (reader.Next()) {
      case XmlReader::Step::kOpen: {
        if (++elements > kElementsMax) return std::nullopt;
        XmlNode& node = open.back()->children.emplace_back();
        node.name = reader.name();
        node.type = reader.type();
        node.nil = reader.nil();
        open.push_back(&node);  // siblings come only once it is closed: it does not move
        break;
      }
      case XmlReader::Step::kText:
        open.back()->text += reader.text();
        break;
      case XmlReader::Step::kClose:
        open.pop_back();
        break;
      case XmlReader::Step::kBroken:
        return std::nullopt;
      case XmlReader::Step::kEnd:
        if (root.children.front().name != "Envelope") return std::nullopt;
        return std::move(root.children.front());
    }
  }
}

std::string SoapElement(std::string_view name, std::string_view text) {
  std::string xml = "<";
  xml += name;
  xml += '>';
  AppendXmlText(text, xml);
  xml += "</";
  xml += name.substr(0, name.find(' '));
  return xml + ">";
}

std::string SoapNil(std::string_view name) {
  return "<" + std::string(name) + " xsi:nil=\"true\"/>";
}

Answer SoapAnswer(const SoapPath& path, const SoapBody& body) {
  return Envelope(200, path, "sobject", body);
}

Answer SoapFault(const SoapPath& path, std::string_view code, std::string_view message) {
  const FaultName fault = FaultOf(code);
  const std::string type(fault.name);
  std::string shown;
  AppendXmlText(message, shown);
  std::string xml = "<soapenv:Fault><faultcode>sf:" + std::string(code) +
                    "</faultcode><faultstring>" + std::string(code) + ": " + shown +
                    "</faultstring><detail><sf:" + type + " xsi:type=\"sf:" + type +
                    "\"><sf:exceptionCode>" + std::string(code) +
                    "</sf:exceptionCode><sf:exceptionMessage>" + shown + "</sf:exceptionMessage>";
  if (fault.at_place) xml += PlaceXml(message);
  return Envelope(500, path, "fault", {xml + "</sf:" + type + "></detail></soapenv:Fault>", ""});
}

Answer SoapClientFault(const SoapPath& path, std::string_view message) {
  return Envelope(500, path, "fault",
                  {"<soapenv:Fault><faultcode>soapenv:Client</faultcode>" +
                       SoapElement("faultstring", message) + "</soapenv:Fault>",
                   ""});
}

Answer SoapNoOperation(const SoapPath& path, std::string_view operation) {
  return SoapClientFault(path, "No operation available for request {" + path.Namespace() + "}" +
                                   std::string(operation) +
                                   ", please check the WSDL for the service.");
}

std::string ErrorXml(const Error& error) {
  const ApiErrorParts parts = PartsOf(error);
  std::string xml = "<errors>";
  for (const std::string& field : parts.fields) xml += SoapElement("fields", field);
  return xml + SoapElement("message", parts.message) + SoapElement("statusCode", parts.code) +
         "</errors>";
}

}  // namespace firn::sandbox
