#include "core/state/shared_state.h"
#include "ends/salesforce/rest.h"

namespace firn::salesforce {
namespace {

// One value a description: the Last-Modified text, a line feed, the body.
class SharedDescribeCache final : public DescribeCache {
 public:
  explicit SharedDescribeCache(std::shared_ptr<state::SharedState> shared)
      : shared_(std::move(shared)) {}

  Result<std::optional<Description>> Load(const std::string& org_id,
                                          const std::string& key) override {
    FIRN_TRY(const auto found, shared_->Get({org_id, "describe", key}));
    if (!found) return std::optional<Description>();
    const size_t line = found->value.find('\n');
    if (line == std::string::npos) return std::optional<Description>();
    return std::optional(
        Description{found->value.substr(line + 1), found->value.substr(0, line), true});
  }

  Result<void> Save(const std::string& org_id, const std::string& key,
                    const Description& description) override {
    return shared_->Put({org_id, "describe", key},
                        description.last_modified + "\n" + description.json);
  }

 private:
  std::shared_ptr<state::SharedState> shared_;
};

}  // namespace

std::unique_ptr<DescribeCache> NewDescribeCache(std::shared_ptr<state::SharedState> shared) {
  return std::make_unique<SharedDescribeCache>(std::move(shared));
}

}  // namespace firn::salesforce
