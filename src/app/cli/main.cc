#include <string>
#include <vector>

#include "app/cli/run.h"

int main(int argc, char** argv) {
  return firn::cli::Run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
