#include "core/project/kafka_cluster.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "core/project/internal/rule_parts.h"

namespace firn::project {
namespace {

using config::Field;
using config::FieldType;

constexpr size_t kTopicBytesMax = 249;
constexpr std::string_view kProtocols[] = {"SASL_SSL", "SSL", "SASL_PLAINTEXT", "PLAINTEXT"};
constexpr std::string_view kMechanisms[] = {"PLAIN", "SCRAM-SHA-512", "SCRAM-SHA-256"};
constexpr std::string_view kCompressions[] = {"lz4", "zstd", "snappy", "gzip", "none"};

constexpr Field kCluster[] = {
    {.name = "Name", .help = "the cluster's name; absent: the file's", .example = "shop"},
    {.name = "Description", .help = "for people"},
    {.name = "BootstrapServers",
     .type = FieldType::kTextList,
     .help = "`host:port` of brokers by which the others are found",
     .example = R"(["b-1.example.com:9096", "b-2.example.com:9096"])",
     .required = true},
    {.name = "SecurityProtocol",
     .type = FieldType::kWord,
     .help = "TLS (`SSL`) and sign-in (`SASL_`), in Kafka's words",
     .default_value = "SASL_SSL",
     .example = "SSL",
     .words = kProtocols},
    {.name = "SaslMechanism",
     .type = FieldType::kWord,
     .help = "how the client signs in; SCRAM to brokers before Kafka 4 only",
     .default_value = "PLAIN",
     .example = "SCRAM-SHA-512",
     .words = kMechanisms},
    {.name = "SaslUsername", .help = "user name", .example = "firn"},
    {.name = "SaslPassword",
     .type = FieldType::kSecret,
     .help = "by reference",
     .example = "${aws-secret:AmazonMSK_firn}"},
    {.name = "CaFile",
     .help = "PEM file of the authority that signed the brokers' certificates; absent: the "
             "system's authorities",
     .example = "kafka-ca.pem"},
    {.name = "CertificateFile",
     .help = "PEM file of the client's certificate, where the cluster asks for one",
     .example = "kafka-client.pem"},
    {.name = "Key",
     .type = FieldType::kSecret,
     .help = "its private key (PEM), by reference",
     .example = "${file:kafka-client.key}"},
    {.name = "KeyPassword",
     .type = FieldType::kSecret,
     .help = "of an encrypted key, by reference",
     .example = "${env:KEY_PASSWORD}"},
    {.name = "Compression",
     .type = FieldType::kWord,
     .help = "of batches",
     .default_value = "lz4",
     .example = "zstd",
     .words = kCompressions},
    {.name = "LingerMilliseconds",
     .type = FieldType::kInteger,
     .help = "how long a message waits for others to share its batch",
     .unit = "milliseconds",
     .default_value = "5",
     .example = "50",
     .min = 0,
     .max = 10'000},
    {.name = "BatchBytesMax",
     .type = FieldType::kInteger,
     .help = "of one partition's batch",
     .unit = "bytes",
     .default_value = "1000000",
     .example = "100000",
     .min = 1'000,
     .max = 100'000'000},
    {.name = "MessageBytesMax",
     .type = FieldType::kInteger,
     .help = "the largest message, before compression; not more than the topics' "
             "`max.message.bytes`",
     .unit = "bytes",
     .default_value = "1000000",
     .example = "5000000",
     .min = 1'000,
     .max = 100'000'000},
};

bool IsBroker(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view port = text.substr(colon + 1);
  return !port.empty() && port.size() <= 5 &&
         std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
         text.find_first_of(" \t\r\n,/") == std::string_view::npos;
}

bool IsThisMachine(std::string_view broker) {
  return broker.starts_with("127.") || broker.starts_with("localhost:") ||
         broker.starts_with("[::1]:");
}

class ClusterReader {
 public:
  ClusterReader(const config::Group& group, std::string folder, config::Problems* problems)
      : group_(group), folder_(std::move(folder)), problems_(problems) {}

  KafkaCluster Read() {
    cluster_.brokers = group_.TextList("BootstrapServers");
    if (cluster_.brokers.empty()) Wrong("BootstrapServers", "a cluster needs `BootstrapServers`");
    for (const std::string& broker : cluster_.brokers) {
      if (!IsBroker(broker)) Wrong("BootstrapServers", "`" + broker + "` is not `host:port`");
    }
    ReadSignIn();
    ReadTls();
    cluster_.compression = group_.Text("Compression");
    cluster_.linger = std::chrono::milliseconds(group_.Integer("LingerMilliseconds"));
    cluster_.batch_bytes_max = group_.Integer("BatchBytesMax");
    cluster_.message_bytes_max = group_.Integer("MessageBytesMax");
    return std::move(cluster_);
  }

 private:
  void Wrong(std::string_view field, std::string what, std::string hint = {}) {
    internal::AddProblem(problems_, "PROJECT-KAFKA-001", std::move(what), group_.Where(field), "",
                         std::move(hint));
  }

  // A setting that counts for nothing is a mistake about what happens.
  void Refuse(std::string_view field) {
    if (!group_.Has(field)) return;
    Wrong(field,
          "SecurityProtocol `" + group_.Text("SecurityProtocol") + "` takes no `" +
              std::string(field) + "`",
          "remove it");
  }

  void ReadSignIn() {
    if (!group_.Text("SecurityProtocol").starts_with("SASL_")) {
      for (const auto* field : {"SaslMechanism", "SaslUsername", "SaslPassword"}) Refuse(field);
      return;
    }
    cluster_.mechanism = group_.Text("SaslMechanism");
    cluster_.user = group_.Text("SaslUsername");
    cluster_.password = group_.SecretOf("SaslPassword");
    if (!group_.Has("SaslUsername") || !group_.Has("SaslPassword")) {
      Wrong("SecurityProtocol", "a sign-in needs `SaslUsername` and `SaslPassword`",
            "or write `\"SecurityProtocol\": \"SSL\"`");
    }
    const bool clear = group_.Text("SecurityProtocol") == "SASL_PLAINTEXT";
    if (clear && cluster_.mechanism == "PLAIN" &&
        !std::all_of(cluster_.brokers.begin(), cluster_.brokers.end(), IsThisMachine)) {
      Wrong("SecurityProtocol", "PLAIN would send the password in clear",
            "use `SASL_SSL`, or a SCRAM mechanism");
    }
  }

  void ReadTls() {
    cluster_.tls = group_.Text("SecurityProtocol").ends_with("SSL");
    if (!cluster_.tls) {
      for (const auto* field : {"CaFile", "CertificateFile", "Key", "KeyPassword"}) Refuse(field);
      return;
    }
    cluster_.ca_file = Absolute(group_.Text("CaFile"));
    cluster_.certificate_file = Absolute(group_.Text("CertificateFile"));
    cluster_.key = group_.SecretOf("Key");
    cluster_.key_password = group_.SecretOf("KeyPassword");
    if (group_.Has("CertificateFile") != group_.Has("Key")) {
      Wrong(group_.Has("Key") ? "Key" : "CertificateFile",
            "`CertificateFile` and `Key` belong together");
    }
  }

  std::string Absolute(const std::string& path) const {
    if (path.empty()) return path;
    return (std::filesystem::path(folder_) / path).lexically_normal().string();
  }

  const config::Group& group_;
  const std::string folder_;
  config::Problems* problems_;
  KafkaCluster cluster_;
};

}  // namespace

std::span<const Field> KafkaFields() { return kCluster; }

bool IsKafkaTopic(std::string_view name) {
  return !name.empty() && name.size() <= kTopicBytesMax && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' ||
                  c == '-';
         });
}

namespace internal {

std::optional<KafkaCluster> ReadKafkaCluster(const config::Document& document,
                                             const LoadOptions& options, const NamedFile& file,
                                             config::Problems* problems) {
  const size_t before = problems->size();
  const config::Group group =
      config::Bind(document, document.root, KafkaFields(), options.variables, problems);
  if (problems->size() > before) return std::nullopt;
  KafkaCluster cluster = ClusterReader(group, file.folder, problems).Read();
  cluster.where = document.Where(document.root.mark);
  cluster.name = group.Has("Name") ? group.Text("Name") : file.stem;
  if (!IsRuleName(cluster.name)) {
    AddProblem(problems, "PROJECT-KAFKA-001", "`" + cluster.name + "` cannot be a cluster's name",
               group.Where("Name"), "", "1 to 64 letters, digits, `.`, `-` and `_`");
  }
  if (problems->size() > before) return std::nullopt;
  return cluster;
}

}  // namespace internal
}  // namespace firn::project
