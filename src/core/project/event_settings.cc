// `events` and `daemon.catalog` of firn.yaml.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "core/project/daemon_settings.h"

namespace firn::project {
namespace {

using config::Group;
using config::Problems;

void Add(Problems* problems, std::string_view code, std::string what, std::string where,
         std::string hint = {}) {
  problems->push_back(
      Error(Kind::kBadConfig, code, std::move(what)).At(std::move(where)).Hint(std::move(hint)));
}

std::string TopicFor(const Group& group, const std::vector<std::string>& objects) {
  if (!group.Text("topic").empty()) return group.Text("topic");
  // One object is cheaper by its own topic: others' events are not delivered, and not billed.
  if (objects.size() == 1) return ChangeTopicOf(objects.front());
  return std::string(kTopicOfAllChanges);
}

bool IsManagedName(const std::string& name) {
  return !name.empty() && name.size() <= 80 && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  });
}

constexpr size_t kAccountDigits = 12;

bool IsAccount(const std::string& text) {
  return text.size() == kAccountDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// `eu-central-1`, `us-gov-west-1`: whatever AWS opens next, its names are made of these.
bool IsRegion(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  const size_t dash = text.rfind('-');
  return plain && dash != std::string::npos && dash > 0 && text.front() != '-' &&
         dash + 1 < text.size() &&
         text.find_first_not_of("0123456789", dash + 1) == std::string::npos;
}

void FillPlace(const Group& group, FollowedStream* stream, Problems* problems) {
  stream->account = group.Text("account");
  stream->region = group.Text("region");
  if (!stream->account.empty() && !IsAccount(stream->account)) {
    Add(problems, "PROJECT-EVENTS-006", "`" + stream->account + "` is no AWS account",
        group.Where("account"), "an account has twelve digits, such as 123456789012");
  }
  if (!stream->region.empty() && !IsRegion(stream->region)) {
    Add(problems, "PROJECT-EVENTS-006", "`" + stream->region + "` is no AWS region",
        group.Where("region"), "for example `eu-central-1`");
  }
}

FollowedStream MakeStream(const Group& group, const Project& project, Problems* problems) {
  FollowedStream stream;
  stream.where_in_file = group.Where(group.Has("topic") ? "topic" : "objects");
  stream.org = OrgNamedIn(group, stream.where_in_file, project, problems);
  stream.objects = group.TextList("objects");
  stream.topic = TopicFor(group, stream.objects);
  stream.managed = group.Text("managed");
  if (group.Has("managed") && !IsManagedName(stream.managed)) {
    Add(problems, "PROJECT-EVENTS-005", "`" + stream.managed + "` is no managed subscription",
        group.Where("managed"), "its developer name, or its id of 15 or 18 characters");
  }
  stream.commit_every = group.Duration("commit_every");
  stream.events_per_commit = group.Integer("events_per_commit");
  stream.whole_transactions = group.Bool("whole_transactions");
  stream.backfill_lost = group.Text("on_lost") == "backfill";
  stream.lease = group.Duration("lease");
  FillPlace(group, &stream, problems);
  if (!stream.of_changes() && !stream.topic.starts_with("/event/")) {
    Add(problems, "PROJECT-EVENTS-001", "`" + stream.topic + "` is no topic", group.Where("topic"),
        "topics begin with `/data/` or `/event/`");
  } else if (!stream.of_changes() && !stream.objects.empty()) {
    Add(problems, "PROJECT-EVENTS-002", "a platform event has no tables to follow it",
        group.Where("objects"), "remove `objects`; rules in `rules/` watch the topic");
  }
  return stream;
}

bool ShareATable(const FollowedStream& a, const FollowedStream& b) {
  if (a.org != b.org || !a.of_changes() || !b.of_changes()) return false;
  if (a.objects.empty() || b.objects.empty()) return true;
  return std::any_of(a.objects.begin(), a.objects.end(), [&](const std::string& object) {
    return std::find(b.objects.begin(), b.objects.end(), object) != b.objects.end();
  });
}

std::string AbsoluteIn(const std::string& folder, const std::string& path) {
  if (path.empty()) return path;
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

bool IsLoopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

CatalogSettings MakeCatalogSettings(const Group& group, const std::string& folder,
                                    Problems* problems) {
  CatalogSettings settings;
  settings.principals = AbsoluteIn(folder, group.Text("principals"));
  settings.tls_cert = AbsoluteIn(folder, group.Text("tls_cert"));
  settings.tls_key = AbsoluteIn(folder, group.Text("tls_key"));
  for (const std::string& location : group.TextList("allow_locations")) {
    settings.allow_locations.push_back(AbsoluteIn(folder, location));
  }
  settings.implicit_namespaces = group.Bool("implicit_namespaces");
  settings.body_bytes_max = group.Bytes("body_max");
  settings.access_log = AbsoluteIn(folder, group.Text("access_log"));
  if (settings.tls_cert.empty() != settings.tls_key.empty()) {
    Add(problems, "PROJECT-CATALOG-001", "`tls_cert` and `tls_key` belong together",
        group.Where(settings.tls_cert.empty() ? "tls_key" : "tls_cert"));
  }
  if (group.Text("listen") == "none") return settings;
  const auto listen = ParseListen(group.Text("listen"));
  if (!listen) {
    Add(problems, "PROJECT-LISTEN-001", "`" + group.Text("listen") + "` is no address to listen at",
        group.Where("listen"), "for example `127.0.0.1:8181`, or `none`");
    return settings;
  }
  settings.listen_address = listen->address;
  settings.listen_port = listen->port;
  if (settings.principals.empty() && !IsLoopback(settings.listen_address) &&
      !group.Bool("anyone")) {
    Add(problems, "PROJECT-CATALOG-002",
        "whoever reaches " + settings.listen_address + " could read and change every table",
        group.Where("listen"), "name `principals`, or write `anyone: true` if that is meant");
  }
  return settings;
}

}  // namespace

std::string ChangeTopicOf(std::string_view object) {
  const bool custom = object.ends_with("__c");
  if (custom) object.remove_suffix(1);
  return "/data/" + std::string(object) + "ChangeEvent";
}

Services MakeServices(const Group& root, const Project& project, Problems* problems) {
  Services services;
  for (const Group& group : root.List("events")) {
    FollowedStream stream = MakeStream(group, project, problems);
    for (const FollowedStream& before : services.events) {
      if (before.org == stream.org && before.topic == stream.topic) {
        Add(problems, "PROJECT-EVENTS-003", "`" + stream.topic + "` is followed twice",
            stream.where_in_file, "every delivery is billed: name all objects in one entry");
      } else if (ShareATable(before, stream)) {
        Add(problems, "PROJECT-EVENTS-004",
            "`" + before.topic + "` and `" + stream.topic + "` would feed the same table",
            stream.where_in_file, "give each entry `objects` of its own");
      }
    }
    services.events.push_back(std::move(stream));
  }
  services.catalog =
      MakeCatalogSettings(root.Sub("daemon").Sub("catalog"), project.folder, problems);
  services.otlp = MakeOtlpSettings(root.Sub("daemon").Sub("otlp"), project.folder, problems);
  return services;
}

}  // namespace firn::project
