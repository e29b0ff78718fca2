"""What processes hold of the memory (Linux).  Imports nothing, so that it adds nothing to them."""

from __future__ import annotations

from pathlib import Path


def resident(pid: int) -> int:
    """Bytes of memory of a process; 0 where there is none (any more) or nobody tells."""
    return _told(pid, "Rss")


def shared_out(pid: int) -> int:
    """The same, pages that several processes hold counted for each by its share (PSS)."""
    return _told(pid, "Pss")


def _told(pid: int, what: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    found = (line.split() for line in lines if line.startswith(f"{what}:"))
    return next((int(parts[1]) * 1024 for parts in found), 0)


def children_of(pid: int) -> list[int]:
    """The processes that ``pid`` started and that run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid and resident(int(path.parent.name)) > 0:
            found.append(int(path.parent.name))
    return sorted(found)


def memory_line(pid: int) -> str:
    """What the window ``pid`` and each process it started hold, and all together."""
    all_ = {"window": pid} | {f"process {n + 1}": p for n, p in enumerate(children_of(pid))}
    each = ", ".join(f"{name} {resident(p) / 2**20:.0f}" for name, p in all_.items())
    sums = [sum(map(kind, all_.values())) / 2**20 for kind in (resident, shared_out)]
    return f"{each} MiB; all {sums[0]:.0f} MiB, shared pages counted once {sums[1]:.0f} MiB"
