#include <nlohmann/json.hpp>

#include "patterns/federation/refusals.h"
#include "patterns/federation/routes.h"

namespace firn::federation {

using lake::EntryKind;
using Json = nlohmann::ordered_json;

namespace {

Answer ViewAnswer(const LoadedView& view) {
  return JsonAnswer({{"metadata-location", view.location},
                     {"metadata", *view.metadata},
                     {"config", Json::object()}});
}

Result<EntryName> NamedInBody(const Exchange& exchange) {
  EntryName name;
  FIRN_TRY(name.ns, exchange.Namespace());
  const Json given = exchange.body.value("name", Json());
  if (!given.is_string()) return BadRequest("`name` is missing or no text");
  name.name = given.get<std::string>();
  FIRN_CHECK(CheckEntryName(name.name));
  return name;
}

}  // namespace

Result<Answer> CreateView(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, NamedInBody(exchange));
  FIRN_CHECK(Require(exchange.principal, Right::kManage, PathOf(name)));
  FIRN_TRY(const LoadedView view,
           desk.views.Create(exchange.call, name, exchange.body,
                             {exchange.principal.Administers(), exchange.note}));
  return ViewAnswer(view);
}

Result<Answer> LoadView(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, exchange.Entry("view"));
  FIRN_CHECK(Require(exchange.principal, Right::kRead, PathOf(name)));
  FIRN_TRY(const LoadedView view, desk.views.Load(exchange.call, name));
  return ViewAnswer(view);
}

Result<Answer> ViewExists(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, exchange.Entry("view"));
  FIRN_CHECK(Require(exchange.principal, Right::kRead, PathOf(name)));
  FIRN_TRY(const bool there, desk.views.Exists(name));
  if (!there) return NoEntry(name, EntryKind::kView);
  return NoContent();
}

Result<Answer> CommitView(Desk& desk, const Exchange& exchange) {
  ViewChange change;
  FIRN_TRY(change.name, exchange.Entry("view"));
  FIRN_CHECK(Require(exchange.principal, Right::kWrite, PathOf(change.name)));
  change.any_location = exchange.principal.Administers();
  change.note = exchange.note;
  const auto updates = exchange.body.find("updates");
  if (updates == exchange.body.end() || !updates->is_array())
    return BadRequest("`updates` is missing or no list");
  change.updates = &*updates;
  const auto requirements = exchange.body.find("requirements");
  if (requirements != exchange.body.end() && requirements->is_array())
    change.requirements = &*requirements;
  FIRN_TRY(const LoadedView view, desk.views.Commit(exchange.call, change));
  return ViewAnswer(view);
}

Result<Answer> DropView(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, exchange.Entry("view"));
  FIRN_CHECK(Require(exchange.principal, Right::kManage, PathOf(name)));
  FIRN_CHECK(desk.views.Drop(name, {false, exchange.note}));
  return NoContent();
}

Result<Answer> RegisterView(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, NamedInBody(exchange));
  FIRN_CHECK(Require(exchange.principal, Right::kManage, {}));
  const Json location = exchange.body.value("metadata-location", Json());
  if (!location.is_string()) return BadRequest("`metadata-location` is missing or no text");
  FIRN_TRY(
      const LoadedView view,
      desk.views.Register(exchange.call, name, location.get<std::string>(), {true, exchange.note}));
  return ViewAnswer(view);
}

Result<Answer> ReplayView(Desk& desk, const Exchange& exchange) {
  EntryName name;
  if (exchange.vars.contains("view")) {
    FIRN_TRY(name, exchange.Entry("view"));
  } else {
    FIRN_TRY(name, NamedInBody(exchange));
  }
  FIRN_TRY(const LoadedView view, desk.views.Load(exchange.call, name));
  return ViewAnswer(view);
}

}  // namespace firn::federation
