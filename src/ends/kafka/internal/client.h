// What the files of the room share on librdkafka's side; private to it.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>

#include "core/base/error.h"
#include "ends/kafka/producer.h"

namespace firn::kafka {

struct ConfigDeleter {
  void operator()(rd_kafka_conf_t* config) const { rd_kafka_conf_destroy(config); }
};
using Config = std::unique_ptr<rd_kafka_conf_t, ConfigDeleter>;
// Errors: BadConfig KAFKA-CONFIG-001 naming the property, never its value.
[[nodiscard]] Result<Config> ConfigOf(const ProducerOptions& options);

// What stands around an error of a message.
struct Sent {
  std::string cluster;
  std::string topic;
  size_t bytes = 0;
  std::string trouble;  // what the brokers last answered, one line; may be empty
};
// The library's word for a message, or for a call about it, in Firn's words.
[[nodiscard]] Error ErrorOf(rd_kafka_resp_err_t code, const Sent& sent);
[[nodiscard]] Error RefusedSignIn(const std::string& cluster, const std::string& why);
// Whether a broker itself refused the sign-in: a connection that broke in the middle of it is told
// by the library as a failed sign-in too.
[[nodiscard]] bool IsRefusal(rd_kafka_resp_err_t code, std::string_view reason);

}  // namespace firn::kafka
