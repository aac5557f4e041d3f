"""Which function answers which method. What is not listed is answered as not supported yet."""

from __future__ import annotations

from spindled.rpc.router import Route

ROUTES = {
    # threads
    "thread/start": Route("spindled.api.threads:thread_start"),
    "thread/resume": Route("spindled.api.resuming:thread_resume"),
    "thread/fork": Route("spindled.api.branching:thread_fork"),
    "thread/revert": Route("spindled.api.branching:thread_revert"),
    "thread/compact/start": Route("spindled.api.compaction:thread_compact_start"),
    "thread/loaded/list": Route("spindled.api.following:thread_loaded_list"),
    "thread/unsubscribe": Route("spindled.api.following:thread_unsubscribe"),
    # turns
    "turn/start": Route("spindled.api.turns:turn_start"),
    "turn/steer": Route("spindled.api.turns:turn_steer"),
    "turn/interrupt": Route("spindled.api.turns:turn_interrupt"),
    # the library of threads
    "thread/list": Route("spindled.api.library:thread_list"),
    "thread/read": Route("spindled.api.library:thread_read"),
    "thread/turns/list": Route("spindled.api.paging:thread_turns_list"),
    "thread/items/list": Route("spindled.api.paging:thread_items_list"),
    "thread/archive": Route("spindled.api.archive:thread_archive"),
    "thread/unarchive": Route("spindled.api.archive:thread_unarchive"),
    "thread/delete": Route("spindled.api.archive:thread_delete"),
    "thread/name/set": Route("spindled.api.metadata:thread_name_set"),
    "thread/metadata/update": Route("spindled.api.metadata:thread_metadata_update"),
    # models
    "model/list": Route("spindled.api.models:model_list"),
}
