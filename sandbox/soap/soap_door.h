// The SOAP API, of the partner WSDL and as far as no stubs are needed of the enterprise WSDL: what
// older clients read and write records by.
//
// `/services/Soap/{c|u}/NN.0[/..]`, v31.0 to v67.0. Session in the SessionHeader; AllOrNoneHeader,
// QueryOptions. A call is one API request. login() and logout() are SoapLogin's. Stateless; any
// thread. Source: SOAP API Developer Guide, 'Core Calls', 'Describe Calls', 'Utility Calls', 'SOAP
// Headers'; read 2026-11.
#pragma once

#include "sandbox/api_request.h"
#include "sandbox/sign_in/soap_login.h"

namespace firn::sandbox {

class SoapDoor {
 public:
  SoapDoor(ApiParts& parts, SoapLogin& login) : parts_(parts), login_(login) {}
  [[nodiscard]] Answer Handle(const net::ServerRequest& request, const Call& call,
                              RequestLine& line) const;

 private:
  ApiParts& parts_;
  SoapLogin& login_;
};

}  // namespace firn::sandbox
