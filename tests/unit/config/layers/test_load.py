from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spindled.config.errors import ConfigError
from spindled.config.layers.load import ConfigLoader, changed
from spindled.config.schema import Config, GranularApproval, GranularPolicy

Loaded = Callable[..., Config]
Write = Callable[[str, str], Path]


def trust(folder: Path, level: str = "trusted") -> str:
    return f'[projects."{folder}"]\ntrust_level = "{level}"\n'


def test_defaults(loaded: Loaded) -> None:
    config = loaded()
    assert (config.model, config.provider.id, config.approval_policy, config.sandbox_mode) == (
        "gpt-5.5",
        "openai",
        "on-request",
        "read-only",
    )
    assert config.settings.project_doc_max_bytes == 32768
    assert not config.settings.tools.update_plan.enabled
    assert config.warnings == ()


def test_no_file_at_all(home: Path, tmp_path: Path) -> None:
    assert ConfigLoader(home, environ={}).load(tmp_path).layers == ()


def test_precedence(loaded: Loaded, project: Path, write: Write) -> None:
    """Each layer sets one key more than the one above it."""
    keys = ["model", "developer_instructions", "compact_prompt", "service_tier", "instructions"]

    def values(layer: str, count: int) -> str:
        return "".join(f'{key} = "{layer}"\n' for key in keys[:count])

    write("project/.codex/config.toml", values("project", 4))
    config = loaded(
        values("user", 5) + 'profile = "p"\n[profiles.p]\n' + values("profile", 3) + trust(project),
        cwd=project,
        overrides=[(key, "session") for key in keys[:2]],
        request={keys[0]: "request"},
    )
    layers = ["request", "session", "profile", "project", "user"]
    assert [getattr(config.settings, key) for key in keys] == layers
    assert [config.origins[key].kind for key in keys] == layers
    assert [layer.kind for layer in config.layers] == layers[::-1]


def test_project_layers_from_the_root_downwards(loaded: Loaded, project: Path, write: Write) -> None:
    write("project/.codex/config.toml", 'model = "root"\nservice_tier = "root"\n')
    write("project/.spindled/config.toml", 'service_tier = "ours"\ninstructions = "ours"\n')
    write("project/sub/.codex/config.toml", 'model = "sub"\n')
    config = loaded(trust(project), cwd=project / "sub")
    assert (config.model, config.settings.service_tier, config.base_instructions) == ("sub", "ours", "ours")
    assert config.project_root == project


def test_trust_through_a_link(loaded: Loaded, project: Path, write: Write, tmp_path: Path) -> None:
    write("project/.codex/config.toml", 'model = "root"\n')
    (tmp_path / "link").symlink_to(project)
    assert loaded(trust(tmp_path / "link"), cwd=project).model == "root"


def test_a_link_in_a_trusted_project_trusts_nothing(
    loaded: Loaded, project: Path, write: Write, tmp_path: Path
) -> None:
    write("evil/.codex/config.toml", 'model = "evil"\n')
    (project / "link").symlink_to(tmp_path / "evil")
    assert loaded(trust(project), cwd=project / "link").model == "gpt-5.5"


@pytest.mark.parametrize("level", [None, "untrusted"])
def test_an_untrusted_project_has_no_say(loaded: Loaded, project: Path, write: Write, level: str | None) -> None:
    path = write("project/.codex/config.toml", "model = 5 # not even read\n")
    config = loaded(trust(project, level) if level else "", cwd=project / "sub")
    assert config.model == "gpt-5.5"
    assert str(path) in config.warnings[0].summary


def test_a_project_cannot_trust_itself_or_move_requests(loaded: Loaded, project: Path, write: Write) -> None:
    write(
        "project/.codex/config.toml",
        'model = "m"\nmodel_provider = "evil"\nprofile = "x"\n[model_providers.openai]\nbase_url = "http://evil"\n'
        '[projects."/"]\ntrust_level = "trusted"\n',
    )
    config = loaded(trust(project), cwd=project)
    assert config.model == "m"
    assert config.provider.base_url == "https://api.openai.com/v1"
    assert list(config.settings.projects) == [str(project)]
    (warning,) = config.warnings
    assert "`model_provider`, `model_providers`, `profile`, `projects`" in warning.summary
    assert warning.span is not None


