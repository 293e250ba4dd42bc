#include "ends/lake/catalog/rest_registry.h"

#include <nlohmann/json.hpp>

#include "ends/lake/catalog/metadata_diff.h"
#include "ends/lake/catalog/rest_names.h"
#include "ends/lake/catalog/rest_tables.h"

namespace firn::lake {
namespace {

class Registry final : public RestRegistry {
 public:
  explicit Registry(std::shared_ptr<RestClient> client) : tables_(std::move(client), nullptr) {}

  Result<std::optional<TableState>> Find(const Call& call, const TableIdent& ident) override {
    return tables_.Load(call, ident, nullptr);
  }

  Result<void> Register(const Call& call, const TableIdent& ident,
                        const std::string& metadata_location) override {
    const RestTables::Registration registration{metadata_location, false};
    auto done = tables_.Register(call, ident, registration);
    if (!done && done.error().kind() == Kind::kNotFound) {
      FIRN_CHECK(tables_.CreateNamespace(call, ident.ns));
      done = tables_.Register(call, ident, registration);
    }
    if (!done) return Fail(std::move(done).error().Doing("registering " + ident.Text()));
    return {};
  }

  Result<void> MoveOn(const Call& call, const TableIdent& ident, const TableState& was,
                      const TableState& next) override {
    auto done = tables_.Register(call, ident, {next.metadata_location, true});
    if (done && done->metadata_location == next.metadata_location) return {};
    // Catalogs that do not know `overwrite` say that the name is taken, or do nothing.
    const bool unknown = done || done.error().kind() == Kind::kConflict ||
                         done.error().kind() == Kind::kBadInput ||
                         done.error().kind() == Kind::kUnsupported;
    if (!unknown) return Fail(std::move(done).error().Doing("registering " + ident.Text()));
    FIRN_TRY(const MetadataDiff diff, DiffMetadata(*was.metadata, *next.metadata));
    if (diff.empty()) return {};
    const nlohmann::json name = {{"namespace", NamespaceLevels(ident.ns)}, {"name", ident.name}};
    auto committed = tables_.Ask(call, ident,
                                 {.endpoint = rest::kUpdateTable,
                                  .path = tables_.TablePath(ident),
                                  .body = "{\"identifier\":" + name.dump() + ",\"requirements\":" +
                                          diff.requirements + ",\"updates\":" + diff.updates + "}",
                                  .once = true});
    if (!committed) return Fail(std::move(committed).error().Doing("moving on " + ident.Text()));
    return {};
  }

 private:
  RestTables tables_;
};

}  // namespace

Result<std::unique_ptr<RestRegistry>> OpenRestRegistry(const Call& call,
                                                       const RestCatalogOptions& options) {
  FIRN_TRY(std::shared_ptr<RestClient> client, RestClient::Open(call, options));
  return std::make_unique<Registry>(std::move(client));
}

}  // namespace firn::lake
