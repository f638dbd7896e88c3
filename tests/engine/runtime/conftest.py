"""A Ray cluster for the tests of this package: two nodes on this machine, with a core each."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.runtime.executor import make_executor

NODE = {"num_cpus": 1, "object_store_memory": 100 << 20, "include_dashboard": False}
#: A dead node is noticed after a few seconds, and one that is merely slow is not taken for dead.
QUICK = {"period_ms": 500, "timeout_ms": 2000, "failure_threshold": 5, "initial_delay_ms": 500}


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "HOME": str(tmp_path_factory.mktemp("home")),
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "RAY_USAGE_STATS_ENABLED": "0",
            **{f"RAY_health_check_{setting}": str(number) for setting, number in QUICK.items()},
        }.items():
            patch.setenv(name, value)
        import ray
        from ray.cluster_utils import Cluster

        started = Cluster(initialize_head=True, head_node_args={**NODE, "node_ip_address": "127.0.0.1"})
        patch.setenv("RAY_ADDRESS", started.address)
        yield started
        ray.shutdown()
        started.shutdown()


@pytest.fixture
def second(cluster: Any) -> Callable[[], None]:
    """Have the cluster have a second node; the result kills it."""
    if not cluster.worker_nodes:
        cluster.add_node(**NODE, node_ip_address="127.0.0.1")
    (node,) = cluster.worker_nodes

    def kill() -> None:
        if node in cluster.worker_nodes:
            cluster.remove_node(node, allow_graceful=False)

    return kill


@pytest.fixture
def executor(second: object) -> Any:
    return make_executor("auto")