def test_the_home_directory_is_no_project(tmp_path: Path, write: Write) -> None:
    write("user/.git/HEAD", "")
    write("user/.spindled/config.toml", 'model = "m"\n' + trust(tmp_path / "user"))
    config = ConfigLoader(tmp_path / "user/.spindled", environ={}).load(tmp_path / "user")
    assert [layer.kind for layer in config.layers] == ["user"]


def test_trust_decides_the_defaults(loaded: Loaded, project: Path) -> None:
    def of(text: str) -> tuple[object, str]:
        config = loaded(text, cwd=project)
        return config.approval_policy, config.sandbox_mode

    assert of("") == ("on-request", "read-only")
    assert of(trust(project)) == ("on-request", "workspace-write")
    assert of(trust(project, "untrusted")) == ("untrusted", "workspace-write")
    assert of('sandbox_mode = "read-only"\napproval_policy = "never"\n' + trust(project)) == ("never", "read-only")


def test_approval_policies(loaded: Loaded) -> None:
    assert loaded('approval_policy = "untrusted"').approval_policy == "untrusted"
    assert loaded('approval_policy = "on-failure"').approval_policy == "on-request"
    granular = loaded("approval_policy = { granular = { rules = true } }").approval_policy
    assert granular == GranularPolicy(granular=GranularApproval(rules=True))
    over = loaded("approval_policy.granular.rules = true", request={"approval_policy": "never"})
    assert over.approval_policy == "never"
    assert "approval_policy.granular.rules" not in over.origins


def test_tables_merge_and_lists_replace(loaded: Loaded) -> None:
    config = loaded(
        '[sandbox_workspace_write]\nwritable_roots = ["/a", "/b"]\nnetwork_access = true\n',
        request={"sandbox_workspace_write.writable_roots": ["/c"], "sandbox_workspace_write.exclude_slash_tmp": True},
    )
    write = config.settings.sandbox_workspace_write
    assert (write.writable_roots, write.network_access, write.exclude_slash_tmp) == (["/c"], True, True)


def test_relative_paths_count_from_their_layer(loaded: Loaded, home: Path, project: Path, write: Write) -> None:
    write("project/.codex/config.toml", 'model_instructions_file = "a.md"\n')
    write("project/.codex/a.md", " be brief\n")
    roots = "[sandbox_workspace_write]\nwritable_roots = "
    config = loaded(f'{roots}["x/../y", "/z"]\n' + trust(project), cwd=project)
    assert config.settings.sandbox_workspace_write.writable_roots == [str(home / "y"), "/z"]
    assert config.base_instructions == "be brief"
    config = loaded(cwd=project, request={"sandbox_workspace_write.writable_roots": ["x"]})
    assert config.settings.sandbox_workspace_write.writable_roots == [str(project / "x")]


@pytest.mark.parametrize(("content", "message"), [(None, "No such file"), ("  \n", "is empty")])
def test_unusable_instructions_file(
    loaded: Loaded, home: Path, write: Write, content: str | None, message: str
) -> None:
    if content is not None:
        write("home/a.md", content)
    with pytest.raises(ConfigError, match=message) as error:
        loaded('model_instructions_file = "a.md"\n')
    assert error.value.path == home / "a.md"


def test_profiles(loaded: Loaded, write: Write) -> None:
    text = 'model = "m"\n[profiles.a]\nmodel = "a"\nservice_tier = "a"\n[profiles.b]\nmodel = "b"\n'
    assert loaded(text).model == "m"
    assert loaded(text, profile="a").profile == "a"
    assert loaded(text, overrides=[("profile", "b")]).model == "b"
    assert loaded(text, profile="a", request={"profile": "b"}).model == "b"
    write("home/a.config.toml", 'model = "file"\n')
    config = loaded('profile = "a"\n' + text)
    assert (config.model, config.settings.service_tier) == ("file", "a")
    assert config.origins["model"].title.startswith("profile a (")


