// The calls of the SOAP API, each carried out by what answers the same question over REST.
// Private to the SOAP door. One request, one thread.
#pragma once

#include <string>

#include "sandbox/api_request.h"
#include "sandbox/soap/soap_wire.h"

namespace firn::sandbox {

struct SoapRequest {
  ApiParts& parts;
  const net::ServerRequest& http;
  const Call& call;
  const SoapPath& path;
  const XmlNode& header;     // soapenv:Header; may be empty
  const XmlNode& operation;  // the body's first element
  const Session& session;
};

// An ApiRequest of this call's user and version, to a REST handler below `segments`.
[[nodiscard]] ApiRequest RestOf(const SoapRequest& soap, const net::ServerRequest& http,
                                std::string method, std::vector<std::string> segments);
// The answer's first error, as a fault.
[[nodiscard]] Answer FaultOf(const SoapPath& path, const Answer& rest);
[[nodiscard]] Answer FaultOf(const SoapPath& path, const Error& error);
// `<fooResponse>..</fooResponse>` with the limits in its header.
[[nodiscard]] Answer Respond(const SoapRequest& soap, std::string xml);

// Nothing when the operation is none of theirs.
[[nodiscard]] std::optional<Answer> ReadCall(const SoapRequest& soap);      // soap_reads.cc
[[nodiscard]] std::optional<Answer> WriteCall(const SoapRequest& soap);     // soap_writes.cc
[[nodiscard]] std::optional<Answer> MoveCall(const SoapRequest& soap);      // soap_moves.cc
[[nodiscard]] std::optional<Answer> DescribeCall(const SoapRequest& soap);  // soap_describes.cc
// What login() and getUserInfo() tell of a user.
[[nodiscard]] std::string UserInfoXml(std::string_view element, const User& user,
                                      const std::string& org_id);

}  // namespace firn::sandbox
