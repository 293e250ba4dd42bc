// What happens to every request before and after its handler: size limits, faults, session, daily
// limit, routing; then date, usage header, compression, the log.
//
// One for both ports; thread-safe; blocking (the server calls it on a pool).
#pragma once

#include "sandbox/api_request.h"
#include "sandbox/life/life_parts.h"
#include "sandbox/sign_in/front_door_pages.h"
#include "sandbox/sign_in/logout_pages.h"
#include "sandbox/sign_in/oauth.h"
#include "sandbox/soap/soap_door.h"

namespace firn::sandbox {

// `//services/data` is `/services/data`, as at the vendor: clients join an address that ends in a
// slash and a path that begins with one.
void DropEmptySegments(net::ServerRequest& request);

class FrontDoor {
 public:
  struct Pages {
    OAuth& oauth;
    SoapDoor& soap;
    LogoutPages& logout;
    FrontDoorPages& bridge;
  };
  FrontDoor(ApiParts& parts, LifeParts& life, Pages pages)
      : parts_(parts), life_(life), pages_(pages) {}
  [[nodiscard]] Answer Serve(const net::ServerRequest& request, const Call& call);

 private:
  // Carries out what comes before the answer. An answer: it takes the handler's place.
  [[nodiscard]] std::optional<Answer> Before(const std::vector<FaultEffect>& faults,
                                             const Call& call);
  [[nodiscard]] Answer Route(const net::ServerRequest& request, const Call& call,
                             std::vector<FaultEffect> faults, RequestLine& line);
  // `/services/data/vNN.0/..`
  [[nodiscard]] Answer Data(const net::ServerRequest& request, const Call& call,
                            std::vector<FaultEffect> faults, RequestLine& line);
  // `/services/async/NN.0/..`, the first Bulk API, with its own header and errors for sessions.
  [[nodiscard]] Answer Async(const net::ServerRequest& request, RequestLine& line);
  [[nodiscard]] std::optional<Answer> SignIn(const net::ServerRequest& request, Session& session,
                                             RequestLine& line);
  void NotePassword(const std::string& user_id);  // in the setup audit trail
  void Finish(const net::ServerRequest& request, const std::vector<FaultEffect>& faults,
              Answer& answer);

  ApiParts& parts_;
  LifeParts& life_;
  Pages pages_;
};

}  // namespace firn::sandbox
