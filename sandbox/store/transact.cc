// Several calls as one transaction: the thread that is in it works on the writer's connection and
// on one WriteBatch, so it sees what it wrote; everyone else sees the store as it was.
#include "sandbox/store/write_batch.h"

namespace firn::sandbox {

bool OrgImpl::InTransaction() const { return transacting_.load() == std::this_thread::get_id(); }

Result<std::shared_ptr<Reader>> OrgImpl::TakeReader() {
  if (!InTransaction()) return readers_->Take();
  // Lives as long as the org; the thread gives up its cursors before the transaction ends.
  return std::shared_ptr<Reader>(std::shared_ptr<void>(), &writer_);
}

uint64_t OrgImpl::CountOf(const ObjectInfo& object, bool all_rows) const {
  const ObjectCounters* counters = FindCounters(object);
  if (counters == nullptr) return 0;
  const uint64_t kept = all_rows ? counters->total.load() : counters->live.load();
  if (!InTransaction()) return kept;
  return kept + static_cast<uint64_t>(open_batch_->Added(object, all_rows));
}

Result<void> OrgImpl::Transact(const MutateOptions& options,
                               const std::function<Result<bool>()>& work) {
  if (InTransaction()) {
    FIRN_TRY(const WriteBatch::Mark before, open_batch_->Here());
    FIRN_TRY(const bool stands, work());
    return stands ? open_batch_->Forget(before) : open_batch_->BackTo(before);
  }
  const std::lock_guard lock(write_mutex_);
  WriteBatch batch(*this, options);
  FIRN_CHECK(batch.Begin());
  open_batch_ = &batch;
  access_changed_ = false;
  transacting_ = std::this_thread::get_id();
  const Result<bool> stands = work();
  transacting_ = std::thread::id();
  open_batch_ = nullptr;
  // Views made meanwhile may rest on what does not stand.
  if (access_changed_) ForgetViews();
  if (!stands) return Fail(stands.error());
  if (!*stands) return {};
  FIRN_CHECK(batch.Commit());
  if (access_changed_) ForgetViews();
  return {};
}

Result<WriteBatch::Mark> WriteBatch::Here() {
  Mark mark{++marks_, changes_.size(), rows_.size(), sequence_, tallies_};
  FIRN_CHECK(org_.writer_.db().Execute("SAVEPOINT mark" + std::to_string(mark.number)));
  return mark;
}

Result<void> WriteBatch::Forget(const Mark& mark) {
  return org_.writer_.db().Execute("RELEASE mark" + std::to_string(mark.number));
}

Result<void> WriteBatch::BackTo(const Mark& mark) {
  const std::string name = "mark" + std::to_string(mark.number);
  FIRN_CHECK(org_.writer_.db().Execute("ROLLBACK TO " + name + "; RELEASE " + name));
  changes_.resize(mark.changes);
  sequence_ = mark.sequence;
  tallies_ = mark.tallies;
  live_.clear();
  return {};
}

void WriteBatch::OutliveCells(const Mark& mark) {
  known_.clear();
  for (size_t i = mark.rows; i < rows_.size(); ++i) {
    for (Value& value : rows_[i]) {
      if (!value.text.empty()) value.text = texts_.emplace_back(value.text);
    }
  }
}

int64_t WriteBatch::Added(const ObjectInfo& object, bool all_rows) const {
  const auto found = tallies_.find(object.number);
  if (found == tallies_.end()) return 0;
  return all_rows ? found->second.total : found->second.live;
}

}  // namespace firn::sandbox
