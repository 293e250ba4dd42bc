// A producer of librdkafka, whose delivery reports are brought back to whoever waits for them.
//
// The library's threads send; one thread of ours takes its reports and troubles. Reports live until
// the library told the last of their messages, or is gone itself: a caller that was stopped does
// not wait for that.
#include "ends/kafka/producer.h"

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <thread>

#include "core/base/log.h"
#include "ends/kafka/internal/client.h"

namespace firn::kafka {
namespace {

constexpr int kPollMillis = 1'000;
constexpr int kLastReportsMillis = 2'000;
constexpr auto kWaitSlice = std::chrono::milliseconds(50);  // how soon a stop is seen
constexpr size_t kErrorBytesMax = 512;

struct ClientDeleter {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
};
struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};

// The messages of one Send and what became of them.
struct Report {
  struct Slot {
    Report* report = nullptr;
    size_t place = 0;
    Sent sent;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Slot> slots;
  size_t left = 0;
  Outcomes outcomes;
  std::vector<size_t> crowded;  // refused for their size by the broker, maybe for their neighbours'
};

class LibraryProducer final : public Producer {
 public:
  explicit LibraryProducer(std::string cluster) : cluster_(std::move(cluster)) {}
  LibraryProducer(const LibraryProducer&) = delete;
  LibraryProducer& operator=(const LibraryProducer&) = delete;

  ~LibraryProducer() override {
    if (client_ == nullptr) return;
    stopping_ = true;
    rd_kafka_queue_yield(queue_.get());
    if (poller_.joinable()) poller_.join();
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(client_.get(), kLastReportsMillis);
    queue_.reset();
    client_.reset();
  }

  Result<void> Connect(const ProducerOptions& options) {
    FIRN_TRY(Config config, ConfigOf(options));
    rd_kafka_conf_set_opaque(config.get(), this);
    rd_kafka_conf_set_dr_msg_cb(config.get(), &OnReport);
    rd_kafka_conf_set_error_cb(config.get(), &OnTrouble);
    rd_kafka_conf_set_log_cb(config.get(), &OnLog);
    char why[kErrorBytesMax];
    client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, config.get(), why, sizeof why));
    if (client_ == nullptr) {
      return Fail(Error(Kind::kBadConfig, "KAFKA-CONFIG-001",
                        "the client of Kafka cluster `" + cluster_ + "` cannot be set up")
                      .At("kafka/" + cluster_ + ".json")
                      .Because(why));
    }
    (void)config.release();  // the client's now
    queue_.reset(rd_kafka_queue_get_main(client_.get()));
    poller_ = std::jthread([this] {
      pthread_setname_np(pthread_self(), "firn-kafka");
      while (!stopping_) rd_kafka_poll(client_.get(), kPollMillis);
    });
    return {};
  }

  Result<Outcomes> Send(const Call& call, std::span<const Message> messages) override {
    std::vector<size_t> crowded;
    Outcomes outcomes;
    {
      std::unique_lock door(door_);
      const std::shared_lock beside(alone_);
      door.unlock();
      FIRN_TRY(outcomes, SendOnce(call, messages, &crowded));
    }
    if (messages.size() == 1 || crowded.empty()) return outcomes;
    // A broker refuses all of a batch that is too large; by itself each may be small enough.
    const std::lock_guard door(door_);
    const std::unique_lock alone(alone_);
    for (const size_t place : crowded) {
      FIRN_TRY(Outcomes one, SendOnce(call, messages.subspan(place, 1), nullptr));
      outcomes[place] = std::move(one.front());
    }
    return outcomes;
  }

  bool broken() const override {
    const std::lock_guard lock(mutex_);
    return fatal_ || !refusal_.empty();
  }

 private:
  Result<Outcomes> SendOnce(const Call& call, std::span<const Message> messages,
                            std::vector<size_t>* crowded) {
    const std::shared_ptr<Report> report = NewReport(messages);
    for (size_t i = 0; i < messages.size(); ++i) {
      FIRN_CHECK(HandOver(call, messages[i], report->slots[i]));
    }
    auto waited = Wait(call, *report);
    const std::lock_guard lock(report->mutex);
    if (!waited && waited.error().kind() == Kind::kCancelled) {
      return Fail(std::move(waited).error());
    }
    // The call's time is over; the library may still bring it there.
    for (size_t i = 0; report->left > 0 && i < messages.size(); ++i) {
      if (report->slots[i].report == nullptr) continue;
      report->outcomes[i] = Unanswered(report->slots[i].sent);
    }
    if (crowded != nullptr) *crowded = report->crowded;
    return report->outcomes;
  }

  std::shared_ptr<Report> NewReport(std::span<const Message> messages) {
    auto report = std::make_shared<Report>();
    report->left = messages.size();
    report->outcomes.resize(messages.size());
    report->slots.resize(messages.size());
    for (size_t i = 0; i < messages.size(); ++i) {
      const Message& message = messages[i];
      const size_t bytes = message.value.size() + message.key.size();
      report->slots[i] = {report.get(), i, {cluster_, message.topic, bytes, ""}};
    }
    const std::lock_guard lock(mutex_);
    reports_.insert(report);
    return report;
  }

