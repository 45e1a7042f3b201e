"""Create, start, pause, stop and list runs. Imports no torch: a page may use it at once."""

from rnnlm_core.launch.folders import (
    MAX_MEGABYTES,
    PROJECT,
    create_run,
    find_run,
    fitted,
    fork,
    list_runs,
    models_root,
    runs_root,
)
from rnnlm_core.launch.queueing import (
    SCHEDULER_LOCK,
    SCHEDULER_STAYS,
    QueuePlace,
    cancel,
    enqueue,
    in_queue,
    keep_queue_going,
    queue_place,
    start,
    stop_for_good,
)
from rnnlm_core.launch.workers import notices, reopen, start_worker, status, turn, wish

__all__ = [
    "MAX_MEGABYTES", "PROJECT", "SCHEDULER_LOCK", "SCHEDULER_STAYS", "QueuePlace", "cancel",
    "create_run", "enqueue", "find_run", "fitted", "fork", "in_queue", "keep_queue_going",
    "list_runs", "models_root", "notices", "queue_place", "reopen", "runs_root", "start",
    "start_worker", "status", "stop_for_good", "turn", "wish"]
