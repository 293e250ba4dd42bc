// Firn's rate: one EventMatcher with all rules, events in turn, one thread.
// rules_bench RULES EVENTS SECONDS: files of one JSON text a line. Prints events, matches of one
// round, and seconds, for a warm-up and for the measurement.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "core/expr/event_matcher.h"

namespace {

using SteadyClock = std::chrono::steady_clock;

std::vector<std::string> Lines(const char* path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

void Run(const firn::expr::EventMatcher& matcher, const std::vector<std::string>& events,
         double seconds) {
  firn::expr::MatchScratch scratch;
  const auto begin = SteadyClock::now();
  const auto passed = [&] {
    return std::chrono::duration<double>(SteadyClock::now() - begin).count();
  };
  size_t count = 0;
  size_t first_round = 0;
  while (passed() < seconds) {
    size_t matches = 0;
    for (const std::string& event : events) {
      const auto matched = matcher.Match(event, scratch);
      if (!matched) std::exit(1);
      matches += matched->size();
    }
    count += events.size();
    if (first_round == 0) first_round = matches;
  }
  std::printf("%zu %zu %f\n", count, first_round, passed());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  std::vector<firn::expr::EventPattern> patterns;
  for (const std::string& line : Lines(argv[1])) {
    auto pattern = firn::expr::ParseEventPattern(line);
    if (!pattern) return 1;
    patterns.push_back(*std::move(pattern));
  }
  const firn::expr::EventMatcher matcher(patterns);
  const std::vector<std::string> events = Lines(argv[2]);
  const double seconds = std::atof(argv[3]);
  Run(matcher, events, seconds);
  Run(matcher, events, seconds);
  return 0;
}
