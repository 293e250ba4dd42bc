// What clients send to the org outside its query languages: SOAP envelopes, multipart forms,
// tooling wishes, faults, replay ids; and the object files of its owner.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sandbox/answer.h"
#include "sandbox/bulk/create_body.h"
#include "sandbox/decimal.h"
#include "sandbox/events/replay_id.h"
#include "sandbox/faults.h"
#include "sandbox/soap/soap_wire.h"
#include "sandbox/soql/formula.h"
#include "sandbox/store/object_file.h"
#include "sandbox/tooling/tooling_wish.h"
#include "sandbox/value.h"

// A first line as head, the rest as body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace firn::sandbox;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(text.find('\n'), text.size());
  const std::string_view head = text.substr(0, line);
  const std::string_view body = text.substr(std::min(line + 1, text.size()));
  (void)ParseSoapPath(head);
  (void)ParseEnvelope(text);
  (void)ParseMultipart(head, body);
  (void)ReadToolingWish("PlatformEventChannel", text);
  (void)ReadToolingWish("ManagedEventSubscription", text);
  (void)FaultBook().Add(text);
  (void)formula::Parse(head);
  (void)ParseObjectFile(text);
  (void)ParseHttpDate(std::string(head));
  if (const auto id = ParseId(head)) FIRN_ASSERT(ParseId(IdText(*id)) == id);
  if (const auto id = ParseReplayId(head)) FIRN_ASSERT(ParseReplayId(ReplayIdBytes(*id)) == id);
  (void)ParseDecimal(head, {});
  return 0;
}
