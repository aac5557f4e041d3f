"""Which function answers which method. What is not listed is answered as not supported yet."""

from __future__ import annotations

from spindled.api.cloudless import ANSWERS
from spindled.rpc.router import Route

# As a server answers that has no vendor's cloud behind it.
CLOUDLESS = {
    **dict.fromkeys(ANSWERS, Route("spindled.api.cloudless:answering", by_method=True)),
    "account/gatewayOAuth/login": Route("spindled.api.gateway_oauth:gateway_oauth_login"),
    "account/gatewayOAuth/read": Route("spindled.api.gateway_oauth:gateway_oauth_read"),
    "app/read": Route("spindled.api.plugins:app_read"),
    "marketplace/upgrade": Route("spindled.api.plugins:marketplace_upgrade"),
    "plugin/install": Route("spindled.api.plugins:plugin_install"),
    "plugin/read": Route("spindled.api.plugins:plugin_read"),
    "plugin/uninstall": Route("spindled.api.plugins:plugin_uninstall"),
    "remoteControl/disable": Route("spindled.api.remote:remote_control_disable"),
    "remoteControl/pairing/status": Route("spindled.api.remote:remote_control_pairing_status"),
    "remoteControl/status/read": Route("spindled.api.remote:remote_control_status_read"),
    "thread/memoryMode/set": Route("spindled.api.memories:thread_memory_mode_set"),
    "thread/realtime/appendAudio": Route("spindled.api.realtime:realtime_append"),
    "thread/realtime/appendSpeech": Route("spindled.api.realtime:realtime_append"),
    "thread/realtime/appendText": Route("spindled.api.realtime:realtime_append"),
    "thread/realtime/start": Route("spindled.api.realtime:realtime_start"),
    "thread/realtime/stop": Route("spindled.api.realtime:realtime_stop"),
    "windowsSandbox/setupStart": Route("spindled.api.server:windows_sandbox_setup_start"),
}

ROUTES = {
    **CLOUDLESS,
    # threads
    "thread/start": Route("spindled.api.threads:thread_start"),
    "thread/resume": Route("spindled.api.resuming:thread_resume"),
    "thread/fork": Route("spindled.api.branching:thread_fork"),
    "thread/revert": Route("spindled.api.branching:thread_revert"),
    "thread/compact/start": Route("spindled.api.compaction:thread_compact_start"),
    "thread/loaded/list": Route("spindled.api.following:thread_loaded_list"),
    "thread/unsubscribe": Route("spindled.api.following:thread_unsubscribe"),
    "thread/shellCommand": Route("spindled.api.user_shell:thread_shell_command"),
    "thread/backgroundTerminals/list": Route("spindled.api.terminals:background_terminals_list"),
    "thread/backgroundTerminals/clean": Route("spindled.api.terminals:background_terminals_clean"),
    "thread/backgroundTerminals/terminate": Route("spindled.api.terminals:background_terminals_terminate"),
    # turns
    "turn/start": Route("spindled.api.turns:turn_start"),
    "turn/steer": Route("spindled.api.turns:turn_steer"),
    "turn/interrupt": Route("spindled.api.turns:turn_interrupt"),
    "review/start": Route("spindled.api.reviews:review_start"),
    "collaborationMode/list": Route("spindled.api.modes:collaboration_mode_list"),
    # skills and hooks
    "skills/list": Route("spindled.api.skills:skills_list"),
    "skills/config/write": Route("spindled.api.skills:skills_config_write"),
    "skills/extraRoots/set": Route("spindled.api.skills:skills_extra_roots_set"),
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
    # the host's files
    "fs/readFile": Route("spindled.api.files:fs_read_file"),
    "fs/writeFile": Route("spindled.api.files:fs_write_file"),
    "fs/createDirectory": Route("spindled.api.files:fs_create_directory"),
    "fs/getMetadata": Route("spindled.api.files:fs_get_metadata"),
    "fs/readDirectory": Route("spindled.api.files:fs_read_directory"),
    "fs/remove": Route("spindled.api.files:fs_remove"),
    "fs/copy": Route("spindled.api.files:fs_copy"),
    "fs/watch": Route("spindled.api.watches:fs_watch"),
    "fs/unwatch": Route("spindled.api.watches:fs_unwatch"),
    "fuzzyFileSearch": Route("spindled.api.search:fuzzy_file_search"),
    "fuzzyFileSearch/sessionStart": Route("spindled.api.search:session_start"),
    "fuzzyFileSearch/sessionUpdate": Route("spindled.api.search:session_update"),
    "fuzzyFileSearch/sessionStop": Route("spindled.api.search:session_stop"),
    # commands and processes of the client
    "command/exec": Route("spindled.api.commands:command_exec"),
    "command/exec/write": Route("spindled.api.commands:command_exec_write"),
    "command/exec/resize": Route("spindled.api.commands:command_exec_resize"),
    "command/exec/terminate": Route("spindled.api.commands:command_exec_terminate"),
    "process/spawn": Route("spindled.api.processes:process_spawn"),
    "process/writeStdin": Route("spindled.api.processes:process_write_stdin"),
    "process/resizePty": Route("spindled.api.processes:process_resize_pty"),
    "process/kill": Route("spindled.api.processes:process_kill"),
    # models
    "model/list": Route("spindled.api.models:model_list"),
    # the configuration
    "config/read": Route("spindled.api.configuration:config_read"),
    "configRequirements/read": Route("spindled.api.configuration:config_requirements_read"),
    "config/value/write": Route("spindled.api.config_writes:config_value_write"),
    "config/batchWrite": Route("spindled.api.config_writes:config_batch_write"),
    "modelProvider/list": Route("spindled.api.providers:model_provider_list"),
    "modelProvider/config/write": Route("spindled.api.providers:model_provider_config_write"),
    "modelProvider/capabilities/read": Route("spindled.api.providers:model_provider_capabilities_read"),
    "experimentalFeature/list": Route("spindled.api.features:experimental_feature_list"),
    "experimentalFeature/enablement/set": Route("spindled.api.features:experimental_feature_enablement_set"),
    "permissionProfile/list": Route("spindled.api.permissions:permission_profile_list"),
    # the account
    "account/read": Route("spindled.api.account:account_read"),
    "account/login/start": Route("spindled.api.account:account_login_start"),
    "account/login/cancel": Route("spindled.api.account:account_login_cancel"),
    "account/logout": Route("spindled.api.account:account_logout"),
    # the server and its machine
    "memory/reset": Route("spindled.api.memories:memory_reset"),
    "environment/info": Route("spindled.api.server:environment_info"),
    "environment/status": Route("spindled.api.server:environment_status"),
    "mock/experimentalMethod": Route("spindled.api.server:mock_experimental_method"),
    "server/diagnostics": Route("spindled.api.server:server_diagnostics"),
}
