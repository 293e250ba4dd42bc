// PageSource: the pages of one Bulk job, handed out to lanes until each is read.
//
// Where the org offers parallel results, pages come by address, five a list; else each page names
// the locator of the next in its header, which is written into the ledger before the body is read.
// A page given back is opened again by its own locator for as many rows as it announced, so its end
// stays where it was; if the org has to send it in smaller parts (R10), the parts take its place in
// the ledger. Thread-safe; no lock is held while the network is used. Internal to exports.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "patterns/exports/export.h"
#include "patterns/exports/facts.h"

namespace firn::exports {

// What the ledger is asked for; ObjectRun's side of it.
class PageLedger {
 public:
  virtual ~PageLedger() = default;
  virtual Result<void> AddPages(const std::vector<state::PageRow>& pages, std::string list_next,
                                bool list_done) = 0;
  virtual Result<void> PageOpened(const state::PageRow& page, const state::PageRow* next) = 0;
  virtual Result<void> SplitPage(uint64_t ordinal, const std::vector<state::PageRow>& parts) = 0;
};

struct OpenPage {
  state::PageRow row;  // rows as announced
  std::unique_ptr<net::BodyStream> body;
};

class PageSource {
 public:
  struct Options {
    std::string job_id;
    int page_attempts_max = 4;
    int64_t rows_per_page = 0;  // 0: what the client thinks best
    bool parallel = false;
    uint64_t pages_listed = 0;
    std::string list_next;
    bool list_done = false;
  };
  // `known`: the ledger's pages of this job; those that are durable are not handed out again.
  PageSource(salesforce::BulkClient& bulk, PageLedger& ledger, Options options,
             const std::vector<state::PageRow>& known);

  // The next page, its header read. Nothing when every page is handed out. Waits while another
  // thread is about to learn of more pages.
  [[nodiscard]] Result<std::optional<OpenPage>> Next(const Call& call);
  // `failed` (if any) broke while it was read; `lost` went with a file. All are handed out again,
  // after a pause that grows with the attempts of the failed one; without one, of all that are
  // lost. Errors: `error` itself when it is final or a page has been tried often enough.
  [[nodiscard]] Result<void> GiveBack(const Call& call, const std::vector<uint64_t>& lost,
                                      std::optional<uint64_t> failed, Error error);
  // Pages that were given back and not handed out again.
  [[nodiscard]] bool HasWaiting() const;
  // Pages opened so far that were tried more than once.
  [[nodiscard]] int pages_repeated() const;

 private:
  struct Waiting {
    state::PageRow row;
    int attempts = 0;
  };
  Result<OpenPage> Open(const Call& call, Waiting page);
  [[nodiscard]] int64_t RowsToAsk() const;
  Result<OpenPage> OpenTail(const Call& call, Waiting page);
  Result<OpenPage> OpenAgain(const Call& call, Waiting page);
  Result<void> ListMore(const Call& call);
  void StopLearning();
  void PutBackTail(Waiting page);

  salesforce::BulkClient& bulk_;
  PageLedger& ledger_;
  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Waiting> waiting_;  // header known, or addressed by URL
  std::optional<Waiting> tail_;  // end of the locator chain, header not seen yet
  bool learning_ = false;        // a thread is opening the tail or listing
  bool list_done_ = false;
  std::string list_next_;
  uint64_t next_ordinal_ = 0;
  uint64_t next_part_ordinal_ = 0;
  std::map<uint64_t, Waiting> handed_out_;
  int pages_repeated_ = 0;
};

}  // namespace firn::exports
