"""NATS with JetStream from its wheel, without tokens or TLS: it listens on loopback alone."""

from pathlib import Path

from shopctl import wheels
from shopctl.ports import LOOPBACK, Ports
from shopctl.processes import Program
from shopctl.run_dir import RunDir

NAME = "nats"
# Go lets garbage grow to the size of what lives; a limit collects sooner, at no cost we saw.
# On one core its threads do not look for work in vain; at 0.2 ms an order one does for long.
GO = {"GOMEMLIMIT": "128MiB", "GOMAXPROCS": "1"}
CONFIG = """\
server_name: shop
listen: "{loopback}:{port}"
http: "{loopback}:{monitor}"
max_payload: 1MB
jetstream {{
  store_dir: "{store}"
}}
"""


def store(run_dir: RunDir) -> Path:
    return run_dir.data / NAME


def program(run_dir: RunDir, ports: Ports) -> Program:
    """Writes its configuration too."""
    port, monitor = ports.free(), ports.free()
    config = run_dir.path / "nats.conf"
    config.write_text(
        CONFIG.format(loopback=LOOPBACK, port=port, monitor=monitor, store=store(run_dir))
    )
    return Program(
        name=NAME,
        command=(str(wheels.nats_server()), "--config", str(config)),
        env=GO,
        log=run_dir.log(NAME),
        directory=run_dir.data,
        ready_when=(f"tcp://{LOOPBACK}:{port}", f"http://{LOOPBACK}:{monitor}/healthz"),
        urls={
            "url": f"nats://{LOOPBACK}:{port}",
            "monitor": f"http://{LOOPBACK}:{monitor}",
            "store": str(store(run_dir)),
        },
    )
