#include "core/state/error_codes.h"

namespace firn::state {
namespace {

constexpr ErrorCode kCodes[] = {
    {"STATE-LOCK-001", "another process is writing this project's state",
     "One process at a time writes `state.db`; it holds the file `state.lock` while it runs. The "
     "message names its process id and command.",
     "Wait until it has finished, or stop it: the lock goes with the process, there is nothing to "
     "clean up."},
    {"STATE-OPEN-001", "this project has no state yet",
     "A reading command was run before any run had been started in this project folder.",
     "Run `firn export run` first, or check that you are in the right folder (`--project`)."},
    {"STATE-OPEN-002", "a state file is damaged",
     "SQLite's integrity check failed when the file was opened: bytes on the disk have changed.",
     "Check the disk. Move the file away; it is made anew. Tables in the lake are not touched, but "
     "unfinished runs cannot be resumed and must be run again."},
    {"STATE-LEASE-001", "a task is held by another process",
     "A lease keeps two processes from committing for the same task at the same time.",
     "Wait for the holder that the message names, or until its lease ends."},
    {"STATE-LEASE-002", "a lease was lost while it was held",
     "The process was away longer than its lease lasted, and another one has taken over. What it "
     "would commit now is refused.",
     "Let the other process finish; run `firn export resume` if its run is not the one you need."},
    {"STATE-RUN-001", "a run with this id exists", "A run id was given twice.",
     "Run the command again: a new id is made."},
    {"STATE-RUN-002", "there is no run with this id",
     "The id does not stand in this project's state, or belongs to another org.",
     "Run `firn export list` to see the runs of this project."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::state