  Error Unanswered(Sent sent) const {
    const std::lock_guard lock(mutex_);
    sent.trouble = trouble_;
    if (!refusal_.empty()) return RefusedSignIn(cluster_, refusal_);
    return ErrorOf(RD_KAFKA_RESP_ERR__TIMED_OUT, sent);
  }

  // Into the library's queue, waiting while that is full.
  Result<void> HandOver(const Call& call, const Message& message, Report::Slot& slot) {
    while (true) {
      const rd_kafka_resp_err_t code = Produce(message, &slot);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
      if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && !broken()) {
        const auto slept = call.Sleep(kWaitSlice);
        if (slept) continue;
        if (slept.error().kind() == Kind::kCancelled) return Fail(slept.error());
      }
      Settle(slot, code, false);
      return {};
    }
  }

  rd_kafka_resp_err_t Produce(const Message& message, Report::Slot* slot) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
    for (const auto& [name, value] : message.headers) {
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    }
    rd_kafka_vu_t parts[6] = {};
    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    parts[0].u.cstr = message.topic.c_str();
    parts[1].vtype = RD_KAFKA_VTYPE_KEY;
    parts[1].u.mem = {const_cast<char*>(message.key.data()), message.key.size()};
    parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[2].u.mem = {const_cast<char*>(message.value.data()), message.value.size()};
    parts[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[3].u.i = RD_KAFKA_MSG_F_COPY;
    parts[4].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[4].u.headers = headers;
    parts[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
    parts[5].u.ptr = slot;
    rd_kafka_error_t* error = rd_kafka_produceva(client_.get(), parts, std::size(parts));
    if (error == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    rd_kafka_headers_destroy(headers);  // the library takes them only with the message
    return code;
  }

  // Errors: Cancelled, Timeout.
  Result<void> Wait(const Call& call, Report& report) {
    bool purged = false;
    while (true) {
      {
        std::unique_lock lock(report.mutex);
        if (report.changed.wait_for(lock, kWaitSlice, [&] { return report.left == 0; })) return {};
      }
      FIRN_CHECK(call.Check());
      if (purged || !broken()) continue;
      // Nothing goes out any more: what waits is told so at once.
      rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
      purged = true;
    }
  }

  void Settle(Report::Slot& slot, rd_kafka_resp_err_t code, bool by_broker) {
    std::optional<Error> outcome;
    {
      const std::lock_guard lock(mutex_);
      const bool purged =
          code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        trouble_.clear();
      } else if (!refusal_.empty() && (purged || code == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)) {
        outcome = RefusedSignIn(cluster_, refusal_);
      } else {
        slot.sent.trouble = trouble_;
        outcome = ErrorOf(fatal_ && purged ? RD_KAFKA_RESP_ERR__FATAL : code, slot.sent);
      }
    }
    Report& report = *slot.report;
    bool last = false;
    {
      const std::lock_guard lock(report.mutex);
      report.outcomes[slot.place] = std::move(outcome);
      if (by_broker && code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        report.crowded.push_back(slot.place);
      }
      slot.report = nullptr;
      last = --report.left == 0;
      report.changed.notify_all();
    }
    if (!last) return;
    const std::lock_guard lock(mutex_);
    std::erase_if(reports_, [&](const auto& each) { return each.get() == &report; });
  }

  static void OnReport(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    static_cast<LibraryProducer*>(opaque)->Settle(*static_cast<Report::Slot*>(message->_private),
                                                  message->err, true);
  }

  static void OnTrouble(rd_kafka_t* client, int code, const char* reason, void* opaque) {
    auto& mine = *static_cast<LibraryProducer*>(opaque);
    const auto error = static_cast<rd_kafka_resp_err_t>(code);
    const std::lock_guard lock(mine.mutex_);
    if (error == RD_KAFKA_RESP_ERR__FATAL) {
      char why[kErrorBytesMax];
      const auto cause = rd_kafka_fatal_error(client, why, sizeof why);
      mine.fatal_ = true;
      mine.trouble_ = std::string(rd_kafka_err2name(cause)) + ": " + why;
    } else if (IsRefusal(error, reason)) {
      mine.refusal_ = reason;
    } else if (error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
      mine.trouble_ = reason;
    }
  }

  static void OnLog(const rd_kafka_t* client, int, const char* facility, const char* text) {
    const auto* mine = static_cast<const LibraryProducer*>(rd_kafka_opaque(client));
    log::Debug("kafka.client",
               {{"cluster", mine->cluster_}, {"facility", facility}, {"text", text}});
  }

  const std::string cluster_;
  mutable std::mutex mutex_;
  std::string trouble_;  // what the brokers last answered
  std::string refusal_;  // of the sign-in; empty: none
  bool fatal_ = false;
  std::set<std::shared_ptr<Report>> reports_;
  // No locks of data but an order of sending, held as long as that takes: whoever must share no
  // batch with others waits behind the door until those inside are done.
  std::mutex door_;
  std::shared_mutex alone_;
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<rd_kafka_t, ClientDeleter> client_;
  std::unique_ptr<rd_kafka_queue_t, QueueDeleter> queue_;
  std::jthread poller_;
};

}  // namespace

Result<std::unique_ptr<Producer>> Producer::Open(const ProducerOptions& options) {
  auto producer = std::make_unique<LibraryProducer>(options.cluster);
  FIRN_CHECK(producer->Connect(options));
  return producer;
}

}  // namespace firn::kafka
