"""What the parts count themselves: group sizes by /metrics, bytes on the wire by NATS's monitor."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from shopctl.stack_file import StackFile

GROUP = re.compile(r"^shop_group_commit_size_(sum|count) ([0-9.e+]+)$", re.MULTILINE)
WIRE = ("in_bytes", "out_bytes", "in_msgs", "out_msgs")


@dataclass(frozen=True, slots=True)
class Counters:
    members: Mapping[str, float]
    groups: Mapping[str, float]
    wire: Mapping[str, float]

    def groups_since(self, before: "Counters") -> dict[str, float]:
        """Return the mean size of a group since then, for each service that had any."""
        return {
            service: (members - before.members[service]) / groups
            for service, members in self.members.items()
            if (groups := self.groups[service] - before.groups[service]) > 0
        }

    def wire_since(self, before: "Counters", orders: int) -> dict[str, float]:
        return {name: (self.wire[name] - before.wire[name]) / orders for name in WIRE}


async def counters(http: aiohttp.ClientSession, stack: StackFile) -> Counters:
    members, groups = {}, {}
    for service, place in stack.services.items():
        counted = [await _group_commit(http, replica.url) for replica in place.replicas]
        members[service] = sum(each["sum"] for each in counted)
        groups[service] = sum(each["count"] for each in counted)
    async with http.get(f"{stack.nats.monitor}/varz") as answer:
        varz = await answer.json()
    return Counters(members, groups, {name: float(varz[name]) for name in WIRE})


async def _group_commit(http: aiohttp.ClientSession, url: str) -> dict[str, float]:
    async with http.get(f"{url}/metrics") as answer:
        text = await answer.text() if answer.ok else ""
    found = {name: float(value) for name, value in GROUP.findall(text)}
    return {"sum": 0.0, "count": 0.0} | found
