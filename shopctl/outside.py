"""The world outside as processes: payment provider and mail sink of the sandbox."""

import sys

from shopctl.ports import LOOPBACK, Ports
from shopctl.processes import Program
from shopctl.run_dir import CHECKOUT, RunDir


def provider(run_dir: RunDir, ports: Ports) -> Program:
    port = str(ports.free())
    store = str(run_dir.data / "provider")
    url = f"http://{LOOPBACK}:{port}"
    return Program(
        name="provider",
        command=(sys.executable, "-m", "sandbox.provider", "--port", port, "--store", store),
        log=run_dir.log("provider"),
        directory=CHECKOUT,
        ready_when=(f"{url}/ledger",),
        urls={"url": url},
    )


def mail(run_dir: RunDir, ports: Ports) -> Program:
    smtp, http = str(ports.free()), str(ports.free())
    store = str(run_dir.data / "mail")
    addresses = ("--smtp-port", smtp, "--http-port", http)
    return Program(
        name="mail",
        command=(sys.executable, "-m", "sandbox.mailsink", *addresses, "--store", store),
        log=run_dir.log("mail"),
        directory=CHECKOUT,
        ready_when=(f"tcp://{LOOPBACK}:{smtp}", f"http://{LOOPBACK}:{http}/api/v1/messages"),
        urls={"smtp": f"{LOOPBACK}:{smtp}", "url": f"http://{LOOPBACK}:{http}"},
    )
