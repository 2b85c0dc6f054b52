"""Valkey from its wheel, in Redis's place. It forgets nothing of its own accord (`noeviction`)."""

from collections.abc import Mapping

from shopctl import wheels
from shopctl.ports import LOOPBACK, Ports
from shopctl.processes import Program
from shopctl.run_dir import RunDir

NAME = "redis"
SETTINGS: Mapping[str, str] = {
    "bind": LOOPBACK,
    "daemonize": "no",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory": "256mb",
    "maxmemory-policy": "noeviction",
}


def program(run_dir: RunDir, ports: Ports) -> Program:
    port = ports.free()
    data = run_dir.data / NAME
    data.mkdir(exist_ok=True)
    settings = {**SETTINGS, "port": str(port), "dir": str(data)}
    flags = (part for name, value in settings.items() for part in (f"--{name}", value))
    return Program(
        name=NAME,
        command=(str(wheels.valkey_server()), *flags),
        log=run_dir.log(NAME),
        directory=data,
        ready_when=(f"redis://{LOOPBACK}:{port}",),
        urls={"url": f"redis://{LOOPBACK}:{port}/0"},
    )
