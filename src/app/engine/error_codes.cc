#include "app/engine/error_codes.h"

namespace firn::engine {
namespace {

constexpr ErrorCode kCodes[] = {
    {"ENGINE-SCHEDULE-001", "a schedule that is none",
     "`when` of a job is neither `rate(N unit)` nor a cron expression with six fields.",
     "Write `rate(5 minutes)` or `cron(0 3 * * ? *)`; see docs/guides/run-as-a-service.md."},
    {"ENGINE-JOB-001", "no such job", "Firn.yaml has no job of that name under `schedules`.",
     "Run `firn status` to see the jobs; the hint names the nearest."},
    {"ENGINE-JOB-002", "the job runs already",
     "A job runs in one instance at a time, and this one is running or waiting for its turn.",
     "Wait until it has finished; `firn status` shows it."},
    {"ENGINE-JOB-003", "a job ended by an exception", "This is a fault of Firn.",
     "Please report it with the line of the log; the job runs again at its next time."},
    {"ENGINE-RELOAD-001", "a change that needs a restart",
     "Firn.yaml was changed in a key that a running daemon cannot take over: where state and "
     "tables lie, the listener, or the size of the budget. The old definitions stay in force.",
     "Restart the daemon, or take the change back."},
    {"ENGINE-MIRROR-001", "no such mirror",
     "Firn.yaml has no mirror of that name under `lake.mirrors`, or none at all.",
     "Name one of those that are there; the reference of firn.yaml shows an example."},
    {"ENGINE-SPARK-001", "Spark cannot be started",
     "`firn lake maintain --engine spark` runs the `spark-sql` program, which is not where it was "
     "looked for.",
     "Install Spark with Iceberg's runtime, or name the program with `--spark-sql FILE`."},
    {"ENGINE-SPARK-002", "Spark ended without doing its work",
     "It could not start, lacks Iceberg's runtime, or cannot reach the catalog or the files.",
     "Read the log that the message names; jars are given with `--spark-conf spark.jars=..`."},
    {"ENGINE-ADMIN-001", "the admin socket cannot be used",
     "`daemon.sock` in the state folder could not be made or reached.",
     "Check the owner of the state folder: the daemon and its commands run as one user."},
    {"ENGINE-ADMIN-002", "no daemon runs for this project",
     "Nobody listens at `daemon.sock` in the project's state folder.",
     "Start it with `firn run`, or name the right project with `--project`."},
    {"ENGINE-ADMIN-003", "the admin connection broke",
     "The daemon ended, or the two programs are of different versions.",
     "Look at the daemon's log; try again."},
    {"ENGINE-ADMIN-004", "the daemon does not know the request",
     "The command and the daemon are of different versions.",
     "Restart the daemon after an update."},
    {"ENGINE-ROTATE-001", "an org that signs in without a certificate",
     "Only the flow `jwt` has a certificate to rotate.",
     "Rotate a client secret in Salesforce and in the place that `client_secret` names."},
    {"ENGINE-ROTATE-002", "keys that cannot be rotated as they are named",
     "The rotation writes the new key to `next_key`; it must be a file beside `key`, or the secret "
     "of `key` at AWSPENDING.",
     "Name both in the org's `auth`; the hint shows how."},
    {"ENGINE-ROTATE-003", "not the next step",
     "A rotation goes begin, activate, finish, each once.",
     "Run `firn org rotate-cert --plan` to see where it stands and what is next."},
    {"ENGINE-ROTATE-004", "the org does not take the key",
     "A sign-in with this key alone was refused: its certificate is not with the app, or not yet "
     "known everywhere, or has expired.",
     "Upload the certificate named by `--plan` to the app, wait ten minutes, and try again."},
    {"ENGINE-ROTATE-005", "the org still takes the old key",
     "The old certificate is still with the app; forgetting its key would leave a door open.",
     "Remove the old certificate from the app, then `firn org rotate-cert finish` again."},
    {"ENGINE-ROTATE-006", "a next key that no rotation made",
     "`next_key` holds a key already; somebody may be using it.",
     "Find out who put it there; remove it if nobody needs it."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::engine
