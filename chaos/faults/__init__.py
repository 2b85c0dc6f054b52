"""The fault table, as code: what can be asked for by name."""

from collections.abc import Mapping

from chaos.faults.amnesia import NatsAmnesia
from chaos.faults.base import Fault
from chaos.faults.bug import BugOnOneEvent
from chaos.faults.deaths import ServerKill, ServiceKill
from chaos.faults.fail_points import FailPoint
from chaos.faults.hangs import Hang, Zombie
from chaos.faults.log_again import Duplicates
from chaos.faults.outside import SANDBOX_FAULTS
from chaos.faults.overload import Overload
from chaos.faults.poison import Poison
from chaos.faults.races import CancelInCharge, Expiry, LastUnits, OneKey
from chaos.faults.redis import RedisFlush
from chaos.faults.rolling import RollingRestart

FAULTS: tuple[Fault, ...] = (
    ServiceKill(),
    FailPoint(),
    ServerKill("nats", promise_s=3.0),
    NatsAmnesia(),
    ServerKill("redis", promise_s=3.0),
    RedisFlush(),
    ServerKill("postgres", promise_s=5.0),
    Zombie(),
    *map(Hang, ("nats", "redis", "postgres", "provider")),
    *SANDBOX_FAULTS,
    Duplicates(),
    Poison(),
    BugOnOneEvent(),
    RollingRestart(),
    Overload(),
    LastUnits(),
    OneKey(),
    CancelInCharge(),
    Expiry(),
)
BY_NAME: Mapping[str, Fault] = {fault.name: fault for fault in FAULTS}
