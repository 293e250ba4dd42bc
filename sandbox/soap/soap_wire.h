// Envelopes, faults and elements: what every answer of the SOAP API is made of, and requests as
// trees.
//
// Pure functions; any thread. Source: SOAP API Developer Guide, 'SOAP Header Options', 'API Fault
// Element', 'Core Data Types Used in API Calls'; the partner and enterprise WSDL; read 2026-11.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/answer.h"

namespace firn::sandbox {

// `/services/Soap/u/59.0/00D..`
struct SoapPath {
  bool enterprise = false;  // `c`, else the partner WSDL's `u`
  std::string version;      // `59.0`
  int number = 0;

  [[nodiscard]] std::string Namespace() const {
    return enterprise ? "urn:enterprise.soap.sforce.com" : "urn:partner.soap.sforce.com";
  }
};
[[nodiscard]] std::optional<SoapPath> ParseSoapPath(std::string_view path);

struct XmlNode {
  std::string name;  // without its prefix
  std::string type;  // of `xsi:type`, without its prefix
  std::string text;
  bool nil = false;
  std::vector<XmlNode> children;

  [[nodiscard]] const XmlNode* Child(std::string_view name) const;
  // The text of a child; empty when there is none.
  [[nodiscard]] std::string TextOf(std::string_view name) const;
};
// A whole envelope; nothing when the bytes are none. At most 1,000,000 elements.
[[nodiscard]] std::optional<XmlNode> ParseEnvelope(std::string_view xml);

// `<name>text</name>`, escaped; the name may bring attributes along.
[[nodiscard]] std::string SoapElement(std::string_view name, std::string_view text);
[[nodiscard]] std::string SoapNil(std::string_view name);

struct SoapBody {
  std::string xml;
  std::string header;  // elements of soapenv:Header; may be empty
};
[[nodiscard]] Answer SoapAnswer(const SoapPath& path, const SoapBody& body);
// `code` as the vendor's ExceptionCode; the kind of fault follows from it.
[[nodiscard]] Answer SoapFault(const SoapPath& path, std::string_view code,
                               std::string_view message);
// A fault about the envelope itself.
[[nodiscard]] Answer SoapClientFault(const SoapPath& path, std::string_view message);
[[nodiscard]] Answer SoapNoOperation(const SoapPath& path, std::string_view operation);

// What went wrong with a record, as a result's `<errors>`.
[[nodiscard]] std::string ErrorXml(const Error& error);

}  // namespace firn::sandbox
