#include "patterns/events/stream/envelope_place.h"

#include <algorithm>

#include "ends/aws/credentials.h"

namespace firn::events {
namespace {

constexpr size_t kAccountDigits = 12;

bool IsAccount(const std::string& text) {
  return text.size() == kAccountDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

EnvelopePlace EnvelopePlaceOf(const aws::Environment& environment) {
  EnvelopePlace place;
  const std::string account = environment.Get("AWS_ACCOUNT_ID");
  if (IsAccount(account)) place.account = account;
  if (auto region = aws::FindRegion(environment, "")) place.region = *std::move(region);
  return place;
}

EnvelopePlace EnvelopePlaceOf(const aws::Environment& environment,
                              const project::FollowedStream& stream) {
  EnvelopePlace place = EnvelopePlaceOf(environment);
  if (!stream.account.empty()) place.account = stream.account;
  if (!stream.region.empty()) place.region = stream.region;
  return place;
}

}  // namespace firn::events
