#include "sandbox/faults.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

struct KindName {
  std::string_view name;
  FaultKind kind;
};
constexpr std::array<KindName, 22> kKinds{{
    {"delay", FaultKind::kDelay},
    {"status", FaultKind::kStatus},
    {"drop", FaultKind::kDrop},
    {"stall", FaultKind::kStall},
    {"short_page", FaultKind::kShortPage},
    {"extra_row", FaultKind::kExtraRow},
    {"bad_utf8", FaultKind::kBadUtf8},
    {"nul", FaultKind::kNul},
    {"expire_tokens", FaultKind::kExpireTokens},
    {"quota", FaultKind::kQuota},
    {"late_commit", FaultKind::kLateCommit},
    {"hide_field", FaultKind::kHideField},
    {"vanish_field", FaultKind::kVanishField},
    {"clock_skew", FaultKind::kClockSkew},
    {"stream_reset", FaultKind::kStreamReset},
    {"silent_stream", FaultKind::kSilentStream},
    {"replay_refused", FaultKind::kReplayRefused},
    {"bad_event", FaultKind::kBadEvent},
    {"migrate_org", FaultKind::kMigrateOrg},
    {"maintenance", FaultKind::kMaintenance},
    {"lock", FaultKind::kLock},
    {"batch_failure", FaultKind::kBatchFailure},
}};

tl::unexpected<Error> BadFault(std::string why) {
  return Fail(Error(Kind::kBadInput, "SBX-FAULT-001", "the fault cannot be understood")
                  .Because(std::move(why)));
}

std::string_view NameOf(FaultKind kind) {
  return std::find_if(kKinds.begin(), kKinds.end(),
                      [&](const KindName& entry) { return entry.kind == kind; })
      ->name;
}

std::optional<FaultKind> KindOf(std::string_view name) {
  for (const KindName& entry : kKinds) {
    if (entry.name == name) return entry.kind;
  }
  return std::nullopt;
}

// Reads the effect's keys; nothing when `key` is not one of them.
bool ReadEffectKey(const std::string& key, const json& value, FaultEffect& effect) {
  if (key == "name")
    value.get_to(effect.name);
  else if (key == "ms")
    value.get_to(effect.ms);
  else if (key == "status")
    value.get_to(effect.status);
  else if (key == "code")
    value.get_to(effect.code);
  else if (key == "message")
    value.get_to(effect.message);
  else if (key == "body")
    value.get_to(effect.body);
  else if (key == "at_byte")
    value.get_to(effect.at_byte);
  else if (key == "rows")
    value.get_to(effect.rows);
  else if (key == "events")
    value.get_to(effect.events);
  else if (key == "used")
    value.get_to(effect.used);
  else if (key == "object")
    value.get_to(effect.object);
  else if (key == "field")
    value.get_to(effect.field);
  else if (key == "seconds")
    value.get_to(effect.seconds);
  else
    return false;
  return true;
}

}  // namespace

bool GlobMatches(std::string_view glob, std::string_view text) {
  size_t g = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t resume = 0;
  while (t < text.size()) {
    if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t]) && glob[g] != '*') {
      ++g;
      ++t;
    } else if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

Result<FaultBook::Fault> FaultBook::Parse(std::string_view json_object, size_t number) {
  Fault fault;
  fault.effect.name = "fault-" + std::to_string(number);
  std::optional<FaultKind> kind;
  std::optional<int64_t> times;
  const json object = json::parse(json_object, nullptr, false);
  if (!object.is_object()) return BadFault("it is not a JSON object");
  for (const auto& [key, value] : object.items()) {
    try {
      if (key == "method")
        value.get_to(fault.method);
      else if (key == "path")
        value.get_to(fault.path);
      else if (key == "nth")
        value.get_to(fault.nth);
      else if (key == "times")
        times = value.get<int64_t>();
      else if (key == "probability")
        value.get_to(fault.probability);
      else if (key == "seed")
        value.get_to(fault.seed);
      else if (key == "effect")
        kind = KindOf(value.get<std::string>());
      else if (key == "seen" || key == "struck")
        continue;  // as ToJson prints them
      else if (!ReadEffectKey(key, value, fault.effect))
        return BadFault("unknown key `" + key + "`");
    } catch (const json::exception&) {
      return BadFault("key `" + key + "` has a value of the wrong type");
    }
  }
  if (!kind) return BadFault("`effect` is missing or not one that the sandbox knows");
  const bool needs_field = *kind == FaultKind::kHideField || *kind == FaultKind::kVanishField;
  if (needs_field && (fault.effect.object.empty() || fault.effect.field.empty())) {
    return BadFault("`object` and `field` are needed");
  }
  if (*kind == FaultKind::kLateCommit && fault.effect.object.empty()) {
    return BadFault("`object` is needed");
  }
  fault.effect.kind = *kind;
  if (*kind == FaultKind::kLock) fault.stage = Stage::kRow;
  if (*kind == FaultKind::kBatchFailure) {
    fault.stage = Stage::kBatch;
    if (!object.contains("rows")) fault.effect.rows = 0;
  }
  if (fault.method == "BATCH") fault.stage = Stage::kBatch;
  // Changes of state happen once unless asked for more; `nth` alone means that one call.
  const bool once = object.contains("nth") || needs_field || *kind == FaultKind::kLateCommit ||
                    *kind == FaultKind::kClockSkew || *kind == FaultKind::kMigrateOrg;
  fault.times = times.value_or(once ? 1 : 0);
  fault.random = SeededRandom(fault.seed);
  return fault;
}

