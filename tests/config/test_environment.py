"""Variables that look like options and are none: a slip is refused, a stranger told, and what is others' left alone."""

from __future__ import annotations

from locust.argument_parser import get_empty_argument_parser, setup_parser_arguments

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.environment import LOCUSTS_OWN, Strange, strange_variables
from config.options import add_options


def options() -> list[str]:
    """Every variable that Locust and this project read options from."""
    parser = get_empty_argument_parser()
    setup_parser_arguments(parser)
    add_options(parser)
    return [action.env_var for action in parser._actions if getattr(action, "env_var", None)]


OPTIONS = options()


@pytest.mark.parametrize("name", ["LOCUST_TEAM", "LOCUST_IMAGE", "LOCUST_VERSION", "LOCUST_"])
def test_a_stranger_is_told(name: str) -> None:
    """Nothing is meant by it that a run could miss; one line says that it is not read."""
    found = strange_variables([name], OPTIONS)
    assert found.slips == []
    (line,) = found.unknown
    assert line.startswith(f"{name} is ignored")


@pytest.mark.parametrize(
    "name",
    [
        *("LOCUST_NETWORK", "LOCUST_USERS", "OPERATOR_ID", "OPERATOR_KEY", "OPERATOR_KEY_TYPE", *sorted(LOCUSTS_OWN)),
        # A service locust-master in the same namespace (kubelet's service environment).
        *("LOCUST_MASTER_SERVICE_HOST", "LOCUST_MASTER_SERVICE_PORT", "LOCUST_MASTER_SERVICE_PORT_WEB"),
        *("LOCUST_MASTER_PORT", "LOCUST_MASTER_PORT_5557_TCP", "LOCUST_MASTER_PORT_5557_TCP_ADDR"),
        # Of Kubernetes operators, and of the world.
        *("OPERATOR_NAME", "OPERATOR_NAMESPACE", "HOME", "MY_LOCUST_NETWROK", "NETWROK"),
    ],
)
def test_what_is_known_or_others_is_left_alone(name: str) -> None:
    """Neither refused nor told."""
    assert strange_variables([name], OPTIONS) == Strange([], [])


@given(st.sampled_from([name for name in OPTIONS if len(name) > 12 and not name.endswith("_PORT")]), st.data())
def test_two_letters_the_wrong_way_round(name: str, data: st.DataObject) -> None:
    """The commonest slip of all is refused, in every name but `…_PORT`, which Kubernetes sets for any service."""
    place = data.draw(st.integers(len("LOCUST_"), len(name) - 2))
    slip = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    if slip in OPTIONS or slip == name:
        return
    found = strange_variables([slip], OPTIONS)
    assert (len(found.slips), found.unknown) == (1, [])
