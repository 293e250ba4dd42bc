// A REST catalog as the second one.
#include <map>

#include "ends/lake/catalog/rest_registry.h"
#include "patterns/federation/mirror.h"

namespace firn::federation {
namespace {

class RestTarget final : public MirrorTarget {
 public:
  RestTarget(std::unique_ptr<lake::RestRegistry> registry, std::string ns)
      : registry_(std::move(registry)), ns_(std::move(ns)) {}

  lake::TableIdent NameOf(const lake::TableIdent& ident) const override {
    return {ns_.empty() ? ident.ns : ns_, ident.name};
  }

  Result<std::optional<MirrorEntry>> Find(const Call& call,
                                          const lake::TableIdent& there) override {
    FIRN_TRY(const auto state, registry_->Find(call, there));
    if (!state) return std::optional<MirrorEntry>();
    MirrorEntry entry;
    entry.metadata_location = state->metadata_location;
    entry.table_uuid = state->metadata->table_uuid;
    entry.location = state->metadata->location;
    entry.snapshot_id = state->metadata->current_snapshot_id;
    found_[there] = *state;
    return std::optional(std::move(entry));
  }

  Result<void> Create(const Call& call, const lake::TableIdent& there,
                      const lake::Table& table) override {
    return registry_->Register(call, there, table.metadata_location());
  }

  Result<void> Update(const Call& call, const lake::TableIdent& there, const lake::Table& table,
                      const MirrorEntry&) override {
    const auto was = found_.find(there);
    FIRN_ASSERT(was != found_.end());
    return registry_->MoveOn(call, there, was->second,
                             {table.metadata_location(), table.shared_metadata()});
  }

 private:
  std::unique_ptr<lake::RestRegistry> registry_;
  std::string ns_;
  std::map<lake::TableIdent, lake::TableState> found_;
};

}  // namespace

Result<std::unique_ptr<MirrorTarget>> RestMirror(const Call& call,
                                                 const lake::RestCatalogOptions& options,
                                                 std::string ns) {
  FIRN_TRY(auto registry, lake::OpenRestRegistry(call, options));
  return std::make_unique<RestTarget>(std::move(registry), std::move(ns));
}

}  // namespace firn::federation
