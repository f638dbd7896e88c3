"""Free memory is what the machine, the control groups and the process's own limit leave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.datasets.formats.values import GrowingArray
from engine.errors import ErrorKind, RecsysError
from engine.runtime import memory

GB = 1_000_000_000


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 16 GB available and no limits; its files can be changed."""
    monkeypatch.setattr(memory, "_PROC", tmp_path / "proc")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path / "cgroup")
    monkeypatch.setattr(memory.sys, "platform", "linux")
    write(tmp_path / "proc/meminfo", "MemTotal: 32000000 kB\nMemAvailable: 15625000 kB\nSwapFree: 99000000 kB\n")
    return tmp_path


def write(file: Path, text: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{text}\n")


def group(folder: Path, current: int, cache: int = 0, **limits: object) -> None:
    write(folder / "memory.current", current)
    write(folder / "memory.stat", f"anon 1\ninactive_file {cache}\nactive_file 7")
    for name, limit in limits.items():
        write(folder / f"memory.{name}", limit)


def test_a_machine_without_limits_has_what_it_reports_and_no_swap(machine: Path) -> None:
    assert memory.available() == 16 * GB


def test_a_container_that_sees_its_group_as_the_root(machine: Path) -> None:
    group(machine / "cgroup", 3 * GB, max=8 * GB, high="max")
    write(machine / "proc/self/cgroup", "0::/system.slice/docker-1.scope")
    assert memory.available() == 5 * GB


def test_the_tightest_group_on_the_way_up_counts(machine: Path) -> None:
    write(machine / "proc/self/cgroup", "0::/user.slice/session")
    group(machine / "cgroup/user.slice", 6 * GB, max=10 * GB)
    group(machine / "cgroup/user.slice/session", 1 * GB, max=9 * GB)
    assert memory.available() == 4 * GB


def test_memory_high_is_a_limit_and_the_cache_of_files_is_free(machine: Path) -> None:
    group(machine / "cgroup", 6 * GB, cache=2 * GB, max=12 * GB, high=7 * GB)
    assert memory.available() == 3 * GB


def test_control_groups_of_version_1(machine: Path) -> None:
    write(machine / "proc/self/cgroup", "9:cpu:/a\n4:memory:/jobs/7\n1:name=systemd:/a")
    folder = machine / "cgroup/memory/jobs/7"
    write(folder / "memory.limit_in_bytes", 4 * GB)
    write(folder / "memory.usage_in_bytes", 3 * GB)
    write(folder / "memory.stat", f"cache 5\ntotal_inactive_file {GB // 2}")
    write(machine / "cgroup/memory/memory.limit_in_bytes", 9_223_372_036_854_771_712)  # what stands for no limit
    write(machine / "cgroup/memory/memory.usage_in_bytes", 20 * GB)
    assert memory.available() == 3 * GB // 2


def test_a_group_over_its_limit_leaves_nothing(machine: Path) -> None:
    group(machine / "cgroup", 9 * GB, max=8 * GB)
    assert memory.available() == 0


def test_a_path_that_leaves_the_mount_is_passed_over(machine: Path) -> None:
    write(machine / "proc/self/cgroup", "0::/../../outside")
    group(machine / "outside", 9 * GB, max=8 * GB)
    assert memory.available() == 16 * GB


def test_the_limit_of_the_address_space_counts(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (6 * GB, 6 * GB))
    write(machine / "proc/self/status", "Name: x\nVmSize: 2000000 kB\nVmRSS: 5 kB")
    assert memory.available() == 6 * GB - 2_048_000_000


def test_damaged_or_missing_files_limit_nothing(machine: Path) -> None:
    group(machine / "cgroup", 1, max="soon")
    write(machine / "proc/self/cgroup", "nonsense")
    assert memory.available() == 16 * GB
    assert memory._entry(machine / "absent", "x") is None


def test_work_that_needs_more_than_is_free_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda device=None: 2 * GB)
    memory.require_free(2 * GB, "This")
    with pytest.raises(
        RecsysError, match=r"^This needs about 2\.5 GB of memory, and only 2\.0 GB is free\.$"
    ) as caught:
        memory.require_free(5 * GB // 2, "This")
    assert (caught.value.kind, caught.value.free) == (ErrorKind.NOT_ENOUGH_MEMORY, 2 * GB)
    monkeypatch.setattr(memory, "available", lambda device=None: None)
    memory.require_free(10**18, "This")


def test_a_column_that_outgrows_the_memory_is_refused_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda device=None: GB // 10)
    column = GrowingArray(np.int64)
    column.add(np.zeros(10_000_000, dtype=np.int64))
    with pytest.raises(RecsysError, match=r"^Reading a column of more than 10,000,000 rows needs about 160 MB"):
        column.add(np.zeros(20_000_000, dtype=np.int64))
    assert len(column) == 10_000_000


def test_it_imports_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys; from engine.runtime import memory; memory.available(); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
