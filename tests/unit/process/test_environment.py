from __future__ import annotations

import pytest

from spindled.process.environment import EnvironmentPolicy, child_environment

VARIABLES = {"PATH": "/bin", "HOME": "/h", "AWS_SECRET_X": "1", "my_token": "2", "OTHER": "3", "PROVIDER": "4"}


@pytest.mark.parametrize(
    ("policy", "names"),
    [
        (EnvironmentPolicy(), "PATH HOME AWS_SECRET_X my_token OTHER"),
        (EnvironmentPolicy(inherit="core"), "PATH HOME"),
        (EnvironmentPolicy(inherit="none", set={"A": "b"}), "A"),
        (EnvironmentPolicy(ignore_default_excludes=False), "PATH HOME OTHER"),
        (EnvironmentPolicy(exclude=["aws_*", "O?HER"]), "PATH HOME my_token"),
        (EnvironmentPolicy(include_only=["PATH", "A"], set={"A": "b", "B": "c"}), "PATH A"),
        (EnvironmentPolicy(exclude=["A"], set={"A": "b"}), "PATH HOME AWS_SECRET_X my_token OTHER A"),
        (EnvironmentPolicy(set={"PROVIDER": "b"}), "PATH HOME AWS_SECRET_X my_token OTHER"),
    ],
)
def test_what_passes_the_policy(policy: EnvironmentPolicy, names: str) -> None:
    assert set(child_environment(VARIABLES, policy, ["PROVIDER"])) == set(names.split())