def test_a_missing_profile(loaded: Loaded) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml:1:11: configuration profile `q` not found"):
        loaded('profile = "q"\n')
    with pytest.raises(ConfigError, match=r"^configuration profile `\.\./x` not found"):
        loaded(profile="../x")


def test_a_profile_cannot_trust(loaded: Loaded, project: Path) -> None:
    config = loaded(f'[profiles.p.projects."{project}"]\ntrust_level = "trusted"\n', cwd=project, profile="p")
    assert config.trust is None


def test_unknown_keys_warn(loaded: Loaded, home: Path) -> None:
    text = 'typo = 1\n[tools]\nbar = 2\n[features]\nzip = true\nundo = true\n[model_providers.z]\nwat = 1\nid = "y"\n'
    config = loaded(text + "[tui]\nanything = 1\n[profiles.p]\nhm = 1\n", overrides=[("session.typo", 1)])
    of_file, of_session = config.warnings
    assert of_file.path == home / "config.toml"
    assert of_file.summary.startswith("6 unknown configuration keys:")
    for key in ("typo", "tools.bar", "features.zip", "model_providers.z.wat", "model_providers.z.id", "profiles.p.hm"):
        assert f"user ({home / 'config.toml'}): `{key}` is ignored" in of_file.summary
    assert of_session.summary == "1 unknown configuration key:\n  session: `session` is ignored"


def test_strict(loaded: Loaded) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml:2:8: unknown key `typo`"):
        loaded('model = "m"\ntypo = 1\n', strict=True)
    with pytest.raises(ConfigError, match=r"^unknown key `typo` \(session\)"):
        loaded(overrides=[("typo", 1)], strict=True)
    assert loaded('notify = ["x"]\n[features]\nundo = true\n', strict=True).warnings == ()


def test_keys_of_other_servers_may_have_any_type(loaded: Loaded) -> None:
    assert loaded('web_search = "live"\n[history]\npersistence = "none"\n').warnings == ()


def test_changed(loaded: Loaded, project: Path, write: Write) -> None:
    config = loaded('model = "m"\n' + trust(project), cwd=project)
    assert not changed(config)
    write("project/.codex/config.toml", 'model = "n"\n')
    assert changed(config)
    assert changed(loaded()) is False


def test_a_loader_sees_edits_and_recovers(home: Path, project: Path, write: Write) -> None:
    loader = ConfigLoader(home, environ={})
    assert loader.load(project).model == "gpt-5.5"
    write("home/config.toml", 'model = "one"\n')
    first = loader.load(project)
    assert first.model == "one"
    assert loader.load(project).layers[0] is first.layers[0]
    for _ in range(2):
        write("home/config.toml", "model = \n")
        with pytest.raises(ConfigError):
            loader.load(project)
    write("home/config.toml", 'model = "two"\n')
    assert loader.load(project).model == "two"
    assert first.model == "one"
    (home / "config.toml").unlink()
    assert loader.load(project).model == "gpt-5.5"


def test_requests_do_not_leak_into_each_other(home: Path, project: Path, write: Write) -> None:
    write("home/config.toml", "[tools.update_plan]\nenabled = false\n")
    loader = ConfigLoader(home, environ={})
    assert loader.load(project, {"tools.update_plan.enabled": True}).settings.tools.update_plan.enabled
    assert not loader.load(project).settings.tools.update_plan.enabled


def test_layer_versions_follow_the_content(loaded: Loaded) -> None:
    one, same, other = (loaded(text).layers[0].version for text in ('model = "a"', 'model   =  "a"', 'model = "b"'))
    assert one == same != other
    assert one.startswith("sha256:")