Result<void> FaultBook::Add(std::string_view text) {
  json list = json::parse(text, nullptr, false);
  if (list.is_discarded()) return BadFault("it is not JSON");
  if (list.is_object() && list.contains("faults")) list = list["faults"];
  if (list.is_object()) list = json::array({list});
  if (!list.is_array()) return BadFault("it is neither an object nor a list");
  std::lock_guard lock(mutex_);
  std::vector<Fault> parsed;
  for (const json& entry : list) {
    FIRN_TRY(Fault fault, Parse(entry.dump(-1, ' ', false, json::error_handler_t::replace),
                                added_ + parsed.size() + 1));
    parsed.push_back(std::move(fault));
  }
  for (Fault& fault : parsed) {
    std::erase_if(faults_,
                  [&](const Fault& known) { return known.effect.name == fault.effect.name; });
    if (fault.stage == Stage::kRow) locks_ = true;
    faults_.push_back(std::move(fault));
    ++added_;
  }
  return {};
}

void FaultBook::Clear() {
  std::lock_guard lock(mutex_);
  faults_.clear();
  locks_ = false;
}

bool FaultBook::Remove(std::string_view name) {
  std::lock_guard lock(mutex_);
  return std::erase_if(faults_, [&](const Fault& fault) { return fault.effect.name == name; }) > 0;
}

std::string FaultBook::ToJson() const {
  std::lock_guard lock(mutex_);
  json list = json::array();
  for (const Fault& fault : faults_) {
    const FaultEffect& effect = fault.effect;
    json entry = {{"name", effect.name},  {"effect", NameOf(effect.kind)},
                  {"path", fault.path},   {"nth", fault.nth},
                  {"times", fault.times}, {"probability", fault.probability},
                  {"seen", fault.seen},   {"struck", fault.struck}};
    if (!fault.method.empty()) entry["method"] = fault.method;
    if (!effect.object.empty()) entry["object"] = effect.object;
    if (!effect.field.empty()) entry["field"] = effect.field;
    list.push_back(std::move(entry));
  }
  return list.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool FaultBook::Counts(Fault& fault) {
  ++fault.seen;
  if (fault.seen < fault.nth || (fault.times > 0 && fault.struck >= fault.times)) return false;
  if (fault.probability < 1.0 && fault.random->Unit() >= fault.probability) return false;
  ++fault.struck;
  return true;
}

std::vector<FaultEffect> FaultBook::StrikeBatch(std::string_view path) {
  std::lock_guard lock(mutex_);
  std::vector<FaultEffect> effects;
  for (Fault& fault : faults_) {
    if (fault.stage != Stage::kBatch || !GlobMatches(fault.path, path)) continue;
    if (Counts(fault)) effects.push_back(fault.effect);
  }
  return effects;
}

bool FaultBook::StrikeRow(std::string_view object, int64_t id) {
  if (!locks_) return false;
  std::lock_guard lock(mutex_);
  for (Fault& fault : faults_) {
    if (fault.stage != Stage::kRow) continue;
    if (!fault.effect.object.empty() && fault.effect.object != object) continue;
    const bool any = fault.path == "*";
    if (!any && !GlobMatches(fault.path, "/" + std::string(object) + "/" + IdText(id))) continue;
    if (Counts(fault)) return true;
  }
  return false;
}

std::vector<FaultEffect> FaultBook::Strike(std::string_view method, std::string_view path,
                                           std::string_view target) {
  std::lock_guard lock(mutex_);
  std::vector<FaultEffect> effects;
  for (Fault& fault : faults_) {
    if (fault.stage != Stage::kRequest) continue;
    if (!fault.method.empty() && fault.method != method) continue;
    if (!GlobMatches(fault.path, path) && !GlobMatches(fault.path, target)) continue;
    if (!Counts(fault)) continue;
    effects.push_back(fault.effect);
  }
  return effects;
}

}  // namespace firn::sandbox
